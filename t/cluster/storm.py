#!/usr/bin/python3
"""Clients that all want into a limited place, in a process of its own: who is let in stays for a moment, who is not asks again.

    storm.py CLIENTS SEED PORT@HOST[,...]

Commands are lines: "nodes 0,2" (those that are up), "fill" (who is in stays), "rest" (all leave, nobody asks any more; answers
with how often somebody was let in, was refused, and what else was said).
"""

import asyncio
import json
import os
import random
import sys

from users import CLOSE, TICK_S

ASK_S = 0.3  # at most, until who was refused asks again
STAY_S = 1
LONGEST_S = 60  # a node that is stopped answers when it goes on
HANDSHAKE = (b"GET /limited HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")


class Storm:
    def __init__(self, seed, nodes):
        self._random, self._nodes = random.Random(seed), nodes
        self.up = []
        self.filling, self.resting = asyncio.Event(), asyncio.Event()
        self.told = {"admitted": 0, "refused": 0, "failed": 0, "strange": []}

    async def client(self):
        while not self.resting.is_set():
            if self.up:
                await self._ask(self._nodes[self._random.choice(self.up)])
            await asyncio.sleep(self._random.random() * ASK_S)  # the pace of the load

    async def _ask(self, place):
        writer = None
        try:
            reader, writer = await asyncio.open_connection(*place)
            writer.write(HANDSHAKE)
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), LONGEST_S)
            if head.startswith(b"HTTP/1.1 101"):
                self.told["admitted"] += 1
                await self._stay(reader, writer)
            elif head.startswith(b"HTTP/1.1 503"):
                self.told["refused"] += 1
            else:
                self.told["strange"].append(head.split(b"\r\n")[0].decode("latin-1"))
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            self.told["failed"] += 1  # its node was killed
        finally:
            if writer:
                writer.transport.abort()

    async def _stay(self, reader, writer):
        """Until it has stayed long enough, its node is gone, or all are to leave."""
        end = asyncio.ensure_future(reader.read())
        left = self._random.random() * STAY_S
        while not end.done() and not self.resting.is_set() and (left > 0 or self.filling.is_set()):
            await asyncio.sleep(TICK_S)
            left -= TICK_S
        if not end.done():
            writer.write(CLOSE)
        await asyncio.wait_for(end, LONGEST_S)


async def main():
    clients, seed, nodes = sys.argv[1:]
    storm = Storm(f"{seed}/storm", [(host, int(port)) for port, host in (node.split("@") for node in nodes.split(","))])
    stream = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(0))
    asking = [asyncio.ensure_future(storm.client()) for _ in range(int(clients))]
    print("{}", flush=True)
    while line := (await stream.readline()).decode().split():
        if line[0] == "nodes":
            storm.up = [int(node) for node in line[1].split(",")] if len(line) > 1 else []
            print("{}", flush=True)
        elif line[0] == "fill":
            storm.filling.set()
            print("{}", flush=True)
        elif line[0] == "rest":
            storm.resting.set()
            await asyncio.gather(*asking)
            print(json.dumps(storm.told), flush=True)
            return


if __name__ == "__main__":
    asyncio.run(main())

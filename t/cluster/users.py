#!/usr/bin/python3
"""Users who come and go over all nodes, in a process of its own; it writes down what must be true of each socket.

    users.py FOLDER SHARE SHARES USERS RATE SEED PORT@HOST[,...]

Each of its SHARE of USERS has none to three sockets; RATE sockets a second are opened, and as many closed, over the nodes
at random. Commands are lines: "nodes 0,2" (those that are up), "rest" (no more comes or goes; answers with how many sockets
are open), "close" (all of them; writes the file and ends).
A line of the file is a socket: user, node, when its handshake was sent, when its 101 was there, when its end was begun and
when it was seen, whether it ended without a Close frame. Times are microseconds since 1970, or null.
"""

import asyncio
import json
import os
import pathlib
import random
import sys
import time

MOST = 3
TICK_S = 0.01
RUDE = 0.1  # who go without a Close frame
CLOSE = b"\x88\x82\0\0\0\0\x03\xe8"
PING, PONG = 0x89, 0x8A
HELLO = b"\x82\x85\0\0\0\0hello"
HANDSHAKE = ("GET /plain HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-User: {user}\r\n\r\n")


def now():
    return time.time_ns() // 1000


class Socket(asyncio.Protocol):
    def __init__(self, crowd, user, node):
        self.crowd, self.user, self.node = crowd, user, node
        self.sent = self.opened = self.closing = self.ended = None
        self.rude = False
        self.transport = None
        self.head = b""

    def connection_made(self, transport):
        self.transport = transport
        self.sent = now()
        transport.write(HANDSHAKE.format(user=f"u{self.user}").encode())

    def data_received(self, data):
        self.head += data
        if self.opened is not None:
            self.answer_pings()
            return
        if b"\r\n\r\n" not in self.head:
            return
        if not self.head.startswith(b"HTTP/1.1 101"):
            self.crowd.refused.append(self.head.split(b"\r\n")[0].decode("latin-1"))
            self.transport.abort()
            return
        self.opened = now()
        self.head = self.head.partition(b"\r\n\r\n")[2]
        self.transport.write(HELLO)
        self.crowd.open[self.user].append(self)
        self.answer_pings()

    def answer_pings(self):
        """All frames that come are short."""
        while len(self.head) >= 2 and len(self.head) >= 2 + self.head[1]:
            frame, self.head = self.head[:2 + self.head[1]], self.head[2 + self.head[1]:]
            if frame[0] == PING:
                self.transport.write(bytes([PONG, 0x80 | frame[1], 0, 0, 0, 0]) + frame[2:])

    def end(self, rude):
        self.rude = rude
        self.closing = now()
        self.crowd.open[self.user].remove(self)
        if rude:
            self.transport.abort()
        else:
            self.transport.write(CLOSE)

    def connection_lost(self, _):
        self.ended = now()
        if self.opened is not None and self.closing is None:
            self.crowd.open[self.user].remove(self)
        self.crowd.live.discard(self)
        self.crowd.write(self)


class Crowd:
    def __init__(self, file, users, rate, seed, nodes):
        self._file = file
        self._random = random.Random(seed)
        self._users, self._rate, self._nodes = users, rate, nodes
        self.up = []
        self.open = {user: [] for user in users}
        self.live = set()
        self.refused = []
        self.failed = 0
        self._coming = dict.fromkeys(users, 0)

    def write(self, socket):
        if socket.sent is not None:
            self._file.write(json.dumps([f"u{socket.user}", socket.node, socket.sent, socket.opened, socket.closing,
                                         socket.ended, socket.rude]) + "\n")

    def flush(self):
        self._file.flush()

    async def _come(self, user):
        self._coming[user] += 1
        node = self._random.choice(self.up)
        socket = Socket(self, user, node)
        host, port = self._nodes[node]
        self.live.add(socket)
        try:
            await asyncio.get_running_loop().create_connection(lambda: socket, host, port)
        except OSError:
            self.failed += 1
            self.live.discard(socket)
        self._coming[user] -= 1

    def _step(self, tasks):
        """Somebody comes, or goes."""
        user = self._random.choice(self._users)
        here = self.open[user]
        count = len(here) + self._coming[user]
        if count < MOST and (not here or self._random.random() < 0.5):
            if self.up:
                task = asyncio.ensure_future(self._come(user))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        elif here:
            self._random.choice(here).end(self._random.random() < RUDE)

    async def act(self, resting):
        tasks = set()
        last, owed = time.monotonic(), 0.0
        while not resting.is_set():
            await asyncio.sleep(TICK_S)  # the pace of the load
            clock = time.monotonic()
            owed = min(owed + 2 * self._rate * (clock - last), 2 * self._rate)
            last = clock
            while owed >= 1:
                owed -= 1
                self._step(tasks)
        if tasks:
            await asyncio.wait(set(tasks))

    async def settle(self):
        """Returns when no handshake and no end is under way."""
        while any(socket.opened is None or socket.closing is not None for socket in self.live):
            await asyncio.sleep(TICK_S)

    async def leave(self):
        for socket in list(self.live):
            socket.end(False)
        while self.live:
            await asyncio.sleep(TICK_S)


async def commands(stream, crowd):
    resting = asyncio.Event()
    acting = None
    while line := (await stream.readline()).decode().split():
        if line[0] == "nodes":
            crowd.up = [int(node) for node in line[1].split(",")] if len(line) > 1 else []
            acting = acting or asyncio.ensure_future(crowd.act(resting))
            print("{}", flush=True)
        elif line[0] == "rest":
            resting.set()
            await acting
            await crowd.settle()
            for socket in crowd.live:
                crowd.write(socket)
            crowd.flush()
            print(json.dumps({"open": len(crowd.live), "refused": crowd.refused[:5], "failed": crowd.failed}), flush=True)
        elif line[0] == "close":
            await crowd.leave()
            crowd.flush()
            print(json.dumps({"open": 0}), flush=True)
            return


async def main():
    folder, share, shares, users, rate, seed, nodes = sys.argv[1:]
    places = [(host, int(port)) for port, host in (node.split("@") for node in nodes.split(","))]
    with open(pathlib.Path(folder) / f"users{share}.jsonl", "w", encoding="ascii") as file:
        crowd = Crowd(file, range(int(share), int(users), int(shares)), float(rate) / int(shares),
                      f"{seed}/{share}", places)
        stream = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(0))
        print("{}", flush=True)
        await commands(stream, crowd)


if __name__ == "__main__":
    asyncio.run(main())

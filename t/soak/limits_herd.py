#!/usr/bin/python3
"""Clients that want into a limited section, more than it admits, and come again at once; for limits.py.

    limits_herd.py PORT CLIENTS ACQUIRE_MS      runs until its input ends, then prints what it saw as one line of JSON

Half of the clients send ordinary requests (every second one of them keeps its connection), half open WebSockets and leave
them, in order or not. One visit in sixteen is given up before its answer.
"""

import asyncio
import json
import random
import re
import sys
import time

HANDSHAKE = ("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
CLOSE = b"\x88\x82\x00\x00\x00\x00\x03\xe8"
TOLERANCE_S = 0.2
PATIENCE_S = 20
_ARRIVED = re.compile(rb"\r\nx-arrived: *([0-9.]+)", re.I)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
_REFUSED = [re.compile(pattern, re.I) for pattern in (rb"\r\nretry-after: *[1-9]\d*\r", rb"\r\ncache-control: no-store\r",
                                                      rb"\r\nwsflow-limit: inside\r")]


class Cut(Exception):
    """The connection ended before the answer did."""


class Herd:
    def __init__(self, port, acquire):
        self._port, self._acquire = port, acquire
        self._ending = asyncio.Event()
        self._pages, self._lags = [], []  # (begin, end)
        self._late = []  # (sent, wait)
        self._worst = {"admitted": 0.0, "refused": 0.0}
        self._cuts, self._wrong = [], []
        self._counts = {"admitted": 0, "waited": 0, "refused": 0, "tunnels": 0, "given_up": 0}

    async def run(self, clients):
        tasks = [asyncio.create_task(self._client(number)) for number in range(clients)]
        tasks += [asyncio.create_task(self._look_at_pages()), asyncio.create_task(self._look_at_clock())]
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        self._ending.set()
        await asyncio.gather(*tasks)
        unexplained = [(sent, wait) for sent, wait in self._late if not self._explained(sent, wait)]
        print(json.dumps({**self._counts, "worst_ms": {what: 1000 * wait for what, wait in self._worst.items()},
                          "unexplained": unexplained[:5], "cuts": self._cuts,
                          "wrong": self._wrong[:5], "pages": len(self._pages),
                          "lag_ms": 1000 * self._quantiles(self._lags)[1],
                          "page_ms": [1000 * time for time in self._quantiles(self._pages)]}), flush=True)

    @staticmethod
    def _quantiles(spans):
        """Median and longest."""
        times = sorted(end - begin for begin, end in spans) or [0.0]
        return times[len(times) // 2], times[-1]

    def _explained(self, sent, wait):
        """An ordinary page, or this process itself, had to wait as long for the machine meanwhile."""
        def longest(spans):
            return max((end - begin for begin, end in spans if begin < sent + wait and end > sent), default=0.0)
        return wait <= self._acquire + TOLERANCE_S + longest(self._pages) + longest(self._lags)

    async def _pause(self, seconds):
        try:
            await asyncio.wait_for(self._ending.wait(), seconds)
        except asyncio.TimeoutError:
            pass

    async def _look_at_clock(self):
        while not self._ending.is_set():
            due = time.monotonic() + 0.01
            await asyncio.sleep(0.01)
            if (now := time.monotonic()) > due + 0.02:
                self._lags.append((due, now))

    async def _look_at_pages(self):
        while not self._ending.is_set():
            begin = time.monotonic()
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
                writer.close()
                if answer.startswith(b"HTTP/1.1 200"):
                    self._pages.append((begin, time.monotonic()))
                else:
                    self._cuts.append(begin)
            except asyncio.TimeoutError:
                self._wrong.append("an ordinary page had no answer")
            except OSError:
                self._cuts.append(begin)
            await self._pause(0.05)

    async def _client(self, number):
        tunnel, keep = number % 2 == 1, number % 4 == 0
        await self._pause(random.random())
        while not self._ending.is_set():
            begin = time.monotonic()
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            except OSError:
                self._cuts.append(begin)
                await self._pause(0.2)
                continue
            try:
                await asyncio.wait_for(self._visits(reader, writer, tunnel, keep), 3 * PATIENCE_S)
            except asyncio.TimeoutError:
                self._wrong.append(f"{'a tunnel' if tunnel else 'a request'} had no end")
            except Cut:
                self._cuts.append(time.monotonic())
            except OSError:
                self._cuts.append(time.monotonic())
            writer.transport.abort()

    async def _visits(self, reader, writer, tunnel, keep):
        """The life of one connection."""
        for visit in range(10 if keep else 1):
            sent = time.monotonic()
            path = "/ws" if tunnel else f"/http?ms={random.randrange(50, 200)}"
            fields = HANDSHAKE if tunnel else "" if keep else "Connection: close\r\n"
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n".encode())
            if random.randrange(16) == 0:
                await self._pause(random.random() * self._acquire)
                self._counts["given_up"] += 1
                return
            try:
                head = await self._head(reader)
            except (Cut, OSError):
                if visit:
                    return  # a kept connection may be closed just when it is used again
                raise
            if head.startswith(b"HTTP/1.1 503"):
                self._refused(head, time.monotonic() - sent)
                await self._body(reader, head)
                await self._pause(0.2 + 0.8 * random.random())
            elif head.startswith(b"HTTP/1.1 101" if tunnel else b"HTTP/1.1 200"):
                self._admitted(sent, float(_ARRIVED.search(head)[1]) - sent)
                if tunnel:
                    await self._stay(reader, writer)
                else:
                    await self._body(reader, head)
            else:
                self._wrong.append(head.decode("latin-1"))
                return
            if self._ending.is_set() or b"\r\nconnection: close" in head.lower():
                return

    async def _stay(self, reader, writer):
        self._counts["tunnels"] += 1
        await self._pause(random.uniform(0.05, 0.4))
        if random.randrange(2):
            writer.write(CLOSE)
            await asyncio.wait_for(reader.read(), PATIENCE_S)

    @staticmethod
    async def _head(reader):
        try:
            return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
        except asyncio.IncompleteReadError:
            raise Cut from None

    @staticmethod
    async def _body(reader, head):
        try:
            await reader.readexactly(int(_LENGTH.search(head)[1]))
        except asyncio.IncompleteReadError:
            raise Cut from None

    def _timed(self, what, sent, wait):
        self._counts[what] += 1
        self._worst[what] = max(self._worst[what], wait)
        if wait > self._acquire + TOLERANCE_S:
            self._late.append((sent, wait))

    def _admitted(self, sent, wait):
        self._timed("admitted", sent, wait)
        self._counts["waited"] += wait > 0.05

    def _refused(self, head, wait):
        self._timed("refused", time.monotonic() - wait, wait)
        if not all(pattern.search(head) for pattern in _REFUSED):
            self._wrong.append(head.decode("latin-1"))


if __name__ == "__main__":
    asyncio.run(Herd(int(sys.argv[1]), int(sys.argv[3]) / 1000).run(int(sys.argv[2])))

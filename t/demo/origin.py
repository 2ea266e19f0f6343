#!/usr/bin/python3
"""The demo's origin: /echo returns every message, /chat is one room with names, presence and a short history, /slow answers
after a second, /drive sends requests for /slow to httpd, as many as a browser cannot.

usage: origin.py PORT_FILE HTTPD_PORT   (listens on a free loopback port and writes its number into PORT_FILE)
"""
import asyncio
import collections
import http
import json
import os
import signal
import statistics
import sys
import time

import websockets

NAME_MAX = 24
TEXT_MAX = 2000
HISTORY = 50
SLOW_SECONDS = 1
RATE, DRIVE_SECONDS, TELL_SECONDS = 60, 10, 0.25


class Room:
    def __init__(self):
        self.people = {}  # connection -> name
        self.history = collections.deque(maxlen=HISTORY)

    def free_name(self, wanted):
        name = " ".join(str(wanted).split())[:NAME_MAX] or "guest"
        taken = set(self.people.values())
        if name not in taken:
            return name
        return next(f"{name} {n}" for n in range(2, len(taken) + 3) if f"{name} {n}" not in taken)

    def tell(self, **message):
        if message["type"] in ("say", "event"):
            message["at"] = int(time.time() * 1000)
            self.history.append(message)
        websockets.broadcast(self.people, json.dumps(message))

    def presence(self):
        self.tell(type="people", people=sorted(self.people.values(), key=str.casefold))

    async def serve(self, connection):
        name = None
        try:
            async for raw in connection:
                message = parse(raw)
                if message.get("type") == "join" and name is None:
                    name = self.free_name(message.get("name", ""))
                    await connection.send(
                        json.dumps({"type": "welcome", "you": name, "history": list(self.history)}))
                    self.people[connection] = name
                    self.tell(type="event", text=f"{name} joined")
                    self.presence()
                elif message.get("type") == "say" and name is not None:
                    text = str(message.get("text", "")).strip()[:TEXT_MAX]
                    if text:
                        self.tell(type="say", name=name, text=text)
        finally:
            if self.people.pop(connection, None):
                self.tell(type="event", text=f"{name} left")
                self.presence()


def parse(raw):
    try:
        message = json.loads(raw)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


async def echo(connection):
    async for message in connection:
        await connection.send(message)


class Drive:
    """60 requests a second through httpd, for as long as somebody looks on, and what became of them."""

    def __init__(self, port):
        self.port = port
        self.under_way = set()
        self.counts = collections.Counter()
        self.took = collections.defaultdict(list)  # seconds, by status
        self.retry_after = None

    async def ask(self):
        begun = time.monotonic()
        status = 0
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(b"GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            head = (await reader.read()).split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
            status = int(head[0].split()[1])
            fields = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
            self.retry_after = fields.get("retry-after", self.retry_after)
            writer.close()
        except (OSError, IndexError, ValueError):
            pass  # counted as 0: no answer
        self.counts[status] += 1
        self.took[status].append(time.monotonic() - begun)

    def state(self, running):
        return json.dumps({
            "running": running, "rate": RATE, "under_way": len(self.under_way), "counts": self.counts,
            "median": {status: statistics.median(times) for status, times in self.took.items()},
            "retry_after": self.retry_after})

    async def serve(self, connection):
        begun = told = time.monotonic()
        for number in range(RATE * DRIVE_SECONDS):
            await asyncio.sleep(max(begun + number / RATE - time.monotonic(), 0))
            task = asyncio.create_task(self.ask())
            self.under_way.add(task)
            task.add_done_callback(self.under_way.discard)
            if time.monotonic() - told >= TELL_SECONDS:
                told = time.monotonic()
                await connection.send(self.state(True))
        while self.under_way:
            await asyncio.sleep(TELL_SECONDS)
            await connection.send(self.state(True))
        await connection.send(self.state(False))


async def main(port_file, httpd_port):
    room = Room()

    async def route(connection):
        try:
            if connection.path == "/chat":
                await room.serve(connection)
            elif connection.path == "/drive":
                await Drive(httpd_port).serve(connection)
            else:
                await echo(connection)
        except (websockets.ConnectionClosedError, websockets.ConnectionClosedOK):
            pass  # a tab that was closed, with a goodbye or without

    async def known_paths(path, headers):
        if path == "/slow":
            await asyncio.sleep(SLOW_SECONDS)
            return http.HTTPStatus.OK, [("Content-Type", "text/plain")], b"done\n"
        return None if path in ("/chat", "/echo", "/drive") else (http.HTTPStatus.NOT_FOUND, [], b"no such room\n")

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with websockets.serve(route, "127.0.0.1", 0, process_request=known_paths, compression=None) as server:
        with open(port_file + ".new", "w", encoding="ascii") as out:
            out.write(str(server.sockets[0].getsockname()[1]))
        os.replace(port_file + ".new", port_file)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))

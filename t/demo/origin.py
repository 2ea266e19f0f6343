#!/usr/bin/python3
"""The demo's origin: /echo returns every message, /chat is one room with names, presence and a short history.

usage: origin.py PORT_FILE   (listens on a free loopback port and writes its number into PORT_FILE)
"""
import asyncio
import collections
import json
import os
import signal
import sys
import time

import websockets

NAME_MAX = 24
TEXT_MAX = 2000
HISTORY = 50


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


async def main(port_file):
    room = Room()

    async def route(connection):
        try:
            await (room.serve(connection) if connection.path == "/chat" else echo(connection))
        except websockets.ConnectionClosedError:
            pass  # a tab that was closed without a goodbye

    async def known_paths(path, headers):
        return None if path in ("/chat", "/echo") else (404, [], b"no such room\n")

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with websockets.serve(route, "127.0.0.1", 0, process_request=known_paths, compression=None) as server:
        with open(port_file + ".new", "w", encoding="ascii") as out:
            out.write(str(server.sockets[0].getsockname()[1]))
        os.replace(port_file + ".new", port_file)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

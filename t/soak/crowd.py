"""Tunnels that end in known ways: an origin and clients on one asyncio loop, which count what became of each."""

import asyncio
import socket
import struct
from collections import Counter

import frames
import handshake

ECHO_BYTES = 200  # payload of the one message that goes each way

# What each kind of client does, once it has had its echo, and the outcome that it is to have.
OUTCOMES = {
    "client-1000": "closed",
    "client-4001": "closed",
    "client-fin": "client-eof",
    "client-reset": "client-reset",
    "origin-1001": "closed",
    "origin-fin": "origin-eof",
}
# Handshakes that get no tunnel: what is asked for, and the reason that is to be counted.
REFUSALS = {"bad-version": "bad-version", "origin-403": "origin-status"}


def _reset(writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _frame(reader):
    """Opcode and payload of the next frame."""
    first, second = await reader.readexactly(2)
    size = second & 0x7F
    if size == 126:
        size = struct.unpack("!H", await reader.readexactly(2))[0]
    mask = await reader.readexactly(4) if second & 0x80 else b"\0" * 4
    return first & 0xF, frames.apply_mask(await reader.readexactly(size), mask)


async def serve(reader, writer):
    """One tunnel at the origin: echoes, and ends as the first word of a message tells."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        if "/refuse" in head.split("\r\n", 1)[0]:
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        key = next(line.split(":", 1)[1].strip() for line in head.split("\r\n")
                   if line.lower().startswith("sec-websocket-key:"))
        writer.write(handshake.switching(key))
        while True:
            opcode, payload = await _frame(reader)
            if opcode == frames.CLOSE:
                writer.write(frames.encode(frames.CLOSE, payload))
                return
            word = payload.split(b" ", 1)[0]
            if word == b"origin-1001":
                writer.write(frames.close(1001))
                await _frame(reader)
                return
            if word == b"origin-fin":
                return
            writer.write(frames.encode(frames.BINARY, payload))
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


class Crowd:
    """COUNTS: tunnels opened, kinds of ends that came as told, refused handshakes, and those cut by somebody else."""

    def __init__(self, port):
        self.port = port
        self.opened = 0
        self.ended = Counter()  # by kind
        self.refused = Counter()  # by kind
        self.cut = 0
        self.strange = Counter()
        self._held = []

    def held(self):
        """Tunnels that stay until release()."""
        return len(self._held)

    async def _shake(self, path, replace=None):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(handshake.request(path, "localhost", replace=replace))
        head = await reader.readuntil(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1]), reader, writer

    async def refuse(self, kind):
        path, replace = ("/ws/refuse", None) if kind == "origin-403" else ("/ws/", {"Sec-WebSocket-Version": "12"})
        status, _, writer = await self._shake(path, replace)
        self.refused[kind if status in (403, 426) else status] += 1
        writer.transport.abort()

    async def open(self):
        status, reader, writer = await self._shake("/ws/")
        if status != 101:
            self.refused[status] += 1
            writer.transport.abort()
            return None
        self.opened += 1
        return reader, writer

    async def _end(self, kind, reader, writer):
        if kind.startswith("client-"):
            if kind[7:].isdigit():
                writer.write(frames.close(int(kind[7:]), masked=True))
                await reader.read()
            elif kind == "client-fin":
                writer.write_eof()
                await reader.read()
            else:
                _reset(writer)
        else:
            writer.write(frames.encode(frames.BINARY, kind.encode() + b" now", masked=True))
            opcode, payload = await _frame(reader)
            if opcode == frames.CLOSE:
                writer.write(frames.encode(frames.CLOSE, payload, masked=True))
            await reader.read()

    async def live(self, kind):
        """One whole tunnel, but for its end if KIND is "hold": then it is one of `held`."""
        opened = await self.open()
        if not opened:
            return
        reader, writer = opened
        writer.write(frames.encode(frames.BINARY, b"x" * ECHO_BYTES, masked=True))
        if await _frame(reader) != (frames.BINARY, b"x" * ECHO_BYTES):
            self.strange[kind] += 1
        if kind == "hold":
            self._held.append(opened)
            return
        await self._end(kind, reader, writer)
        self.ended[kind] += 1
        writer.transport.abort()

    async def release(self):
        """Ends those that are held with Close 1000; those that are gone already were cut."""
        async def one(reader, writer):
            writer.write(frames.close(1000, masked=True))
            try:
                opcode, _ = await _frame(reader)
                self.strange["release"] += opcode != frames.CLOSE
                self.ended["client-1000"] += 1
            except (OSError, asyncio.IncompleteReadError):
                self.cut += 1
            writer.transport.abort()
        await asyncio.gather(*(one(*held) for held in self._held))
        self._held.clear()

    async def all(self, tasks, at_once):
        """Runs coroutines, AT_ONCE of them at a time."""
        gate = asyncio.Semaphore(at_once)

        async def one(task):
            async with gate:
                await task
        await asyncio.gather(*map(one, tasks))

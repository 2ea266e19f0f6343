"""Requests at a steady rate, whatever becomes of those before; beside them, at a steady rate too, looks at other pages."""

import asyncio
import time
from dataclasses import dataclass, field

from wait import seconds

PATIENCE_S = 20
LOOKS = 20  # a second


@dataclass
class Answer:
    status: int  # 0: none came
    headers: dict
    body: bytes
    begin: float
    taken: float


@dataclass
class Seen:
    answers: list = field(default_factory=list)
    looks: dict = field(default_factory=dict)  # path: answers
    lag: float = 0.0  # the longest that this process had to wait for the machine

    def of(self, status):
        return [answer for answer in self.answers if answer.status == status]


async def visit(port, path):
    """One request on a connection of its own."""
    begin = time.monotonic()
    status, headers, body = 0, {}, b""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            head, _, body = (await asyncio.wait_for(reader.read(), seconds(PATIENCE_S))).partition(b"\r\n\r\n")
        finally:
            writer.transport.abort()
        first, *lines = head.decode("latin-1").split("\r\n")
        status = int(first.split()[1])
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
    except (OSError, asyncio.TimeoutError, IndexError, ValueError):
        pass
    return Answer(status, headers, body, begin, time.monotonic() - begin)


async def _offer(port, path, rate, duration, looks, seen):
    loop = asyncio.get_running_loop()
    end = time.monotonic() + duration

    async def watch_clock():
        while time.monotonic() < end:
            due = time.monotonic() + 0.01
            await asyncio.sleep(0.01)
            seen.lag = max(seen.lag, time.monotonic() - due)

    async def steadily(at, pace):
        sent = []
        start = time.monotonic()
        while pace and (due := start + len(sent) / pace) < end:
            await asyncio.sleep(max(due - time.monotonic(), 0))
            sent.append(loop.create_task(visit(port, at)))
        return list(await asyncio.gather(*sent))

    clock = loop.create_task(watch_clock())
    seen.answers, *looked = await asyncio.gather(steadily(path, rate), *(steadily(at, LOOKS) for at in looks))
    seen.looks = dict(zip(looks, looked))
    await clock


def offer(port, path, rate, duration, looks=()):
    """RATE requests a second for DURATION seconds (0: only looks); returns when all are answered."""
    seen = Seen()
    asyncio.run(_offer(port, path, rate, duration, looks, seen))
    return seen


def quantile(values, share):
    values = sorted(values)
    return values[min(int(len(values) * share), len(values) - 1)] if values else 0.0


def times(answers):
    return [answer.taken for answer in answers]

"""The cases of the matrix: links, what happens to them in the middle of a tunnel, and what is promised all the same."""

from dataclasses import dataclass
from typing import Callable

KBIT, MBIT = 1000, 1_000_000


def steady(play):
    """The link stays as it was made."""


def outage(*ways):
    """A link that is down for twenty seconds: longer than most packets are sent again, shorter than any time-out."""
    def happen(play):
        play.wait_arrived(0.2)
        play.link.set(**{way: {"down": True} for way in ways})
        play.pause(20)
        play.link.set(both={"down": False})
    return happen


def becomes_slow(play):
    """A fast link is a slow one for longer than stall=, in the middle of a message."""
    play.wait_arrived(0.2)
    play.link.set(both={"rate": 64 * KBIT})
    play.pause(100)
    play.link.set(both={"rate": 0})


def dies(play):
    """Nothing passes any more, ever."""
    play.wait_arrived(0.2)
    play.link.set(both={"down": True})


# Whoever is first: the engine, or the kernel with TCP_USER_TIMEOUT.
STALLED = ("stalled", "client-reset")


@dataclass
class Case:
    name: str
    link: dict  # policy of both directions (way.Policy)
    size: int = 500_000
    happens: Callable = steady
    keys: str = ""  # of WSFlowPass: httpd's defaults unless given
    mtu: int = 1500
    # Whether the sender ends right behind its message, and does not wait for an answer.
    ends_at_once: bool = True
    # Of a link that dies: seconds within which the other side must hear of it.
    found_within: float = 0
    outcomes: tuple = ("closed",)
    directions: tuple = ("down", "up")
    patience: float = 300  # seconds


def _lossy():
    for loss in (0, 0.01, 0.05, 0.1):
        for delay in (0.02, 0.3):
            yield Case(f"loss {100 * loss:.0f} %, delay {1000 * delay:.0f} ms",
                       {"rate": 2 * MBIT, "loss": loss, "delay": delay}, patience=900)


CASES = [
    *_lossy(),
    Case("one of ten overtakes", {"rate": 2 * MBIT, "delay": 0.05, "jitter": 0.02, "reorder": 0.1}),
    Case("MTU 576", {"rate": 2 * MBIT, "delay": 0.05, "loss": 0.01}, mtu=576),
    Case("64 kbit/s", {"rate": 64 * KBIT, "delay": 0.05, "queue": 16_000}),
    Case("64 kbit/s, pings 2 s + 3 s", {"rate": 64 * KBIT, "delay": 0.05, "queue": 16_000},
         keys="ping-client=2s ping-timeout=3s"),
    Case("20 s of nothing", {"rate": 2 * MBIT, "delay": 0.05}, 2_000_000, outage("to_client", "to_server"), ends_at_once=False),
    Case("20 s of nothing to the client", {"rate": 2 * MBIT, "delay": 0.05}, 2_000_000, outage("to_client"),
         ends_at_once=False),
    Case("20 s of nothing to the server", {"rate": 2 * MBIT, "delay": 0.05}, 2_000_000, outage("to_server"),
         ends_at_once=False),
    Case("60 MB, 50 Mbit/s become 64 kbit/s", {"rate": 50 * MBIT, "delay": 0.01}, 60_000_000, becomes_slow,
         ends_at_once=False),
    Case("60 MB, the same, pings 2 s + 3 s", {"rate": 50 * MBIT, "delay": 0.01}, 60_000_000, becomes_slow,
         keys="ping-client=2s ping-timeout=3s", ends_at_once=False),
    Case("dead while it sends", {"rate": 2 * MBIT, "delay": 0.05}, 2_000_000, dies, ends_at_once=False,
         found_within=65, outcomes=("ping-timeout",), directions=("up",)),
    Case("dead while it sends, pings 2 s + 3 s", {"rate": 2 * MBIT, "delay": 0.05}, 2_000_000, dies,
         keys="ping-client=2s ping-timeout=3s", ends_at_once=False, found_within=5, outcomes=("ping-timeout",),
         directions=("up",)),
    Case("dead while it is sent to", {"rate": 2 * MBIT, "delay": 0.05}, 2_000_000, dies, ends_at_once=False,
         found_within=60, outcomes=STALLED, directions=("down",)),
    Case("dead while it is sent to, stall 5 s", {"rate": 2 * MBIT, "delay": 0.05}, 2_000_000, dies,
         keys="stall=5s", ends_at_once=False, found_within=5, outcomes=STALLED, directions=("down",)),
]

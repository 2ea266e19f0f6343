"""The wall clock is set while tunnels live: sessions end by it, and nothing else takes notice."""

import os
import struct
import time

import pytest

import frames
import handshake
import sanitizers
from legs import close_all, talk, wait_keepers
from wait import wait_until

pytestmark = pytest.mark.skipif(bool(sanitizers.KIND), reason="their runtimes have the clock functions for themselves")
HOUR = 3600


class WallClock:
    """That of an httpd, whose environment it is started with."""

    def __init__(self, file):
        self._file = file
        self.set_ahead(0)

    def environment(self):
        return {"LD_PRELOAD": os.environ["WSFLOW_WALL_CLOCK"], "WSFLOW_WALL_CLOCK_FILE": str(self._file)}

    def set_ahead(self, seconds):
        """Ahead of this machine's."""
        self.ahead = seconds
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o644)
        os.pwrite(descriptor, struct.pack("=q", seconds), 0)
        os.close(descriptor)

    def now(self):
        return int(time.time()) + self.ahead


class Sessions:
    def __init__(self, legs, conf="", **shape):
        self.opened = legs(f'WSFlowTimeout until="%{{HTTP:X-End}}" close=200ms\n{conf}', start=False, **shape)
        self.site = self.opened.site
        self.site.log.allow("WSF0081", "WSF0075")
        self.clock = WallClock(self.site.root / "wall_clock")
        self.site.start(environment=self.clock.environment())

    def open(self, lasts, **shape):
        """A tunnel whose session lasts for so many seconds, or for ever."""
        end = "none" if lasts is None else str(self.clock.now() + lasts)
        return self.opened.open(headers=[("X-End", end)], **shape)


@pytest.fixture
def sessions(legs):
    return lambda *conf, **shape: Sessions(legs, *conf, **shape)


def wait_lifetimes(site, count):
    wait_until(lambda: site.status.ended().get("lifetime", 0) == count, f"{count} sessions have ended",
               report=site.status.ended)


@pytest.mark.parametrize("where", ["child", "keeper", "worker"])
def test_a_session_ends_when_its_hour_has_come(sessions, where):
    made = sessions(mpm="prefork" if where == "worker" else "event", children=1)
    site = made.site
    short, long, free = made.open(HOUR), made.open(3 * HOUR), made.open(None)
    if where == "keeper":
        site.graceful()
        wait_keepers(site, 1)
    made.clock.set_ahead(2 * HOUR)
    wait_lifetimes(site, 1)
    for wire, code in zip(short, (1012, 1001)) if where != "worker" else ():
        assert wire.read_frame() == (True, frames.CLOSE, frames.code(code))
    for pair in (long, free):
        talk(*pair)
    made.clock.set_ahead(4 * HOUR)
    wait_lifetimes(site, 2)
    talk(*free)
    close_all([short, long, free])


def test_a_session_waits_for_a_clock_that_was_put_back(sessions):
    made = sessions()
    kept = made.open(2)
    made.clock.set_ahead(-HOUR)
    later = made.open(4)
    # By now the first would have ended, had it kept to what its two seconds were.
    wait_lifetimes(made.site, 1)
    assert later[0].read_frame() == (True, frames.CLOSE, frames.code(1012))
    talk(*kept)
    made.clock.set_ahead(0)
    wait_lifetimes(made.site, 2)


@pytest.mark.parametrize("mpm", ["event", "prefork"])
def test_nothing_else_goes_by_the_wall_clock(sessions, mpm):
    made = sessions("WSFlowTimeout idle=5mi lifetime=10mi", mpm=mpm)
    site = made.site
    pair = made.open(None)

    def shown():
        told = site.status.json()
        (row,) = told["connections"]
        return told["time"], row["age_seconds"], row["idle_seconds"]

    site.status.wait_active(1)
    before = shown()
    for ahead in (-HOUR, HOUR, 0):
        made.clock.set_ahead(ahead)
        wait_until(lambda: (shown()[0] > before[0]) == (ahead >= 0), "the status is of the new time", report=shown)
        talk(*pair)
        _, age, idle = shown()
        assert 0 <= idle <= age < 300
        html = site.get("/wsflow-status").text
        assert "60 min" not in html and "1 h" not in html
    assert site.status.ended() == {}


def test_a_handshake_does_not_go_by_it(sessions, raw_client):
    made = sessions("WSFlowTimeout connect=10s handshake=10s")
    client = raw_client(made.site)
    client.send_handshake("/plain", headers=[("X-End", "none")])
    server = made.opened.accept(False)
    answer = handshake.switching(server.read_head().get("sec-websocket-key"))
    made.clock.set_ahead(HOUR)
    for piece in (answer[:20], answer[20:40], answer[40:]):
        server.send(piece)
        server.wait_taken()
    assert client.read_head().status == 101
    talk(client, server)

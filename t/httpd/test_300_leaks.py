"""Peers that vanish, in every phase of a tunnel's life: no descriptor, no tunnel, no memory stays behind."""

import os

import pytest

import frames
import handshake
import processes
from wait import wait_until
from wire import Closed

ROUNDS = 12
LEGS = [(client, origin) for client in (False, True) for origin in (False, True)]


class Life:
    """One client and, once it has come so far, its origin's connection."""

    def __init__(self, site, origin, raw_client, tls):
        self._origin = origin
        self.client = raw_client(site, tls)
        self.server = None

    def half_request(self):
        self.client.send(handshake.request("/x", self.client.host)[:60])

    def request(self):
        self.client.send_handshake("/x")
        self.server = self._origin.accept()
        self.server.head = self.server.read_head()

    def half_answer(self):
        self.request()
        self.server.send(handshake.switching(handshake.KEY)[:40])

    def open(self, early=b""):
        self.request()
        self.server.send(handshake.switching(handshake.KEY) + early)
        assert self.client.read_head().status == 101

    def half_frame(self):
        self.open()
        for wire, masked in ((self.client, True), (self.server, False)):
            wire.send(frames.encode(frames.BINARY, b"x" * 1000, masked=masked)[:500])

    def stalled(self):
        self.open()
        for wire in (self.client, self.server):
            wire.send_until_blocked(os.urandom(1 << 20), 8 << 20)

    def early_bytes(self):
        self.open(frames.encode(frames.BINARY, os.urandom(100_000)))

    def half_closed(self):
        self.open()
        self.client.half_close()

    def closing(self):
        self.open()
        self.client.send(frames.close(1000, masked=True))

    def closed(self):
        self.closing()
        self.server.send(frames.close(1000))

    def end(self, who, how):
        order = (self.client, self.server) if who == "client" else (self.server, self.client)
        wires = [wire for wire in order if wire]
        getattr(wires[0], how)()
        for wire in wires[1:]:
            try:
                wire.read_until_closed()
            except (Closed, OSError):
                pass
            wire.close()


PHASES = ["half_request", "request", "half_answer", "open", "early_bytes", "half_frame", "half_closed", "closing",
          "closed"]
UNANSWERED = PHASES[:3]


HTTPDS_PIPES = 8  # more than it has


def descriptors(site):
    """Without the pipes that a loop keeps for large frames once it has had some, eight at most."""
    names = list(processes.open_descriptors(site.child()).values())
    pipes = sum(name.startswith("pipe:") for name in names)
    assert pipes <= 16 + HTTPDS_PIPES, names
    return len(names) - pipes


def settled(site, before):
    wait_until(lambda: site.status.active() == 0, "no tunnel is active", 15)
    wait_until(lambda: descriptors(site) <= before, f"the child is back at {before} descriptors "
               f"({sorted(processes.open_descriptors(site.child()).values())})", 15)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("client_tls,origin_tls", LEGS)
@pytest.mark.parametrize("phase", PHASES)
def test_nothing_stays_behind(httpd, raw_origin, raw_client, client_tls, origin_tls, phase):
    origin = raw_origin(tls=origin_tls)
    # Short only where it is what ends the phase: a tunnel that is to open gets the time it takes.
    handshake_bound = "500ms" if phase in UNANSWERED else "20s"
    site = httpd(f'WSFlowTimeout close=1s handshake={handshake_bound}\nWSFlowPass /x "{origin.url("/x")}"',
                 main="RequestReadTimeout header=20\nKeepAliveTimeout 300ms", modules=["reqtimeout"])
    site.log.allow(r"wsflow:error.*WSF003[789]", "AH01382")

    def one(who, how):
        life = Life(site, origin, raw_client, client_tls)
        getattr(life, phase)()
        life.end(who, how)

    # Once to warm up what is made only once.
    one("client", "close")
    settled(site, 10_000)
    before = descriptors(site)
    total = site.status.total()
    for number in range(ROUNDS):
        who = "origin" if number % 2 and phase != "half_request" else "client"
        one(who, "reset" if number % 4 < 2 else "close")
    settled(site, before)
    opened = site.status.total() - total
    assert opened == (0 if phase in UNANSWERED else ROUNDS)
    ended = site.status.json()["tunnels"]["ended"]
    assert sum(ended.values()) == site.status.total()


@pytest.mark.parametrize("client_tls,origin_tls", LEGS)
def test_stalled_tunnels_that_are_reset_give_their_buffers_back(httpd, raw_origin, raw_client, client_tls, origin_tls):
    origin = raw_origin(tls=origin_tls)
    site = httpd(f'WSFlowTimeout close=1s\nWSFlowPass /x "{origin.url("/x")}"')
    before = descriptors(site)
    for who in ("client", "server"):
        life = Life(site, origin, raw_client, client_tls)
        life.stalled()
        getattr(life, who).reset()
        (life.server if who == "client" else life.client).reset()
    settled(site, before)


@pytest.mark.bulk
def test_memory_does_not_grow_with_the_number_of_past_tunnels(httpd, raw_origin, raw_client):
    origin = raw_origin()
    workers = 25
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"', threads=workers)

    def some(count):
        for number in range(count):
            life = Life(site, origin, raw_client, False)
            life.open(frames.encode(frames.BINARY, b"x" * 5000))
            life.client.send_frame(frames.BINARY, b"y" * 5000, masked=True)
            life.end("client" if number % 2 else "origin", "close" if number % 4 else "reset")
        site.status.wait_active(0)

    # A worker keeps the memory of its first status page, and how many of them some() asks depends on the machine.
    for _ in range(3 * workers):
        site.status.total()
    some(300)
    before = processes.own_bytes(site.child())
    some(900)
    grown = processes.own_bytes(site.child()) - before
    assert grown < 900 * 200, f"{grown} bytes for 900 tunnels"

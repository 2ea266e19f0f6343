"""A client behind a slow link: what is on its way to it or from it is neither silence nor an end."""

import concurrent.futures
import contextlib
import os

import pytest

import frames
import link as links
from network import own_network
from wait import seconds, wait_until
from wire import Closed

WHY_NOT = links.why_unavailable()
pytestmark = pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))

SLOW = {"rate": 128_000, "queue": 8000}
# Takes six seconds, longer than each time-out of its routes.
MESSAGE = os.urandom(90_000)
ROUTES = {
    "close": "close=1s stall=0 ping-client=0",
    "pings": "close=30s stall=0 ping-client=1s ping-timeout=2s",
    "stall": "close=5s stall=1s ping-client=0 send-buffer=64k",
    "up": "ping-client=1s ping-timeout=1s",
}


def close_and_end(server):
    server.send(frames.close(1000))
    server.close()


def end_only(server):
    server.close()


# Route, what the origin does behind its message, and the code that the client hears.
ENDS = [("close", close_and_end, 1000), ("close", end_only, 1012), ("pings", close_and_end, 1000)]
KINDS = [(*end, tls) for end in ENDS for tls in (False, True)]


@pytest.fixture
def slow_links():
    """slow_links(count, …) are so many, in a network of this test's own."""
    with own_network(), contextlib.ExitStack() as opened:
        def make(count, **policies):
            made = [opened.enter_context(links.Link(number=number)) for number in range(count)]
            for link in made:
                link.set(**policies)
            return made
        yield make


@pytest.fixture
def over(httpd, raw_origin, tunnel):
    """over(link, route, tls) is a tunnel whose client is at the other end of that link."""
    origin = site = None

    def make(link, route, tls):
        nonlocal origin, site
        if not site:
            origin = raw_origin()
            site = httpd("\n".join(f'WSFlowPass /{name} "{origin.url("/")}" {keys}' for name, keys in ROUTES.items()),
                         host=links.SERVER)
            make.site = site
        with link.client_side():
            client, server = tunnel(site, origin, f"/{route}", tls)
        for wire in (client, server):
            wire.sock.settimeout(seconds(60))
        return client, server
    return make


def everything(client):
    """What comes until the end, without pings, of a client that answers pings and the Close."""
    got = []
    try:
        while True:
            _, opcode, payload = client.read_frame()
            if opcode == frames.PING:
                client.send_frame(frames.PONG, payload, masked=True)
                continue
            got.append((opcode, "the message" if payload == MESSAGE else payload))
            if opcode == frames.CLOSE:
                client.send_frame(frames.CLOSE, payload, masked=True)
    except Closed:
        client.close()
        return got


def test_a_slow_client_gets_everything(slow_links, over):
    with concurrent.futures.ThreadPoolExecutor(len(KINDS)) as readers:
        reading = []
        for link, (route, end, _, tls) in zip(slow_links(len(KINDS), to_client=SLOW), KINDS):
            client, server = over(link, route, tls)
            reading.append(readers.submit(everything, client))
            server.send_frame(frames.BINARY, MESSAGE)
            end(server)
    got = {(route, code, tls): reader.result() for (route, _, code, tls), reader in zip(KINDS, reading)}
    assert got == {(route, code, tls): [(frames.BINARY, "the message"), (frames.CLOSE, frames.code(code))]
                   for route, code, tls in got}
    over.site.status.wait_active(0)
    assert over.site.status.ended() == {"closed": 4, "origin-eof": 2}


def test_a_link_that_becomes_slow_cuts_nobody(slow_links, over):
    """The buffer of the fast link is then so large that no byte finds room in it for seconds."""
    message = os.urandom(4_000_000)
    made = slow_links(2, to_client={"rate": 8_000_000, "delay": 0.01})
    tunnels = [over(link, "stall", tls) for link, tls in zip(made, (False, True))]
    with concurrent.futures.ThreadPoolExecutor(2 * len(tunnels)) as peers:
        for _, server in tunnels:
            peers.submit(server.send_frame, frames.BINARY, message)
        reading = [peers.submit(client.read_frame) for client, _ in tunnels]
        for link in made:
            wait_until(lambda: link.counts()["to_client"]["bytes"] > 300_000, "the message is under way", 20)
        begun = [link.set(to_client=SLOW)["to_client"]["bytes"] for link in made]
        for link, before, got in zip(made, begun, reading):
            wait_until(lambda: got.done() or link.counts()["to_client"]["bytes"] > before + 40_000, "some more comes", 20)
        for link in made:
            link.set(to_client={"rate": 0})
        assert [got.result() for got in reading] == [(True, frames.BINARY, message)] * len(tunnels)
    assert over.site.status.active() == len(tunnels)


def test_a_slow_client_is_heard(slow_links, over):
    upload = MESSAGE[:40_000]
    # A TLS record takes two seconds.
    made = slow_links(2, to_server={"rate": 64_000, "queue": 8000})
    tunnels = [over(link, "up", tls) for link, tls in zip(made, (False, True))]
    with concurrent.futures.ThreadPoolExecutor(len(tunnels)) as writers:
        # Who is busy with a frame cannot put a pong into it.
        for client, _ in tunnels:
            writers.submit(client.send_frame, frames.BINARY, upload, masked=True)
        for _, server in tunnels:
            assert server.read_frame() == (True, frames.BINARY, upload)
    assert over.site.status.active() == len(tunnels)

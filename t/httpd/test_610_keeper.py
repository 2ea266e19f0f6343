"""Tunnels live on over reloads, whatever they are in the middle of: nothing is lost, nothing comes twice."""

import os
import threading

import pytest

import frames
from legs import KINDS, close_all, talk, wait_keepers, wait_left
from wait import seconds, wait_until
from wire import Closed


@pytest.mark.memcheck
def test_tunnels_live_on_over_many_reloads(legs):
    opened = legs()
    site = opened.site
    ends = []
    for number in range(1, 4):
        ends += opened.open_all()
        old = site.child()
        site.graceful()
        for client, server in ends:
            talk(client, server, b"in generation %d" % number)
        wait_left(site, old)
        # A tunnel stays in the keeper that it has got first.
        wait_keepers(site, number)
        for client, server in ends:
            talk(client, server, b"in a keeper")
    site.status.wait_active(12)
    assert site.status.total() == 12
    close_all(ends)
    site.status.wait_active(0)
    wait_keepers(site, 0)
    assert sum(site.status.ended().values()) == 12


def test_frames_that_are_half_way(legs):
    opened = legs()
    ends = opened.open_all()
    up = frames.encode(frames.BINARY, os.urandom(70_000), masked=True)
    down = frames.encode(frames.TEXT, b"x" * 70_000)
    for client, server in ends:
        client.send(up[:3])
        server.send(down[:40_000])
        assert server.read(3) == up[:3]
        assert client.read(40_000) == down[:40_000]
    old = opened.site.child()
    opened.site.graceful()
    wait_left(opened.site, old)
    for client, server in ends:
        client.send(up[3:])
        server.send(down[40_000:])
        assert server.read(len(up) - 3) == up[3:]
        assert client.read(len(down) - 40_000) == down[40_000:]
    close_all(ends)
    opened.site.status.wait_active(0)
    # The keeper went on counting in the middle of both frames.
    told = opened.site.status.json()
    sent, received = told["relayed"]["client_to_origin"], told["relayed"]["origin_to_client"]
    assert sent["frames"]["binary"] == received["frames"]["text"] == len(ends)
    assert told["tunnels"]["not_websocket"] == 0


@pytest.mark.parametrize("writer", ["client", "origin"])
def test_bytes_that_wait_for_a_slow_reader(legs, writer):
    opened = legs()
    ends = opened.open_all(receive_buffer=65536)
    block = os.urandom(16 << 20)
    senders = [threading.Thread(target=(client if writer == "client" else server).send, args=(block,), daemon=True)
               for client, server in ends]
    for thread in senders:
        thread.start()
    direction = "client_to_origin" if writer == "client" else "origin_to_client"

    def told():
        return opened.site.status.json()["relayed"][direction]["bytes"]

    def is_stalled():
        before = told()
        threading.Event().wait(0.3)
        return told() == before > len(ends) << 17

    wait_until(is_stalled, "every writer is stalled", 20, report=told)
    assert told() < len(ends) * (len(block) - (1 << 20)), "less than a megabyte waits on each tunnel"
    old = opened.site.child()
    opened.site.graceful()
    wait_left(opened.site, old)
    for client, server in ends:
        assert (server if writer == "client" else client).read(len(block)) == block
    for thread in senders:
        thread.join(seconds(20))
        assert not thread.is_alive()
    for client, server in ends:
        # Both directions are in order to the last byte.
        client.send(b"up")
        server.send(b"down")
        assert (server.read(2), client.read(4)) == (b"up", b"down")


def test_half_closed_tunnels(legs):
    opened = legs("WSFlowTimeout close=30s")
    by_client, by_origin = opened.open_all(), opened.open_all()
    for client, server in by_client:
        client.half_close()
        assert server.read_frame() == (True, frames.CLOSE, frames.code(1001))
        server.wait_ended()
    for (client, server), (client_tls, _) in zip(by_origin, KINDS):
        server.half_close()
        assert client.read_frame() == (True, frames.CLOSE, frames.code(1012))
        if not client_tls:
            client.wait_ended()
    old = opened.site.child()
    opened.site.graceful()
    wait_left(opened.site, old)
    for client, server in by_client:
        server.send(b"still heard")
        assert client.read(11) == b"still heard"
        server.close()
        client.wait_ended()
    for client, server in by_origin:
        client.send(b"still heard")
        assert server.read(11) == b"still heard"
        client.close()
        server.wait_ended()
    wait_keepers(opened.site, 0)


class Traffic:
    """One tunnel that is never silent: either the origin numbers its frames, or both ends play ping-pong."""

    def __init__(self, client, server, pushes):
        self.count = 0
        self.trouble = None
        self.ending = threading.Event()
        self._threads = [threading.Thread(target=self._guarded, args=(what,), daemon=True) for what in (
            [lambda: self._push(server), lambda: self._receive(client)] if pushes else
            [lambda: self._answer(server), lambda: self._ask(client)])]
        for thread in self._threads:
            thread.start()

    def _guarded(self, what):
        try:
            what()
        except (AssertionError, Closed, OSError) as reason:
            self.trouble = self.trouble or repr(reason)

    def _push(self, server):
        number = 0
        while not self.ending.wait(0.0005):
            server.send_frame(frames.BINARY, number.to_bytes(4, "big") * 500)
            number += 1
        server.send_frame(frames.TEXT, b"end")

    def _receive(self, client):
        while (frame := client.read_frame()) != (True, frames.TEXT, b"end"):
            assert frame == (True, frames.BINARY, self.count.to_bytes(4, "big") * 500)
            self.count += 1

    def _ask(self, client):
        while not self.ending.wait(0.0005):
            data = self.count.to_bytes(4, "big") * 100
            client.send_frame(frames.BINARY, data, masked=True)
            assert client.read_frame() == (True, frames.BINARY, data)
            self.count += 1
        client.send_frame(frames.TEXT, b"end", masked=True)

    def _answer(self, server):
        while (frame := server.read_frame()) != (True, frames.TEXT, b"end"):
            server.send_frame(frame[1], frame[2])

    def join(self):
        for thread in self._threads:
            thread.join(seconds(20))
        assert not any(thread.is_alive() for thread in self._threads)


@pytest.mark.parametrize("threads", [1, 3])
def test_traffic_never_pauses(legs, threads):
    opened = legs(main=f"WSFlowThreads {threads}")
    running = [Traffic(*pair, pushes) for pushes in (False, True) for pair in opened.open_all()]

    def all_move():
        before = [each.count for each in running]
        wait_until(lambda: all(each.count > then + 5 for each, then in zip(running, before)), "all tunnels move",
                   report=lambda: [each.trouble for each in running])

    all_move()
    for _ in range(3):
        opened.site.graceful()
        all_move()
    for each in running:
        each.ending.set()
    for each in running:
        each.join()
        assert each.trouble is None

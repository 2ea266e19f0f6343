"""Who does not read stalls who writes, and nobody else; what waits in between is bounded."""

import os
import threading

import pytest

import frames
import processes
import sanitizers
from wait import wait_until

LEGS = [(client, origin) for client in (False, True) for origin in (False, True)]
FLOOD = 64 << 20


@pytest.mark.parametrize("client_tls,origin_tls", LEGS)
@pytest.mark.parametrize("writer", ["origin", "client"])
def test_a_reader_that_stops_stalls_the_writer(httpd, raw_origin, tunnel, client_tls, origin_tls, writer):
    origin = raw_origin(tls=origin_tls)
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    client, server = tunnel(site, origin, "/x", client_tls, receive_buffer=65536)
    sender, reader = (server, client) if writer == "origin" else (client, server)
    before = processes.own_bytes(site.child())
    block = os.urandom(1 << 20)
    sent = sender.send_until_blocked(block, FLOOD)
    assert 65536 <= sent < FLOOD, "the writer was never stalled"
    grown = processes.own_bytes(site.child()) - before
    # The sanitizers keep what was freed.
    assert sanitizers.KIND or grown < 3 << 20, f"{sent} bytes were taken, {grown} of them into the child"
    # Once the reader reads, all of it arrives.
    received = reader.read(sent)
    assert received == (block * (sent // len(block) + 1))[:sent]
    sender.send(b"and on it goes")
    assert reader.read(14) == b"and on it goes"


def test_a_stalled_direction_does_not_stall_the_other(httpd, raw_origin, tunnel):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    client, server = tunnel(site, origin, "/x", receive_buffer=65536)
    assert server.send_until_blocked(os.urandom(1 << 20), FLOOD) < FLOOD
    for _ in range(20):
        data = os.urandom(10_000)
        client.send(data)
        assert server.read(len(data)) == data


@pytest.mark.parametrize("tls", [False, True])
def test_stalled_tunnels_burn_no_cpu(httpd, raw_origin, tunnel, tls):
    origin = raw_origin(tls=tls)
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    for _ in range(5):
        _, server = tunnel(site, origin, "/x", tls, receive_buffer=65536)
        server.send_until_blocked(os.urandom(1 << 20), FLOOD)
    client, _ = tunnel(site, origin, "/x", tls)
    before = processes.cpu_seconds(site.child())
    assert client.stays_silent(2)
    assert processes.cpu_seconds(site.child()) - before < 0.1


def test_a_flooding_tunnel_does_not_starve_the_others(httpd, raw_origin, tunnel):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    floods = [tunnel(site, origin, "/x") for _ in range(3)]
    client, server = tunnel(site, origin, "/x")
    ending = threading.Event()
    moved = [0] * len(floods)

    def push(wire):
        block = os.urandom(1 << 18)
        try:
            while not ending.is_set():
                wire.send(block)
        except OSError:
            pass

    def drain(wire, slot):
        try:
            while not ending.is_set():
                moved[slot] += len(wire.sock.recv(1 << 18))
        except OSError:
            pass

    threads = [threading.Thread(target=push, args=(wires[1],), daemon=True) for wires in floods]
    threads += [threading.Thread(target=drain, args=(wires[0], slot), daemon=True) for slot, wires in enumerate(floods)]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: all(count > 1 << 20 for count in moved), "every flood flows")
        start = list(moved)
        for _ in range(50):
            client.send_frame(frames.TEXT, b"me too", masked=True)
            assert server.read_frame() == (True, frames.TEXT, b"me too")
            server.send_frame(frames.TEXT, b"heard")
            assert client.read_frame() == (True, frames.TEXT, b"heard")
        wait_until(lambda: all(now > then for now, then in zip(moved, start)), "every flood still flows")
    finally:
        ending.set()
        for wires in floods:
            for wire in wires:
                wire.sock.shutdown(2)
        for thread in threads:
            thread.join(20)

"""Quiet peers are pinged; who does not answer is gone, and the other side is told."""

import os
import socket
import subprocess

import pytest

import frames
import handshake
from network import own_network
from wire import Wire


@pytest.fixture
def site_of(httpd, raw_origin):
    """site_of(directive) is (site, origin)."""
    def make(directive):
        origin = raw_origin()
        return httpd(f'WSFlowPass /x "{origin.url("/x")}"\n{directive}'), origin
    return make


@pytest.mark.parametrize("tls", [False, True])
def test_the_answer_to_a_ping_goes_no_further(site_of, tunnel, tls):
    site, origin = site_of("WSFlowPing client=200ms")
    client, server = tunnel(site, origin, "/x", tls)
    for _ in range(3):
        fin, opcode, payload = client.read_frame()
        assert (fin, opcode, len(payload)) == (True, frames.PING, 8)
        # With one of its own, which passes, and in pieces.
        for byte in frames.encode(frames.PONG, payload, masked=True):
            client.send(bytes([byte]))
        client.send_frame(frames.PONG, payload, masked=True)
        assert server.read_frame() == (True, frames.PONG, payload)
    server.send_frame(frames.TEXT, b"still here")
    while (frame := client.read_frame())[1] == frames.PING:
        pass
    assert frame == (True, frames.TEXT, b"still here")
    assert site.status.active() == 1


@pytest.mark.parametrize("who", ["client", "origin"])
def test_who_does_not_answer_is_gone(site_of, tunnel, who):
    site, origin = site_of(f"WSFlowPing {who}=300ms timeout=700ms")
    client, server = tunnel(site, origin, "/x")
    silent, other = (client, server) if who == "client" else (server, client)
    fin, opcode, payload = silent.read_frame()
    assert (fin, opcode, len(payload)) == (True, frames.PING, 8)
    assert other.read_frame() == (True, frames.CLOSE, frames.code(1001 if who == "client" else 1012))
    other.wait_ended()
    other.close()
    site.status.wait_active(0)
    assert site.status.ended() == {"ping-timeout": 1}
    page = site.get("/wsflow-status").text
    assert f'<th scope="row">{who}s</th><td class="n">1</td><td class="n">0</td><td class="n">-</td>' in page


def test_a_client_that_is_stopped_is_gone(site_of, resources):
    site, origin = site_of("WSFlowPing client=300ms timeout=700ms")
    program = """import asyncio, sys, websockets
async def main():
    async with websockets.connect(sys.argv[1]) as peer:
        await peer.send("here")
        await peer.wait_closed()
asyncio.run(main())"""
    client = subprocess.Popen(["/usr/bin/python3", "-c", program, site.url("ws", "/x")])
    try:
        server = origin.accept_tunnel()
        resources.append(server)
        assert server.read_frame() == (True, frames.TEXT, b"here")
        # It answers by itself, again and again.
        assert server.stays_silent(2)
        os.kill(client.pid, 19)
        assert server.read_frame() == (True, frames.CLOSE, frames.code(1001))
        server.close()
        site.status.wait_active(0)
        assert site.status.ended() == {"ping-timeout": 1}
    finally:
        client.kill()
        client.wait()


def test_a_ping_waits_for_the_end_of_a_frame(site_of, tunnel):
    site, origin = site_of("WSFlowPing client=200ms timeout=60s")
    client, server = tunnel(site, origin, "/x")
    frame = frames.encode(frames.TEXT, b"in two pieces")
    server.send(frame[:7])
    assert client.read(7) == frame[:7]
    assert client.stays_silent(0.8)
    server.send(frame[7:])
    assert client.read(len(frame) - 7) == frame[7:]
    assert client.read_frame()[1] == frames.PING


@pytest.fixture
def network():
    with own_network() as made:
        yield made


def test_a_client_whose_cable_is_pulled_is_gone(network, site_of, resources):
    site, origin = site_of("WSFlowPing client=1s timeout=1s")
    sock = socket.socket()
    sock.bind(("127.0.0.2", 0))
    sock.connect(site.address(False))
    client = Wire(sock)
    resources.append(client)
    client.send(handshake.request("/x", "localhost", ()))
    server = origin.accept_tunnel()
    resources.append(server)
    assert client.read_head().status == 101
    client.send_frame(frames.PONG, client.read_frame()[2], masked=True)
    # Nothing reaches it any more, and nothing comes.
    subprocess.run(["ip", "route", "add", "blackhole", "127.0.0.2", "table", "local"], check=True)
    assert server.read_frame() == (True, frames.CLOSE, frames.code(1001))
    server.close()
    site.status.wait_active(0)
    assert site.status.ended() == {"ping-timeout": 1}

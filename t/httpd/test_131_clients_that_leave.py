"""Clients that leave while their handshake waits for its origin, in every way that there is."""

import os
import signal
import socket
import struct

import pytest

import handshake
from legs import scoreboard
from limited import wait_counts
from wait import wait_until
from waiting import SHAPE, arrive, ask, early_handshake, wait_parked

pytestmark = pytest.mark.since(2, 4, 63)


def close_softly(client):
    client.close()


def reset(client):
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


@pytest.mark.parametrize("tls, leave", [(False, close_softly), (False, reset), (True, close_softly), (True, reset)])
def test_a_client_that_leaves_frees_everything(httpd, raw_origin, raw_client, resources, tls, leave):
    origin = raw_origin()
    site = httpd(f"WSFlowLimit x concurrency=100\nWSFlowPass /x {origin.url('/x')}", **SHAPE)
    clients = ask(site, raw_client, 6, tls=tls)
    servers = arrive(origin, 6, resources)
    wait_parked(site)
    for client in clients:
        leave(client)
    for server in servers:
        server.wait_ended()
    wait_until(lambda: site.status.refused() == {"client-gone": 6}, "all six are counted", report=site.status.refused)
    wait_counts(site, in_use=0)
    site.wait_access(r"/x/\d .* 400 .*refused=client-gone$", 6)
    wait_until(lambda: scoreboard(site).count("W") <= 1, "no worker is left with them", report=lambda: scoreboard(site))


def test_a_client_that_has_said_all_still_gets_its_tunnel(httpd, raw_origin, raw_client, resources):
    """Early frames and an end of stream behind them, as a script sends them."""
    origin = raw_origin()
    site = httpd(f"WSFlowPass /x {origin.url('/x')}", **SHAPE)
    client, = ask(site, raw_client, 1)
    server, = arrive(origin, 1, resources)
    wait_parked(site)
    client.send_frame(1, b"early", masked=True)
    client.sock.shutdown(socket.SHUT_WR)
    wait_parked(site)
    server.send(handshake.switching(server.head.get("sec-websocket-key")) + b"\x81\x04late")
    assert client.read_head().status == 101
    assert server.read_frame()[2] == b"early"
    assert client.read_frame()[2] == b"late"


def test_so_does_one_that_has_said_all_in_one_piece(httpd, raw_origin, raw_client, resources):
    """httpd has read its frames by then."""
    origin = raw_origin()
    site = httpd(f"WSFlowPass /x {origin.url('/x')}", **SHAPE)
    client = raw_client(site)
    client.send(early_handshake("/x/0"))
    server, = arrive(origin, 1, resources)
    wait_parked(site)
    client.sock.shutdown(socket.SHUT_WR)
    server.send(handshake.switching(server.head.get("sec-websocket-key")))
    assert client.read_head().status == 101
    assert server.read_frame()[2] == b"early"


def test_a_half_closed_client_that_breaks_off_is_gone(httpd, raw_origin, raw_client, resources):
    origin = raw_origin()
    site = httpd(f"WSFlowPass /x {origin.url('/x')}", **SHAPE)
    client = raw_client(site)
    client.send(early_handshake("/x/0"))
    server, = arrive(origin, 1, resources)
    wait_parked(site)
    client.sock.shutdown(socket.SHUT_WR)
    wait_parked(site)
    assert server.stays_silent(0.2)
    reset(client)
    server.wait_ended()
    wait_until(lambda: site.status.refused() == {"client-gone": 1}, "it is counted", report=site.status.refused)


def test_a_connection_that_the_mpm_closes_leaves_nothing_behind(httpd, raw_origin, raw_client, resources):
    """As after a pause of the process that is longer than Timeout."""
    origin = raw_origin()
    site = httpd(f"WSFlowLimit x concurrency=100\nWSFlowPass /x {origin.url('/x')}", threads=4,
                 main="AsyncRequestWorkerFactor 64\nTimeout 1")
    clients = ask(site, raw_client, 4)
    servers = arrive(origin, 4, resources)
    wait_parked(site)
    os.kill(site.child(), signal.SIGSTOP)
    for client in clients:
        assert client.stays_silent(0.5)
    os.kill(site.child(), signal.SIGCONT)
    ended = [server for server in servers if ended_soon(server)]
    refusals = site.status.refused().get("client-gone", 0)
    assert refusals == len(ended)  # the MPM has closed them, or our timer was first
    for server in servers:
        if server not in ended:
            server.send(handshake.switching(server.head.get("sec-websocket-key")))
    wait_counts(site, in_use=len(servers) - len(ended))


def ended_soon(server):
    try:
        server.wait_ended(3)
        return True
    except AssertionError:
        return False

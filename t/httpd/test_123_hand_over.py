"""What httpd sees of a connection that leaves it, and what the loops get, when many leave at once."""

import concurrent.futures
import re

import pytest

import frames
from legs import keepers
from wait import wait_until

LOG = 'CustomLog access.log "%X %>s id=%{WSFLOW_ID}e"\n'


@pytest.mark.memcheck
@pytest.mark.parametrize("tls", [False, True])
def test_httpd_logs_a_request_that_ended_well(httpd, echo, connect, tls):
    """httpd is kept from a shutdown of the client's socket; its log does not say that the client was gone."""
    site = httpd(LOG + f'WSFlowPass /x "{echo().url("/x")}"')
    peer = connect(site.url("wss" if tls else "ws", "/x"))
    site.wait_access(r"^- 101 id=[0-9a-f]{16}$")
    # httpd has ended its connection by now, or ends it while the messages pass: the client does not notice.
    for size in (1, 1000, 100_000) * 5:
        message = b"x" * size
        assert peer.echo(message) == message
    peer.close()
    site.status.wait_active(0)
    assert site.status.ended() == {"closed": 1}


def test_a_client_certificate_does_not_stay_in_httpd(httpd, echo, raw_client):
    """mod_ssl logs the end of its connection, where it also frees what it has of the client."""
    site = httpd(f'WSFlowPass /x "{echo().url("/x")}"', tls_conf="LogLevel ssl:debug")
    client = raw_client(site, True)
    client.send_handshake("/x")
    assert client.read_head().status == 101
    site.log.wait_for("Connection closed to child .* with standard shutdown")
    hello = frames.encode(frames.TEXT, b"hello", masked=True)
    client.send(hello)
    assert client.read(7) == frames.encode(frames.TEXT, b"hello")


@pytest.mark.bulk
def test_many_that_leave_at_once_all_reach_the_loop(httpd, echo, connect):
    """A loop that is awake is not rung: no tunnel waits for an event that does not come."""
    site = httpd(LOG + f'WSFlowPass /x "{echo().url("/x")}"', children=1, threads=20)
    for _ in range(10):
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            peers = list(pool.map(lambda _: connect(site.url("ws", "/x")), range(20)))
            assert all(pool.map(lambda peer: peer.echo(b"hello") == b"hello", peers))
            list(pool.map(lambda peer: peer.close(), peers))
    site.status.wait_active(0)
    assert site.status.ended() == {"closed": 200}


@pytest.mark.bulk
def test_no_two_processes_draw_the_same_ids(httpd, echo, connect):
    site = httpd(LOG + f'WSFlowPass /x "{echo().url("/x")}"', children=3)
    kept = [connect(site.url("ws", "/x")) for _ in range(60)]
    site.graceful()
    wait_until(lambda: keepers(site), "a keeper has tunnels")
    kept += [connect(site.url("ws", "/x")) for _ in range(60)]
    lines = site.wait_access(r"^- 101 id=", 120)
    assert len({re.search(r"id=(\w+)", line).group(1) for line in lines}) == 120
    assert all(peer.echo(b"hello") == b"hello" for peer in kept)

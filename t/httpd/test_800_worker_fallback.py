"""Where the sockets cannot be handed over, the tunnel lives on its worker: same admission, same numbers."""

import os

import pytest

import frames
from h2_client import h2_connect

H2 = "Protocols h2 http/1.1\nH2WebSockets on"
FIRST = r"\[wsflow:warn\].*WSF0075.*holds this worker thread"


def h2_tunnel(site, certs, path, resources):
    return h2_connect(site, certs, resources).tunnel(path)


def h2_site(httpd, origin):
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"', modules=["http2"], tls_conf=H2)
    site.log.expect("WSF0220", FIRST)
    return site


def worker_tunnels(site):
    told = site.status.json()
    assert sum(process["tunnels_active_worker"] for process in told["processes"]) == told["tunnels"]["active_worker"]
    return told["tunnels"]["active_worker"]


@pytest.mark.parametrize("origin_tls", [False, True])
def test_a_stream_of_http2_carries_a_tunnel(httpd, echo, certs, resources, origin_tls):
    origin = echo(tls=origin_tls, deflate=False)
    site = h2_site(httpd, origin)
    tunnel = h2_tunnel(site, certs, "/x", resources)
    assert tunnel.status == 200
    for size in (0, 10, 70_000, 1_000_000):
        message = os.urandom(size)
        tunnel.send_frame(frames.BINARY, message)
        received = b""
        fin = False
        while not fin:
            fin, _, payload = tunnel.read_frame()
            received += payload
        assert received == message
    assert (site.status.active(), worker_tunnels(site)) == (1, 1)
    tunnel.send_frame(frames.CLOSE, b"\x03\xe8")
    assert tunnel.read_frame()[1] == frames.CLOSE
    tunnel.wait_ended()
    site.status.wait_active(0)
    assert site.status.json()["tunnels"]["total_worker"] == 1


def test_an_origin_that_refuses_a_stream(httpd, raw_origin, certs, resources):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"\n<Location /x>\nRequire all denied\n</Location>',
                 modules=["http2"], tls_conf=H2)
    site.log.expect("AH01630", "WSF0220")
    assert h2_tunnel(site, certs, "/x", resources).status == 403
    assert origin.untouched()


@pytest.mark.parametrize("origin_tls", [False, True])
def test_a_foreign_connection_filter_keeps_the_worker(httpd, echo, connect, origin_tls):
    origin = echo(tls=origin_tls)
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"\nDumpIOInput On\nDumpIOOutput On\nLogLevel dumpio:trace7', modules=["dumpio"])
    site.log.expect(FIRST)
    for scheme in ("ws", "wss"):
        peer = connect(site.url(scheme, "/x"))
        message = os.urandom(200_000)
        assert peer.echo(message) == message
        assert worker_tunnels(site) == 1
        peer.close()
        site.status.wait_active(0)
    assert site.log.lines("WSF0075.*holds this worker thread")


@pytest.mark.parametrize("origin_tls", [False, True])
@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_prefork_tunnels_on_its_processes(httpd, echo, connect, scheme, origin_tls):
    origin = echo(tls=origin_tls)
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"', mpm="prefork")
    site.log.expect("WSF0081", FIRST)
    peers = [connect(site.url(scheme, "/x")) for _ in range(3)]
    for peer in peers:
        message = os.urandom(200_000)
        assert peer.echo(message) == message
    assert (site.status.active(), worker_tunnels(site)) == (3, 3)
    for peer in peers:
        peer.close()
    site.status.wait_active(0)
    assert site.status.ended() == {"closed": 3}


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_the_worker_mpm_hands_over_like_event(httpd, echo, connect, scheme):
    site = httpd(f'WSFlowPass /x "{echo().url("/x")}"', mpm="worker", threads=3)
    peers = [connect(site.url(scheme, "/x")) for _ in range(10)]
    for peer in peers:
        assert peer.echo("hello") == "hello"
    assert (site.status.active(), worker_tunnels(site)) == (10, 0)


def test_refusals_are_counted_on_prefork_too(httpd, raw_origin, raw_client):
    site = httpd(f'WSFlowPass /x "{raw_origin().url("/x")}"', mpm="prefork")
    site.log.expect("WSF0081")
    client = raw_client(site)
    client.send_handshake("/x", drop=["Sec-WebSocket-Key"])
    assert client.read_head().status == 400
    assert site.status.refused() == {"bad-key": 1}

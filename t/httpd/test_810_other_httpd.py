"""In an httpd as old as may be, as far as Debian's can be made to look like one, and in one that keeps sockets elsewhere."""

import os
import re

import pytest

from limited import REFUSES, Section, answer, refused, status_of
from wait import wait_until


@pytest.fixture
def older(httpd):
    """older(conf, …): the module finds nothing there that httpd has gained since the first one it serves."""
    return lambda conf="", **shape: httpd(conf, module=os.environ["WSFLOW_OLDER_HTTPD"], **shape)


@pytest.mark.parametrize("scheme", ["ws", "wss"])
@pytest.mark.parametrize("origin_tls", [False, True])
def test_tunnels_outlive_a_reload(older, echo, connect, scheme, origin_tls):
    origin = echo(tls=origin_tls)
    site = older(f'WSFlowPass /x "{origin.url("/x")}"')
    peer = connect(site.url(scheme, "/x"))
    message = os.urandom(200_000)
    assert peer.echo(message) == message
    child = site.child()
    site.graceful()
    assert peer.echo(message) == message
    wait_until(lambda: child not in site.children(), "the old child has gone", 20)
    assert peer.echo(message) == message
    assert site.status.active() == 1
    peer.close()


def busy_workers(site):
    return int(re.search(r"^BusyWorkers: (\d+)", site.get("/server-status?auto").text, re.M)[1])


def test_a_request_that_waits_holds_its_worker(older, raw_origin, resources):
    """A quarter of the workers at most, as with the worker MPM."""
    x = Section(older, raw_origin, resources, "concurrency=1 queue=20 acquire=30s", threads=8)
    client, server = x.enter()
    waiting = x.queue_up(2)
    # The one inside, those that wait, and the one that asks.
    wait_until(lambda: busy_workers(x.site) == 4, "two workers wait", 10, report=lambda: busy_workers(x.site))
    assert x.refusal().status == 503
    assert refused(x.site) == {"queue-full": 1}
    answer(server)
    assert status_of(client) == 200
    for _ in waiting:
        answer(x.arrived())
    assert [status_of(each) for each in waiting] == [200, 200]
    x.wait(in_use=0, waiting=0, waited=2)


def test_such_a_wait_needs_its_queue(older):
    line = "WSFlowLimit x concurrency=7 acquire=5s"
    status, said = older(line, start=False).configtest()
    assert status != 0
    assert "write queue=N, for example queue=7" in said
    assert older(line + " queue=7", start=False).configtest() == (0, "Syntax OK\n")


def test_a_waiting_client_that_goes_makes_room(older, raw_origin, resources):
    x = Section(older, raw_origin, resources, "concurrency=1 queue=1 acquire=30s")
    x.enter()
    (gone,) = x.queue_up(1)
    gone.close()
    x.wait(in_use=1, waiting=0)
    assert x.origin.untouched()


def test_no_second_look_for_an_origin_that_is_down(older, raw_client):
    site = older('WSFlowPass /x ws://localhost:9/x')
    site.log.expect("WSF0031")
    for _ in range(2):
        client = raw_client(site)
        client.send_handshake("/x")
        assert client.read_head().status in (502, 503)


@pytest.mark.parametrize("origin_tls", [False, True])
def test_a_tunnel_on_its_worker(older, echo, connect, origin_tls):
    origin = echo(tls=origin_tls)
    site = older(f'WSFlowPass /x "{origin.url("/x")}"\nDumpIOInput On\nDumpIOOutput On\nLogLevel dumpio:trace7', modules=["dumpio"])
    site.log.expect("WSF0075")
    for scheme in ("ws", "wss"):
        peer = connect(site.url(scheme, "/x"))
        message = os.urandom(200_000)
        assert peer.echo(message) == message
        assert site.status.json()["tunnels"]["active_worker"] == 1
        peer.close()
        site.status.wait_active(0)


def test_an_httpd_that_keeps_sockets_elsewhere_is_refused(httpd):
    site = httpd("WSFlowPass /x ws://127.0.0.1:9/x", module=os.environ["WSFLOW_SOCKET_ELSEWHERE"], start=False)
    status, said = site.configtest()
    assert status != 0
    assert "WSF0240" in said

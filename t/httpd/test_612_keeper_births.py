"""Every graceful end of a child: recycled, culled or reloaded, idle, busy, or in the middle of handshakes."""

import http.client
import threading

import pytest

import frames
import handshake
import processes
from legs import KINDS, close_all, keepers, scoreboard, talk, wait_keepers, wait_left
from test_800_worker_fallback import H2, h2_tunnel, worker_tunnels
from wait import seconds, wait_until


def test_a_recycled_child(legs):
    opened = legs(main="MaxConnectionsPerChild 40")
    site = opened.site
    old = site.child()
    ends = opened.open_all()
    wait_until(lambda: site.get("/").status == 200 and keepers(site), "the child is recycled", 30)
    assert old not in site.children()
    for client, server in ends:
        talk(client, server)
    site.status.wait_active(4)
    assert site.generation() == 0


def test_children_that_are_idle_to_httpd(legs):
    opened = legs(children=3, threads=5, main="MaxSpareThreads 6")
    site = opened.site
    site.log.expect("WSF0082")
    # Three children hold tunnels in a moment, and 15 threads are idle: that is too many.
    ends = []
    wait_until(lambda: ends.extend(opened.open_all()) or len(keepers(site)) >= 1, "a child with tunnels is culled", 30)
    for client, server in ends:
        talk(client, server)
    site.status.wait_active(len(ends))


def test_the_worker_mpm_has_keepers_too(legs):
    opened = legs(mpm="worker", threads=5)
    ends = opened.open_all()
    old = opened.site.child()
    opened.site.graceful()
    for client, server in ends:
        talk(client, server)
    wait_left(opened.site, old)
    wait_keepers(opened.site, 1)
    for client, server in ends:
        talk(client, server)
    close_all(ends)
    wait_keepers(opened.site, 0)


@pytest.mark.parametrize("early", [False, True])
def test_handshakes_that_are_under_way(legs, raw_client, early):
    opened = legs()
    site = opened.site
    up = frames.encode(frames.TEXT, b"impatient", masked=True) if early else b""
    down = frames.encode(frames.TEXT, b"just as") if early else b""
    waiting = [opened.begin_handshake(raw_client, *kind, early=up) for kind in KINDS]
    old = site.child()
    site.graceful()
    for client, server, head in waiting:
        server.send(handshake.switching(head.get("sec-websocket-key")) + down)
        assert client.read_head().status == 101
        assert (server.read(len(up)), client.read(len(down))) == (up, down)
        talk(client, server, b"before the keeper")
    wait_left(site, old)
    wait_keepers(site, 1)
    for client, server, _ in waiting:
        talk(client, server, b"in the keeper")
    site.status.wait_active(4)
    for client, server, _ in waiting:
        client.close()
        server.close()
    wait_keepers(site, 0)
    assert site.status.total() == 4


def test_a_handshake_that_is_refused_after_the_reload(legs, raw_client):
    opened = legs()
    client, server, _ = opened.begin_handshake(raw_client)
    old = opened.site.child()
    opened.site.graceful()
    server.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
    head = client.read_head()
    assert (head.status, client.read_body(head)) == (403, b"no")
    wait_left(opened.site, old)
    assert keepers(opened.site) == []


def test_a_slow_request_keeps_its_child_and_no_tunnel_waits(legs, raw_origin, raw_client):
    slow = raw_origin()
    opened = legs(plain_conf=f'ProxyPass /slow "{slow.url("/", "http")}"')
    site = opened.site
    ends = opened.open_all()
    client = raw_client(site)
    client.send(b"GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    server = slow.accept()
    server.read_head()
    old = site.child()
    site.graceful()
    for pair in ends:
        talk(*pair, b"beside a slow request")
    assert old in processes.group_members(site.pid)
    assert "G" in scoreboard(site)
    server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")
    head = client.read_head()
    assert (head.status, client.read_body(head)) == (200, b"done")
    wait_left(site, old)
    wait_keepers(site, 1)
    for pair in ends:
        talk(*pair, b"behind it")


def test_http_is_answered_throughout(legs):
    opened = legs()
    site = opened.site
    opened.open_all()
    ending = threading.Event()
    answers, trouble = [], []

    def ask():
        """Like every client that keeps connections: one that was closed while it was idle is replaced."""
        connection = http.client.HTTPConnection(*site.address(), timeout=seconds(20))
        fresh = True
        while not ending.is_set():
            try:
                connection.request("GET", "/")
                answer = connection.getresponse()
                answer.read()
                answers.append(answer.status)
                fresh = answer.will_close
            except (OSError, http.client.HTTPException) as reason:
                if fresh:
                    trouble.append(repr(reason))
                    return
                connection.close()
                fresh = True
        connection.close()

    clients = [threading.Thread(target=ask, daemon=True) for _ in range(3)]
    for thread in clients:
        thread.start()
    for _ in range(3):
        count = len(answers)
        site.graceful()
        wait_until(lambda: len(answers) > count + 20, "HTTP is answered", report=lambda: trouble)
    ending.set()
    for thread in clients:
        thread.join(seconds(20))
    assert not trouble
    assert set(answers) == {200}


def test_a_tunnel_on_a_worker_keeps_its_child_until_it_ends(legs, echo, certs, resources):
    origin = echo(deflate=False)
    opened = legs(f'WSFlowPass /h2 "{origin.url("/h2")}"', modules=["http2"], tls_conf=H2)
    site = opened.site
    site.log.expect("WSF0220", "WSF0075")
    stream = h2_tunnel(site, certs, "/h2", resources)
    ends = opened.open_all()
    old = site.child()
    site.graceful()
    for pair in ends:
        talk(*pair, b"beside a stream")
    assert old in processes.group_members(site.pid)
    assert worker_tunnels(site) == 1
    stream.close()
    wait_left(site, old)
    wait_keepers(site, 1)
    for pair in ends:
        talk(*pair, b"in the keeper")
    assert worker_tunnels(site) == 0

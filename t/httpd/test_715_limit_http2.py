"""Streams of HTTP/2 cannot be parked: they wait on their thread, and only a share of the threads may."""

import socket

import pytest

from h2_client import h2_connect
from h2_streams import H2Streams
from limited import Section, answer, refused, status_of
from wait import seconds
from worker_tunnel import H2


@pytest.fixture
def streams(certs, resources):
    def connect(site):
        sock = socket.create_connection(site.address(True), seconds(20))
        made = H2Streams(certs.client_context(alpn=["h2"]).wrap_socket(sock, server_hostname="localhost"),
                         "127.0.0.1:%d" % site.https_port)
        resources.append(made)
        return made
    return connect


@pytest.mark.since(2, 4, 63)
def test_streams_wait_bounded_by_a_share_of_the_threads(httpd, raw_origin, resources, streams):
    x = Section(httpd, raw_origin, resources, "concurrency=1 queue=20 acquire=30s", threads=8,
                main="AsyncRequestWorkerFactor 8", modules=["http2"], tls_conf="Protocols h2 http/1.1")
    first = x.enter()
    h2 = streams(x.site)
    waiting = []
    for number in range(2):
        waiting.append(h2.send(f"/x/{number}"))
        x.wait(waiting=number + 1)
    head = h2.head(h2.send("/x/2"))
    assert head[":status"] == "503" and head["wsflow-limit"] == "x"
    assert refused(x.site) == {"queue-full": 1}
    assert h2.head(h2.send("/index.html"))[":status"] == "200"
    # Connections of HTTP/1.1 hold no thread: they still wait.
    parked = x.queue_up(1, first=2)[0]
    answer(first[1])
    assert status_of(first[0]) == 200
    for number in range(3):
        server = x.arrived()
        assert server.head.path == f"/x/{number}"
        answer(server)
    assert [h2.head(stream)[":status"] for stream in waiting] == ["200", "200"]
    assert status_of(parked) == 200
    x.wait(in_use=0, waiting=0)


def test_a_stream_that_is_reset_gives_its_place_back(httpd, raw_origin, resources, certs):
    """A handshake over HTTP/2 that waits for its permit."""
    x = Section(httpd, raw_origin, resources, "concurrency=1 queue=1 acquire=50s", threads=8, modules=["http2"], tls_conf=H2)
    x.site.log.expect("WSF0220")
    first = x.enter()
    client = h2_connect(x.site, certs, resources)
    stream = client.begin("/x/ws")
    x.wait(waiting=1)
    stream.cancel()
    x.wait(waiting=0)
    assert refused(x.site) == {"client-gone": 1}
    answer(first[1])
    assert status_of(first[0]) == 200
    x.wait(in_use=0)
    assert x.origin.untouched()


def test_a_stream_that_is_refused_names_the_limit(httpd, raw_origin, resources, streams):
    x = Section(httpd, raw_origin, resources, "concurrency=1", modules=["http2"], tls_conf="Protocols h2 http/1.1")
    x.enter()
    h2 = streams(x.site)
    head = h2.head(h2.send("/x"))
    assert (head[":status"], head["wsflow-limit"], head["cache-control"]) == ("503", "x", "no-store")
    assert int(head["retry-after"]) >= 1

"""The module loads, the configuration is accepted, and messages pass over every combination of legs."""

import os

import pytest

from wait import wait_until

LEGS = [(client, origin) for client in ("ws", "wss") for origin in ("ws", "wss")]


def route(origin, path="/echo", more=""):
    return f'WSFlowPass "{path}" "{origin.url("/echo")}" {more}\n'


def test_module_loads_and_configtest_is_happy(httpd):
    site = httpd('WSFlowPass "/echo" "ws://127.0.0.1:9/echo"', start=False)
    assert site.configtest() == (0, "Syntax OK\n")


def test_ordinary_requests_are_not_touched(httpd, echo):
    site = httpd(route(echo()))
    answer = site.get("/")
    assert (answer.status, answer.body) == (200, b"an ordinary page\n")


@pytest.mark.memcheck(client="wss")
@pytest.mark.parametrize("client,origin", LEGS)
def test_text_and_binary_messages_are_echoed(httpd, echo, connect, client, origin):
    site = httpd(route(echo(tls=origin == "wss")))
    peer = connect(site.url(client, "/echo"))
    assert peer.echo("grüße") == "grüße"
    assert peer.echo("") == ""
    for size in (1, 125, 126, 127, 65535, 65536, 1_000_000):
        message = os.urandom(size)
        assert peer.echo(message) == message
    peer.ping()


@pytest.mark.parametrize("client,origin", LEGS)
def test_fragmented_messages_arrive_as_one(httpd, echo, connect, client, origin):
    site = httpd(route(echo(tls=origin == "wss")))
    peer = connect(site.url(client, "/echo"))
    peer.send(["one ", "two ", "", "three"])
    assert peer.recv() == "one two three"
    pieces = [os.urandom(70_000) for _ in range(20)]
    peer.send(pieces)
    assert peer.recv() == b"".join(pieces)


@pytest.mark.parametrize("client,origin", LEGS)
def test_compression_is_negotiated_end_to_end(httpd, echo, connect, client, origin):
    site = httpd(route(echo(tls=origin == "wss")))
    peer = connect(site.url(client, "/echo"), compression="deflate")
    assert peer.extensions == ["PerMessageDeflate"]
    for message in ("again and again " * 10_000, os.urandom(300_000), ""):
        assert peer.echo(message) == message


def test_compression_that_the_origin_declines_stays_off(httpd, echo, connect):
    site = httpd(route(echo(deflate=False)))
    peer = connect(site.url("ws", "/echo"), compression="deflate")
    assert peer.extensions == []
    assert peer.echo("plain") == "plain"


def test_the_subprotocol_is_the_origins_choice(httpd, echo, connect):
    site = httpd(route(echo(subprotocols=["soap", "chat"])))
    peer = connect(site.url("ws", "/echo"), subprotocols=["chat", "other"])
    assert peer.subprotocol == "chat"
    assert peer.response_headers.get_all("Sec-WebSocket-Protocol") == ["chat"]


@pytest.mark.memcheck
def test_the_close_code_and_reason_pass_in_both_directions(httpd, echo, connect):
    origin = echo()
    site = httpd(route(origin))
    peer = connect(site.url("ws", "/echo/close/4001/enough"))
    peer.wait_closed()
    assert (peer.close_code, peer.close_reason) == (4001, "enough")
    peer = connect(site.url("ws", "/echo"))
    peer.close(4002, "bye")
    site.status.wait_active(0)
    # The library tells it a moment after its socket has closed.
    wait_until(lambda: origin.closed == [4001, 4002], "the origin has both codes", report=lambda: origin.closed)


@pytest.mark.bulk
@pytest.mark.parametrize("client,origin", LEGS)
def test_a_message_of_100_mb_passes_both_ways(httpd, echo, connect, client, origin):
    site = httpd(route(echo(tls=origin == "wss", deflate=False)))
    peer = connect(site.url(client, "/echo"), compression=None)
    message = os.urandom(1_000_000) * 100
    assert peer.echo(message) == message

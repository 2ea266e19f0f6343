"""An origin that does not answer as it should: 502 or 504, and a log line that says which."""

import socket
import struct

import pytest

import handshake
from origin import RefusingOrigin, ScriptedOrigin
from wait import seconds


def answer(origin, site, client):
    client.send_handshake("/x", [("Sec-WebSocket-Protocol", "chat")])
    return client.read_head()


def reset(wire):
    wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.sock.close()


def switching(wire, head, drop=(), **fields):
    """A 101 with some fields changed or dropped."""
    values = {"Upgrade": "websocket", "Connection": "Upgrade",
              "Sec-WebSocket-Accept": handshake.accept_of(head.get("sec-websocket-key"))}
    values.update({name.replace("_", "-"): value for name, value in fields.items()})
    lines = [f"{name}: {value}" for name, value in values.items() if name not in drop]
    wire.send(("\r\n".join(["HTTP/1.1 101 Switching Protocols", *lines]) + "\r\n\r\n").encode())


def say(data, then=None):
    def script(wire, head):
        wire.send(data)
        if then:
            then(wire)
    return script


MISBEHAVIOUR = {
    "closes at once": (lambda wire, head: wire.close(), "WSF0039", "closed the connection before it answered",
                       "origin-closed"),
    "closes in its head": (say(b"HTTP/1.1 101 Switching Pro", lambda wire: wire.close()), "WSF0039",
                           "closed the connection in the middle", "origin-closed"),
    "closes before the blank line": (say(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n",
                                         lambda wire: wire.close()), "WSF0039", "in the middle", "origin-closed"),
    "resets at once": (lambda wire, head: reset(wire), "WSF0038", "reset the connection", "origin-reset"),
    "garbage": (say(b"\x16\x03\x01\x02\x00garbage\r\n\r\n"), "WSF0034", "no HTTP response", "origin-garbage"),
    "another protocol": (say(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "WSF0034", "no HTTP response", "origin-garbage"),
    "a status of two digits": (say(b"HTTP/1.1 10 Switching\r\n\r\n"), "WSF0034", "no HTTP response",
                               "origin-garbage"),
    "a field without colon": (say(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade websocket\r\n\r\n"), "WSF0034",
                              "no HTTP response", "origin-garbage"),
    "a NUL": (say(b"HTTP/1.1 101 Switching Protocols\r\nX: a\0b\r\n\r\n"), "WSF0034", "no HTTP response",
              "origin-garbage"),
    "an endless head": (say(b"HTTP/1.1 101 Switching Protocols\r\n" + b"X-Fill: aaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 4000),
                        "WSF0036", "larger than", "origin-garbage"),
    "no accept": (lambda wire, head: switching(wire, head, drop=["Sec-WebSocket-Accept"]), "WSF0072", "Accept",
                  "origin-bad-answer"),
    "a wrong accept": (lambda wire, head: switching(wire, head, Sec_WebSocket_Accept="c3RhbGU="), "WSF0072", "Accept",
                       "origin-bad-answer"),
    "another key's accept": (lambda wire, head: switching(
        wire, head, Sec_WebSocket_Accept=handshake.accept_of("AAAAAAAAAAAAAAAAAAAAAA==")), "WSF0072", "Accept",
        "origin-bad-answer"),
    "no upgrade": (lambda wire, head: switching(wire, head, drop=["Upgrade"]), "WSF0072", "Upgrade",
                   "origin-bad-answer"),
    "another upgrade": (lambda wire, head: switching(wire, head, Upgrade="h2c"), "WSF0072", "Upgrade",
                        "origin-bad-answer"),
    "no connection": (lambda wire, head: switching(wire, head, drop=["Connection"]), "WSF0072", "Connection",
                      "origin-bad-answer"),
    "a subprotocol nobody offered": (lambda wire, head: switching(wire, head, Sec_WebSocket_Protocol="soap"),
                                     "WSF0072", "Protocol|protocol", "origin-bad-answer"),
    "an extension nobody offered": (lambda wire, head: switching(wire, head, Sec_WebSocket_Extensions="x-zip"),
                                    "WSF0072", "Extension|extension", "origin-bad-answer"),
}


@pytest.mark.parametrize("name", MISBEHAVIOUR)
def test_it_is_502_and_logged(httpd, raw_client, name):
    script, log_id, words, reason = MISBEHAVIOUR[name]
    with ScriptedOrigin(script) as origin:
        site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
        site.log.expect(log_id)
        head = answer(origin, site, raw_client(site))
    assert head.status == 502, head.raw
    assert head.get("sec-websocket-accept") is None
    (line,) = site.log.lines(log_id)
    assert site.log.lines(f"{log_id}.*({words})"), line
    site.wait_access(f" 502 .* refused={reason}$")
    assert site.status.refused() == {reason: 1}
    assert site.status.active() == site.status.total() == 0


@pytest.mark.memcheck(tls=True)
@pytest.mark.parametrize("tls", [False, True])
def test_a_wrong_accept_of_a_tls_origin_is_502_too(httpd, raw_client, certs, tls):
    script = MISBEHAVIOUR["a wrong accept"][0]
    with ScriptedOrigin(script, certs.origin_context()) as origin:
        site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
        site.log.expect("WSF0072")
        assert answer(origin, site, raw_client(site, tls)).status == 502


@pytest.mark.memcheck
def test_an_origin_that_refuses_connections_is_502(httpd, raw_client):
    with RefusingOrigin() as origin:
        site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
        site.log.expect("refused.*WSF0031")
        site.log.allow("AH01114")
        assert answer(origin, site, raw_client(site)).status == 502
        site.wait_access(" 502 .* refused=origin-connect$")
        assert site.status.refused() == {"origin-connect": 1}


def test_a_unix_socket_that_is_not_there_is_502(httpd, raw_client):
    site = httpd('WSFlowPass /x "unix:/nowhere/socket|ws://localhost/x"')
    site.log.expect("WSF0031")
    site.log.allow(r"AH\d+")
    assert answer(None, site, raw_client(site)).status == 502


def test_a_plain_origin_behind_a_wss_url_is_502(httpd, raw_origin, raw_client):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x", "wss")}"')
    site.log.allow(r"AH\d+")
    site.log.expect("WSF0033")
    client = raw_client(site)
    client.send_handshake("/x")
    with origin.accept() as wire:
        wire.read(5)
        wire.send(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        assert client.read_head().status == 502


def drip(wire, head):
    """One byte of a good answer at a time, slower than any patience."""
    for byte in handshake.switching(head.get("sec-websocket-key")):
        wire.send(bytes([byte]))
        wire.sock.settimeout(seconds(0.25))
        try:
            if not wire.sock.recv(1):
                return
        except socket.timeout:
            pass


SLOW = {"silence": lambda wire, head: wire.read_until_closed(), "a slow drip": drip}


@pytest.mark.parametrize("name", SLOW)
@pytest.mark.parametrize("tls", [False, True])
def test_slowness_is_504(httpd, raw_client, certs, name, tls):
    # The TLS handshake, which is to succeed, has the same bound.
    bound = 3 if tls else 1
    with ScriptedOrigin(SLOW[name], certs.origin_context() if tls else None) as origin:
        site = httpd(f'WSFlowTimeout handshake={bound}s\nWSFlowPass /x "{origin.url("/x")}"')
        site.log.expect(f"WSF0037.*{bound}000 ms")
        head = answer(origin, site, raw_client(site))
        assert head.status == 504
        site.wait_access(" 504 .* refused=origin-timeout$")
        assert site.status.refused() == {"origin-timeout": 1}


def test_a_route_has_a_handshake_timeout_of_its_own(httpd, raw_client):
    with ScriptedOrigin(SLOW["silence"]) as origin:
        site = httpd(f'WSFlowTimeout handshake=1h\nWSFlowPass /x "{origin.url("/x")}" handshake=700ms')
        site.log.expect("WSF0037.*700 ms")
        assert answer(origin, site, raw_client(site)).status == 504


def test_silence_in_the_origins_tls_handshake_is_a_gateway_error(httpd, raw_origin, raw_client):
    origin = raw_origin()
    site = httpd(f'WSFlowTimeout handshake=1s\nWSFlowPass /x "{origin.url("/x", "wss")}"')
    site.log.allow(r"AH\d+")
    site.log.expect(r"WSF003[23]")
    client = raw_client(site)
    client.send_handshake("/x")
    wire = origin.accept()
    assert client.read_head().status in (502, 504)
    wire.close()


def test_interim_answers_are_passed_over(httpd, raw_client):
    def script(wire, head):
        wire.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        switching(wire, head)
    with ScriptedOrigin(script) as origin:
        site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
        assert answer(origin, site, raw_client(site)).status == 101


def test_endless_interim_answers_are_502(httpd, raw_client):
    with ScriptedOrigin(say(b"HTTP/1.1 100 Continue\r\n\r\n" * 50)) as origin:
        site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
        site.log.expect("WSF0035")
        assert answer(origin, site, raw_client(site)).status == 502


def test_the_server_serves_on_after_each(httpd, echo, raw_client, connect):
    with ScriptedOrigin(MISBEHAVIOUR["garbage"][0]) as bad:
        site = httpd(f'WSFlowPass /x "{bad.url("/x")}"\nWSFlowPass /good "{echo().url("/good")}"')
        site.log.expect("WSF0034")
        client = raw_client(site)
        assert answer(bad, site, client).status == 502
        assert connect(site.url("ws", "/good")).echo("still here") == "still here"

"""The client's side of the handshake: what is refused, with which status, before the origin hears of it."""

import pytest

from handshake import KEY, accept_of
from origin import ScriptedOrigin, echo_frames

GOOD = [
    {},
    {"replace": {"Connection": "keep-alive, Upgrade"}},
    {"replace": {"Connection": "keep-alive,uPgRaDe , x"}},
    {"replace": {"Upgrade": "WebSocket"}},
    {"headers": [("Origin", "https://elsewhere.example")]},
    {"headers": [("Sec-WebSocket-Protocol", "a, b"), ("Sec-WebSocket-Extensions", "x-unknown; a=1")]},
    {"headers": [("Content-Length", "0")]},
    {"version": "HTTP/1.2"},
]

BAD = {
    "post": (400, {"method": "POST", "headers": [("Content-Length", "0")]}, "bad-method"),
    "head": (400, {"method": "HEAD"}, "bad-method"),
    "no key": (400, {"drop": ["Sec-WebSocket-Key"]}, "bad-key"),
    "empty key": (400, {"replace": {"Sec-WebSocket-Key": ""}}, "bad-key"),
    "short key": (400, {"replace": {"Sec-WebSocket-Key": "dG9vIHNob3J0"}}, "bad-key"),
    "long key": (400, {"replace": {"Sec-WebSocket-Key": "dGhpcyBrZXkgaXMgbG9uZ2VyIHRoYW4gMTY="}}, "bad-key"),
    "key no base64": (400, {"replace": {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZ!=="}}, "bad-key"),
    "unpadded key": (400, {"replace": {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ"}}, "bad-key"),
    "two equal keys": (400, {"headers": [("Sec-WebSocket-Key", KEY)]}, "bad-key"),
    "two keys": (400, {"headers": [("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")]}, "bad-key"),
    "no version": (426, {"drop": ["Sec-WebSocket-Version"]}, "bad-version"),
    "version 8": (426, {"replace": {"Sec-WebSocket-Version": "8"}}, "bad-version"),
    "version 14": (426, {"replace": {"Sec-WebSocket-Version": "14"}}, "bad-version"),
    "version 013": (426, {"replace": {"Sec-WebSocket-Version": "013"}}, "bad-version"),
    "two versions": (426, {"headers": [("Sec-WebSocket-Version", "8")]}, "bad-version"),
    "no connection": (400, {"drop": ["Connection"]}, "bad-connection"),
    "connection keep-alive": (400, {"replace": {"Connection": "keep-alive"}}, "bad-connection"),
    "connection close": (400, {"replace": {"Connection": "close"}}, "bad-connection"),
    "a body": (400, {"headers": [("Content-Length", "5")], "early": b"hello"}, "has-body"),
    "a chunked body": (400, {"headers": [("Transfer-Encoding", "chunked")], "early": b"0\r\n\r\n"}, "has-body"),
    "HTTP/1.0": (400, {"version": "HTTP/1.0"}, "bad-http-version"),
    "HTTP/2.0": (400, {"version": "HTTP/2.0"}, "bad-http-version"),
    "HTTP/3.0": (400, {"version": "HTTP/3.0"}, "bad-http-version"),
}
# No handshakes at all: an http:// route serves them (test_115_ordinary_requests.py).
ORDINARY = ["post", "head", "no connection", "connection keep-alive", "connection close"]
REFUSED = [("ws", name) for name in BAD] + [("http", name) for name in BAD if name not in ORDINARY]

# httpd's own 400s.
HTTPD = {
    "no host": {"drop": ["Host"]},
    "a NUL": {"headers": [("X-Nul", "a\0b")]},
    "a folded line": {"headers": [("X-Fold", "a\r\n b" * 5000)]},
    "a field too long": {"headers": [("X-Long", "a" * 9000)]},
    "a field without colon": {"headers": [("X Bad", "1")]},
    "too many fields": {"headers": [(f"X-{i}", "1") for i in range(120)]},
    "both lengths": {"headers": [("Content-Length", "5"), ("Content-Length", "6")]},
}


def exchange(client, shape):
    shape = dict(shape)
    client.send_handshake("/x", shape.pop("headers", ()), **shape)
    return client.read_head()


@pytest.mark.parametrize("shape", GOOD, ids=[str(shape)[:60] for shape in GOOD])
def test_good_handshakes_open_a_tunnel(httpd, echo, raw_client, shape):
    site = httpd(f'WSFlowPass /x "{echo().url("/x")}"')
    assert exchange(raw_client(site), shape).status == 101


@pytest.mark.parametrize("scheme,name", REFUSED)
def test_bad_handshakes_are_refused(httpd, raw_origin, raw_client, name, scheme):
    status, shape, reason = BAD[name]
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x", scheme)}"')
    head = exchange(raw_client(site), shape)
    assert head.status == status, head.raw
    assert head.all("sec-websocket-version") == (["13"] if status == 426 else [])
    assert origin.untouched()
    site.wait_access(f" {status} .* refused={reason}$")
    assert site.status.refused() == {reason: 1}
    assert site.status.total() == 0


@pytest.mark.parametrize("name", HTTPD)
def test_httpds_own_refusals_stay(httpd, raw_origin, raw_client, name):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    head = exchange(raw_client(site), HTTPD[name])
    assert head.status == 400, head.raw
    assert origin.untouched()
    assert site.status.refused() == {}


def test_the_connection_serves_on_after_a_refusal(httpd, echo, raw_client):
    site = httpd(f'WSFlowPass /x "{echo().url("/x")}"')
    client = raw_client(site)
    client.send_handshake("/x", replace={"Sec-WebSocket-Version": "7"})
    head = client.read_head()
    client.read_body(head)
    assert head.status == 426
    client.send_handshake("/x")
    assert client.read_head().status == 101


def test_errordocument_dresses_a_refusal(httpd, echo, raw_client):
    site = httpd(f'WSFlowPass /x "{echo().url("/x")}"\nErrorDocument 426 "thirteen, please"')
    client = raw_client(site)
    client.send_handshake("/x", replace={"Sec-WebSocket-Version": "7"})
    head = client.read_head()
    assert client.read_body(head) == b"thirteen, please"
    assert (head.status, head.get("sec-websocket-version")) == (426, "13")


def test_the_101_is_written_as_all_clients_take_it(httpd, raw_origin, raw_client):
    """Several clients compare the whole value of Connection, and refuse white space that RFC 9110 allows (findings/)."""
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    client = raw_client(site)
    client.send_handshake("/x", [("Sec-WebSocket-Protocol", "a, b")])
    with origin.accept() as server:
        accept = accept_of(server.read_head().get("sec-websocket-key"))
        server.send(("HTTP/1.1 101 Switching Protocols\r\nUpgrade:\tWebSocket \r\nConnection: keep-alive , upgrade\r\n"
                     f"Sec-WebSocket-Accept:{accept}  \r\nSec-WebSocket-Protocol:\t b \t\r\n\r\n").encode())
        lines = client.read_head().raw.decode().split("\r\n")
    for line in ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept}", "Sec-WebSocket-Protocol: b"):
        assert line in lines
    assert [line for line in lines if line.lower().startswith("connection")] == ["Connection: Upgrade"]


@pytest.mark.parametrize("setting", ["force-proxy-request-1.0", "proxy-nokeepalive", "proxy-initial-not-pooled"])
def test_what_other_requests_need_is_not_for_handshakes(httpd, raw_client, setting):
    """There is no handshake in HTTP/1.0; the pages beside it still get it."""
    with ScriptedOrigin(lambda wire, head: echo_frames(wire, head) if head.get("upgrade") else
                        wire.send(b"HTTP/1.0 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")) as origin:
        site = httpd(f'SetEnv {setting} 1\nWSFlowPass /x "{origin.url("/x", "http")}"')
        assert exchange(raw_client(site), {}).status == 101
        assert origin.heads[-1].first == "GET /x HTTP/1.1"
        assert site.get("/x/page").status == 200
        page = "HTTP/1.0" if setting == "force-proxy-request-1.0" else "HTTP/1.1"
        assert origin.heads[-1].first == f"GET /x/page {page}"

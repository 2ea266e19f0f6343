"""What an origin says instead of 101 reaches the client as the HTTP response that it is."""

import pytest

from h2_client import h2_connect
from origin import ScriptedOrigin
from wait import wait_until

PAGE = b"no, not you\n"

FRAMINGS = {
    "a length": lambda: (b"Content-Length: %d\r\n\r\n" % len(PAGE) + PAGE, False),
    "chunks": lambda: (b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(b"1\r\n%c\r\n" % c for c in PAGE)
                       + b"0\r\nX-Trailer: 1\r\n\r\n", False),
    "a close": lambda: (b"Connection: close\r\n\r\n" + PAGE, True),
    "a length and a close": lambda: (b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(PAGE) + PAGE, True),
}


def refusing(status, rest, closes=False, fields=b""):
    def script(wire, head):
        wire.send(b"HTTP/1.1 %s\r\nContent-Type: text/plain\r\n%s%s" % (status, fields, rest))
        if closes:
            wire.close()
    return script


def ask(client, path="/x", **shape):
    client.send_handshake(path, **shape)
    head = client.read_head()
    return head, client.read_body(head)


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("status", [b"401 Unauthorized", b"403 Forbidden", b"404 Not Found", b"410 Gone"])
def test_refusals_pass_with_their_body(httpd, raw_client, status, framing):
    rest, closes = FRAMINGS[framing]()
    with ScriptedOrigin(refusing(status, rest, closes, b'WWW-Authenticate: Basic realm="o"\r\nX-Own: yes\r\n')) as origin:
        site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
        client = raw_client(site)
        head, body = ask(client)
        assert head.first.encode() == b"HTTP/1.1 " + status
        assert body == PAGE
        assert head.get("x-own") == "yes"
        assert head.get("content-type") == "text/plain"
        assert head.get("www-authenticate") == 'Basic realm="o"'
        assert head.get("upgrade") is None and head.get("sec-websocket-accept") is None
        # The same connection serves on.
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.read_head().status == 200
        site.wait_access(rf" {status[:3].decode()} 12 .* refused=origin-status$")
        site.log.expect(f"WSF0073: .* {status[:3].decode()}")
        assert site.status.refused() == {"origin-status": 1}


@pytest.mark.memcheck(client_tls=True)
@pytest.mark.parametrize("client_tls", [False, True])
@pytest.mark.parametrize("framing", FRAMINGS)
def test_refusals_of_tls_origins_pass(httpd, raw_client, certs, client_tls, framing):
    rest, closes = FRAMINGS[framing]()
    with ScriptedOrigin(refusing(b"403 Forbidden", rest, closes), certs.origin_context()) as origin:
        site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
        head, body = ask(raw_client(site, client_tls))
        assert (head.status, body) == (403, PAGE)


def test_a_large_body_passes_whole(httpd, raw_client):
    page = bytes(range(256)) * 20_000
    with ScriptedOrigin(refusing(b"403 Forbidden", b"Content-Length: %d\r\n\r\n" % len(page) + page)) as origin:
        site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
        assert ask(raw_client(site))[1] == page


def test_redirects_are_mapped_back(httpd, raw_client):
    def script(wire, head):
        target = origin.url("/x/elsewhere", "http").encode()
        refusing(b"302 Found", b"Content-Length: 0\r\n\r\n", fields=b"Location: " + target + b"\r\n"
                 b"Set-Cookie: a=b; Domain=inner.example; Path=/x\r\n")(wire, head)
    with ScriptedOrigin(script) as origin:
        site = httpd(f'WSFlowPass /front "{origin.url("/x")}"\nProxyPassReverse /front "{origin.url("/x", "http")}"\n'
                     "ProxyPassReverseCookieDomain inner.example outer.example\nProxyPassReverseCookiePath /x /front")
        head, _ = ask(raw_client(site), "/front")
        assert head.status == 302
        assert head.get("location") == site.url("http", "/front/elsewhere")
        assert head.all("set-cookie") == ["a=b; Domain=outer.example; Path=/front"]


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_answers_without_a_body_end_at_once(httpd, raw_client, status):
    with ScriptedOrigin(refusing(status, b"\r\n")) as origin:
        site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
        client = raw_client(site)
        client.send_handshake("/x")
        assert client.read_head().first.encode() == b"HTTP/1.1 " + status
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.read_head().status == 200


def test_proxyerroroverride_and_errordocument_replace_the_page(httpd, raw_client):
    rest, _ = FRAMINGS["a length"]()
    with ScriptedOrigin(refusing(b"404 Not Found", rest)) as origin:
        site = httpd(f'ProxyErrorOverride On\nErrorDocument 404 "our own page"\nWSFlowPass /x "{origin.url("/x")}"')
        head, body = ask(raw_client(site))
        assert (head.status, body) == (404, b"our own page")


def test_without_proxyerroroverride_errordocument_stays_out(httpd, raw_client):
    rest, _ = FRAMINGS["a length"]()
    with ScriptedOrigin(refusing(b"404 Not Found", rest)) as origin:
        site = httpd(f'ErrorDocument 404 "our own page"\nWSFlowPass /x "{origin.url("/x")}"')
        assert ask(raw_client(site))[1] == PAGE


@pytest.mark.parametrize("status", [502, 504])
def test_errordocument_replaces_our_own_gateway_errors(httpd, raw_client, status):
    def script(wire, head):
        if status == 504:
            wire.read_until_closed()
        wire.close()
    with ScriptedOrigin(script) as origin:
        # The closing origin gets all the time it wants: if it were late, that would be a 504.
        patience = "500ms" if status == 504 else "1h"
        site = httpd(f'WSFlowTimeout handshake={patience}\nErrorDocument {status} "come back later"\n'
                     f'WSFlowPass /x "{origin.url("/x")}"')
        site.log.expect("WSF003[79]")
        head, body = ask(raw_client(site))
        assert (head.status, body) == (status, b"come back later")


@pytest.mark.parametrize("framing", [b"Content-Length: 1000\r\n\r\nhalf", b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
                                     b"Transfer-Encoding: chunked\r\n\r\nzzz\r\nhalf\r\n"])
def test_a_body_that_breaks_off_ends_the_connection(httpd, raw_client, framing):
    with ScriptedOrigin(refusing(b"403 Forbidden", framing, closes=True)) as origin:
        site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
        site.log.allow("WSF0040")
        client = raw_client(site)
        client.send_handshake("/x")
        head = client.read_head()
        if head.status == 403:
            assert b"\r\n0\r\n" not in client.read_until_closed(), "a broken body must not look whole"
        else:
            assert head.status == 502


EVENTS = [b"data: %d\n\n" % number for number in range(4)]
STREAMS = {
    "chunks": (b"Transfer-Encoding: chunked\r\n", lambda data: b"%x\r\n%s\r\n" % (len(data), data)),
    "a close": (b"Connection: close\r\n", lambda data: data),
    "a length": (b"Content-Length: 100000\r\n", lambda data: data),
}


class OverHttp1:
    """What a client sees of an answer as it comes."""

    def __init__(self, client, framing):
        self._client, self._chunked = client, framing != "a length"
        client.send_handshake("/x")

    def head(self):
        return self._client.read_head().status

    def read(self, count):
        if not self._chunked:
            return self._client.read(count)
        body = b""
        while len(body) < count:
            size = b""
            while not size.endswith(b"\r\n"):
                size += self._client.read(1)
            body += self._client.read(int(size, 16))
            self._client.read(2)
        return body

    def leave(self):
        self._client.close()


class OverHttp2:
    def __init__(self, client):
        self._stream = client.begin("/x")

    def head(self):
        self._stream.wait_head()
        return self._stream.status

    def read(self, count):
        return self._stream.read(count)

    def leave(self):
        self._stream.cancel()


@pytest.mark.parametrize("framing", STREAMS)
@pytest.mark.parametrize("over", ["plain", "tls", "http2"])
@pytest.mark.parametrize("origin_tls", [False, True], ids=["ws", "wss"])
def test_a_body_comes_piece_by_piece(httpd, raw_origin, raw_client, certs, resources, over, framing, origin_tls):
    """Each piece before the origin sends the next; a stream without an end goes on until its client leaves."""
    fields, piece = STREAMS[framing]
    origin = raw_origin(origin_tls)
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"', modules=["http2"],
                 tls_conf="Protocols h2 http/1.1\nH2WebSockets on")
    site.log.expect("WSF0220")
    seen = OverHttp2(h2_connect(site, certs, resources)) if over == "http2" else \
        OverHttp1(raw_client(site, over == "tls"), framing)
    with origin.accept() as wire:
        wire.read_head()
        wire.send(b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/event-stream\r\n" + fields + b"\r\n")
        assert seen.head() == 403
        for event in EVENTS:
            wire.send(piece(event))
            assert seen.read(len(event)) == event
        seen.leave()

        def noticed():
            try:
                wire.send(piece(EVENTS[0]))
            except OSError:
                return True
            return wire.ended()
        wait_until(noticed, "httpd has left the origin", pause=0.01)
        site.wait_access(" 403 .* refused=origin-status$")

"""What httpd puts beside an answer arrives on the 101 and on refusals; what the origin writes badly is mended."""

import pytest

import handshake
from h2_client import h2_connect
from origin import ScriptedOrigin

H2 = dict(modules=["http2"], tls_conf="Protocols h2 http/1.1\nH2WebSockets on")


def answering(status, fields=b"", body=b"no\n"):
    """A script: a good 101, or STATUS with a page; with FIELDS in both."""
    def script(wire, head):
        if status == 101:
            good = handshake.switching(head.get("sec-websocket-key"))
            wire.send(good[:-2] + fields + b"\r\n")
            wire.read_until_closed()
        else:
            wire.send(b"HTTP/1.1 %d Sorry\r\nContent-Length: %d\r\n%s\r\n" % (status, len(body), fields) + body)
    return script


class Fields:
    """Of a stream of HTTP/2, read like those of a head."""

    def __init__(self, stream):
        stream.wait_head()
        self.status = 101 if stream.status == 200 else stream.status
        self._stream = stream

    def all(self, name):
        return [value for field, value in self._stream.fields if field == name]

    def get(self, name, default=None):
        return (self.all(name) or [default])[0]


def ask(site, raw_client, over="plain", path="/x", headers=(), certs=None, resources=None):
    if over == "http2":
        return Fields(h2_connect(site, certs, resources).begin(path))
    client = raw_client(site, over == "tls")
    client.send_handshake(path, headers)
    return client.read_head()


@pytest.mark.parametrize("over", ["plain", "tls", "http2"])
@pytest.mark.parametrize("status", [101, 403])
def test_header_lines_and_cookies_of_modules_arrive(httpd, raw_client, certs, resources, status, over):
    with ScriptedOrigin(answering(status, b"Set-Cookie: own=1\r\nX-Own: yes\r\nX-Unset: 1\r\n")) as origin:
        site = httpd('Header always set X-Always "a %{WSFLOW_OUTCOME}e"\nHeader set X-Success b\nHeader unset X-Unset\n'
                     'Header add Set-Cookie "ROUTEID=.%{BALANCER_WORKER_ROUTE}e; path=/" env=BALANCER_ROUTE_CHANGED\n'
                     "CookieTracking On\nCookieName track\n"
                     f'<Proxy "balancer://b">\nBalancerMember "{origin.url("")}" route=one\nProxySet stickysession=ROUTEID\n'
                     '</Proxy>\nWSFlowPass /x "balancer://b/x"', modules=["http2", "usertrack"], tls_conf=H2["tls_conf"])
        site.log.expect("WSF0220", *(["WSF0075"] if over == "http2" and status == 101 else []))
        head = ask(site, raw_client, over, certs=certs, resources=resources)
        assert head.status == status
        assert head.all("x-always") == [f"a {'tunnel' if status == 101 else 'refused'}"]
        assert head.all("x-success") == ["b"] and head.all("x-own") == ["yes"] and head.all("x-unset") == []
        cookies = head.all("set-cookie")
        if over == "http2" and status == 101:  # mod_http2 joins the values of a 101
            cookies = cookies[0].split(", ")
        assert sorted(cookie.split("=")[0] for cookie in cookies) == ["ROUTEID", "own", "track"], cookies
        assert "ROUTEID=.one; path=/" in cookies


@pytest.mark.parametrize("status", [101, 403])
def test_sessions_are_renewed(httpd, raw_client, status):
    """The origin may change the session too, by a field that is meant for httpd alone."""
    with ScriptedOrigin(answering(status, b"X-Replace-Session: user=anna\r\n")) as origin:
        site = httpd("Session On\nSessionCookieName s path=/\nSessionMaxAge 1000\nSessionHeader X-Replace-Session\n"
                     f'WSFlowPass /x "{origin.url("/x")}"', modules=["session", "session_cookie"])
        head = ask(site, raw_client)
        assert head.status == status
        (cookie,) = head.all("set-cookie")
        assert cookie.startswith("s=") and "user=anna" in cookie and "Max-Age=1000" in cookie
        assert head.get("x-replace-session") is None


@pytest.mark.parametrize("setting,words", [("Off", None), ("Block", None), ("On", r"1.1 localhost"), ("Full", "1.1 localhost")])
@pytest.mark.parametrize("status", [101, 403])
def test_via_is_told_as_proxyvia_says(httpd, raw_client, status, setting, words):
    with ScriptedOrigin(answering(status, b"Via: 1.0 inner\r\n")) as origin:
        site = httpd(f'ProxyVia {setting}\nWSFlowPass /x "{origin.url("/x")}"')
        vias = ask(site, raw_client).all("via")
        assert vias[0] == "1.0 inner"
        if words is None:
            assert vias[1:] == []
        else:
            comment = " (Apache/2.4." if setting == "Full" else ""
            assert len(vias) == 2 and vias[1].startswith(f"{words}:{site.http_port}{comment}"), vias
            assert vias[1].endswith(")") == (setting == "Full")


def test_every_challenge_survives_proxyerroroverride(httpd, raw_client):
    challenges = ['Negotiate', 'Basic realm="one"', 'Bearer realm="two", scope="a b"']
    fields = "".join(f"WWW-Authenticate: {each}\r\n" for each in challenges).encode()
    with ScriptedOrigin(answering(401, fields)) as origin:
        site = httpd(f'ProxyErrorOverride On\nErrorDocument 401 "our own page"\nWSFlowPass /x "{origin.url("/x")}"')
        client = raw_client(site)
        client.send_handshake("/x")
        head = client.read_head()
        assert (head.status, client.read_body(head)) == (401, b"our own page")
        assert head.all("www-authenticate") == challenges


@pytest.mark.parametrize("override", ["Off", "On"])
@pytest.mark.parametrize("over", ["plain", "http2"])
def test_the_upgrade_of_an_origins_426_passes(httpd, raw_client, certs, resources, override, over):
    fields = b"Upgrade: h2c, WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13, 8\r\n"
    with ScriptedOrigin(answering(426, fields)) as origin:
        site = httpd(f'ProxyErrorOverride {override}\nWSFlowPass /x "{origin.url("/x")}"', **H2)
        site.log.expect("WSF0220")
        head = ask(site, raw_client, over, certs=certs, resources=resources)
        assert head.status == 426 and head.all("sec-websocket-version") == ["13, 8"]
        if over == "http2":
            assert head.get("upgrade") is None and head.get("connection") is None
        else:
            assert (head.all("upgrade"), head.all("connection")) == (["websocket"], ["Upgrade"])


def test_other_protocols_of_an_origin_are_not_offered(httpd, raw_client):
    with ScriptedOrigin(answering(403, b"Upgrade: h2c\r\nConnection: Upgrade\r\n")) as origin:
        site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
        assert ask(site, raw_client).get("upgrade") is None


@pytest.mark.memcheck
def test_what_the_ends_have_agreed_on_is_not_changed(httpd, raw_client):
    script = answering(101, b"Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: a\r\nSec-WebSocket-Extensions: b; c=1\r\n")
    with ScriptedOrigin(script) as origin:
        site = httpd('<Location /x>\nHeader set Sec-WebSocket-Accept wrong\nHeader unset Sec-WebSocket-Protocol\n'
                     'Header always set Sec-WebSocket-Extensions other\nHeader set Connection close\nHeader set Upgrade h2c\n'
                     f'Header always set Content-Length 5\nHeader set Transfer-Encoding chunked\nWSFlowPass "{origin.url("/x")}"\n</Location>')
        head = ask(site, raw_client, headers=[("Sec-WebSocket-Protocol", "chat"), ("Sec-WebSocket-Extensions", "a, b; c")])
        assert head.status == 101
        assert head.all("sec-websocket-accept") == [handshake.accept_of(handshake.KEY)]
        assert head.all("sec-websocket-protocol") == ["chat"]
        assert head.all("sec-websocket-extensions") == ["a", "b; c=1"]
        assert (head.all("connection"), head.all("upgrade")) == (["Upgrade"], ["websocket"])
        assert head.get("content-length") is None and head.get("transfer-encoding") is None


@pytest.mark.memcheck
def test_no_line_of_a_client_gets_into_the_101(httpd, raw_client):
    with ScriptedOrigin(answering(101)) as origin:
        site = httpd('Header set X-Echo "expr=%{unescape:%{QUERY_STRING}}"\nHeader set X-Good yes\n'
                     f'WSFlowPass /x "{origin.url("/x")}"')
        head = ask(site, raw_client, path="/x?a%0d%0aX-Evil:%201")
        assert head.status == 101 and head.get("x-good") == "yes"
        assert head.get("x-evil") is None and head.get("x-echo") is None
        site.log.expect("WSF0251: .*X-Echo")
        assert ask(site, raw_client, path="/x?plain").get("x-echo") == "plain"


# A head of an origin, as it is sent, and the fields that the client gets.
MENDED = {
    "a space before the colon": (b"X-Own : 1\r\nX-Tab\t: 2\r\n", {"x-own": ["1"], "x-tab": ["2"]}),
    "a folded line": (b"X-Own: one\r\n two\r\n\tthree \r\nX-Next: 4\r\n", {"x-own": ["one", "two", "three"], "x-next": ["4"]}),
    "a folded empty line": (b"X-Own: one\r\n \r\nX-Next: 4\r\n", {"x-own": ["one"], "x-next": ["4"]}),
    "a colon in a folded line": (b"X-Own: one\r\n X-Evil: 1\r\n", {"x-own": ["one", "X-Evil:", "1"], "x-evil": []}),
    "bare line feeds": (b"X-Own : one\n two\nX-Next: 4\n", {"x-own": ["one", "two"], "x-next": ["4"]}),
}


@pytest.mark.parametrize("status", [101, 403])
@pytest.mark.parametrize("name", MENDED)
def test_old_ways_of_writing_fields_are_mended(httpd, raw_client, name, status):
    """RFC 9112 5.1 and 5.2, of a proxy."""
    written, fields = MENDED[name]
    with ScriptedOrigin(answering(status, written)) as origin:
        site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
        client = raw_client(site)
        client.send_handshake("/x")
        head = client.read_head()
        assert head.status == status
        for field, words in fields.items():
            assert " ".join(head.all(field)).split() == words
        assert b" :" not in head.raw and b"\t:" not in head.raw and b"\n " not in head.raw and b"\n\t" not in head.raw
        if status != 101:
            assert client.read_body(head) == b"no\n"


@pytest.mark.memcheck
def test_the_101_itself_may_be_written_so(httpd, raw_client):
    def script(wire, head):
        accept = handshake.accept_of(head.get("sec-websocket-key"))
        wire.send(("HTTP/1.1 101 Switching Protocols\r\nUpgrade : websocket\r\nConnection: keep-alive,\r\n Upgrade\r\n"
                   f"Sec-WebSocket-Accept:\r\n {accept}\r\n\r\n").encode())
        wire.read_until_closed()

    with ScriptedOrigin(script) as origin:
        site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
        head = ask(site, raw_client)
        assert head.status == 101 and head.get("sec-websocket-accept") == handshake.accept_of(handshake.KEY)


UNMENDED = {
    "white space behind the status line": b"HTTP/1.1 101 Switching Protocols\r\n X: 1\r\n\r\n",
    "a fold before the colon": b"HTTP/1.1 101 Switching Protocols\r\nX\r\n : 1\r\n\r\n",
    "a space inside a name": b"HTTP/1.1 101 Switching Protocols\r\nX Y: 1\r\n\r\n",
    "no name": b"HTTP/1.1 101 Switching Protocols\r\n : 1\r\n\r\n",
    "a bare return in a fold": b"HTTP/1.1 101 Switching Protocols\r\nX: 1\r\r\n 2\r\n\r\n",
}


@pytest.mark.parametrize("name", UNMENDED)
def test_what_could_be_read_in_two_ways_is_refused(httpd, raw_client, name):
    def script(wire, head):
        wire.send(UNMENDED[name])
        wire.read_until_closed()

    with ScriptedOrigin(script) as origin:
        site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
        site.log.expect("WSF0034")
        assert ask(site, raw_client).status == 502


@pytest.mark.parametrize("written", [b"Transfer-Encoding : chunked\r\n", b"Transfer-Encoding:\r\n chunked\r\n"])
def test_a_mended_encoding_frames_the_body(httpd, raw_client, written):
    """Were the field passed on and not understood, the body would end elsewhere for the next one."""
    def script(wire, head):
        wire.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n" + written + b"\r\n2\r\nno\r\n0\r\n\r\n")
        wire.read_until_closed()

    with ScriptedOrigin(script) as origin:
        site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
        client = raw_client(site)
        client.send_handshake("/x")
        head = client.read_head()
        assert (head.status, client.read_body(head)) == (403, b"no")
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.read_head().status == 200

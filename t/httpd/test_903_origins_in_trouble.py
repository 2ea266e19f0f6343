"""docs/troubleshooting.md: what comes from the origin's side, what the log says of it, and the cure."""

import os
import re

import pytest

import handshake
from origin import RefusingOrigin, ScriptedOrigin, echo_frames
from pages import Guest, Page, assert_said, modules_of, pattern, stock
from wait import wait_until

pytestmark = pytest.mark.bulk

PAGE = Page("docs/troubleshooting.md")


@pytest.fixture
def play(httpd):
    """play(NAME, …) is an httpd with that block, or with the CONF in its place."""
    def make(name="", conf="", main="", **ports):
        text = PAGE.block(name, **ports) if name else ""
        return httpd(f"{conf}\n{text}", main=main, modules=modules_of(text))
    return make


def says(site, name):
    lines = PAGE.find(name).text.splitlines()
    # What the page shows is a complaint.
    site.log.allow(*re.findall(r"WSF\d{4}|AH\d{5}", PAGE.find(name).text))
    wait_until(lambda: all(site.log.lines(pattern(line)) for line in lines), f"the log has {lines}",
               report=lambda: site.log.text()[-2000:])


def stock_of(httpd, conf):
    return stock(httpd(conf, start=False))


def status_of(site, path="/chat", **shape):
    with Guest(site.address(), path, **shape) as guest:
        return guest.head.status


def refusing(status):
    def script(wire, head):
        wire.send(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
        wire.close()
    return ScriptedOrigin(script)


class Engine:
    """An application as socket.io makes them: a session that begins with an ordinary request, and is known here alone."""

    def __init__(self, name):
        self.name, self.sessions = name, set()

    def __call__(self, wire, head):
        session = re.search(r"sid=(\w+)", head.path)
        if not session:
            self.sessions.add(known := f"{self.name}{len(self.sessions)}")
            self._answer(wire, "200 OK", known)
        elif session[1] not in self.sessions:
            self._answer(wire, "400 Bad Request", '{"code":1,"message":"Session ID unknown"}')
        else:
            echo_frames(wire, head)

    @staticmethod
    def _answer(wire, status, body):
        wire.send(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
        wire.close()


@pytest.mark.parametrize("cured", [False, True])
def test_two_origins(play, cured):
    with ScriptedOrigin(Engine("one")) as one, ScriptedOrigin(Engine("two")) as two:
        ports = {"p9000": int(one.url().split(":")[2].strip("/")), "p9001": int(two.url().split(":")[2].strip("/"))}
        conf = PAGE.block("sticky", **ports)
        if not cured:
            conf = "\n".join(line for line in conf.splitlines() if "Header" not in line).replace("stickysession=ROUTEID", "")
        server, _, route = conf.partition("WSFlowPass")
        site = play(conf="WSFlowPass" + route + ("\n" + server.splitlines()[0] if cured else ""),
                    main="\n".join(server.splitlines()[1 if cured else 0:]))
        got = set()
        for _ in range(20):
            answer = site.get("/chat")
            cookie = answer.headers.get("set-cookie", "").split(";")[0]
            headers = [("Cookie", cookie)] if cookie else []
            got.add(status_of(site, f"/chat?sid={answer.text}", headers=headers))
    assert got == {101} if cured else 400 in got
    if not cured:
        assert site.status.refused().keys() == {"origin-status"}


def test_the_origin_says_no(play):
    with refusing(404) as origin:
        site = play(conf=f'WSFlowPass /chat "{origin.url("/chat")}"\n'
                         f'<Location "/closed">\nWSFlowPass "{origin.url("/chat")}"\nRequire all denied\n</Location>')
        assert status_of(site) == 404
        says(site, "says-no-log")
        assert site.status.refused() == {"origin-status": 1}
        assert status_of(site, "/closed") == 403
        assert site.status.refused() == {"origin-status": 1}
        site.log.allow("authz_core:error")


def test_the_wrong_order(httpd, echo):
    page, chat = echo(), echo()
    conf = PAGE.block("wrong-order", p9000=page.port, p9001=chat.port)
    site = httpd(tail=f"<VirtualHost *:80>\nServerName chat.example.org\n{conf}\n</VirtualHost>")
    site.log.expect("WSF0283")
    site.log.allow("WSF0271")  # the status has no hole in that route
    assert_said(PAGE.find("wrong-order-says"), site.configtest()[1])
    assert status_of(site) == 101 and not chat.requests


def test_nobody_listens(play, httpd):
    with RefusingOrigin() as origin:
        site = play(conf=f'WSFlowPass /chat "{origin.url("/chat")}"')
        assert status_of(site) == 502
        says(site, "refused-log")
        assert site.status.refused() == {"origin-connect": 1}
        # mod_proxy's words and status for the same.
        site = stock_of(httpd, f'ProxyPass /chat "{origin.url("/chat")}"')
        site.log.expect("AH00957", "AH01114")
        assert status_of(site) == 503


@pytest.mark.skipif(os.geteuid() != 0, reason="children are the same user as the test")
def test_permission_denied(play, echo):
    origin = echo(unix=True)
    os.chmod(origin.path, 0o700)
    site = play(conf=f'WSFlowPass /chat "{origin.url("/chat")}"')
    assert status_of(site) == 502
    says(site, "forbidden-log")
    os.chmod(origin.path, 0o777)
    wait_until(lambda: status_of(site) == 101, "the origin is reached")


def test_certificates(httpd, echo, certs, tmp_path):
    origin = echo(tls=True)
    tmp_path.chmod(0o755)

    def site_of(ca, host="127.0.0.1"):
        tls = PAGE.block("certificate-cure").replace("/etc/ssl/certs/ca-certificates.crt", str(ca))
        site = httpd(tail=f"<VirtualHost *:80>\nServerName chat.example.org\n{tls}\n"
                          f'WSFlowPass /chat "wss://{host}:{origin.port}/chat"\n</VirtualHost>')
        site.log.allow("ssl:error")
        return site

    assert status_of(site_of(certs.ca)) == 101
    other = site_of(type(certs)(tmp_path / "other").ca)
    assert status_of(other) == 502
    says(other, "certificate-log")
    # The same address by another name, which is not in the certificate.
    other = site_of(certs.ca, "127.1")
    assert status_of(other) == 502
    says(other, "name-log")


def answering(**fields):
    def script(wire, head):
        accept = handshake.accept_of(head.get("sec-websocket-key"))
        told = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept, **fields}
        wire.send(("HTTP/1.1 101 Switching Protocols\r\n" + "".join(f"{name}: {value}\r\n" for name, value in told.items()) +
                   "\r\n").encode())
        wire.read_until_closed()
    return ScriptedOrigin(script)


def test_a_wrong_101(play, httpd):
    for fields, log in (({"Sec-WebSocket-Accept": "c29tZXRoaW5nIGVsc2U="}, "accept-log"),
                        ({"Sec-WebSocket-Protocol": "chat"}, "sub-protocol-log")):
        with answering(**fields) as origin:
            site = play(conf=f'WSFlowPass /chat "{origin.url("/chat")}"')
            assert status_of(site) == 502
            says(site, log)
            assert site.status.refused() == {"origin-bad-answer": 1}
    with answering(**{"Sec-WebSocket-Accept": "c29tZXRoaW5nIGVsc2U="}) as origin:
        assert status_of(stock_of(httpd, f'ProxyPass /chat "{origin.url("/chat")}"')) == 101
    with answering(**{"Sec-WebSocket-Protocol": "chat"}) as origin:
        site = play(conf=f'WSFlowSubprotocolCheck Off\nWSFlowPass /chat "{origin.url("/chat")}"')
        assert status_of(site) == 101


def test_a_slow_origin(play, raw_origin):
    origin = raw_origin()
    site = play("slow", p9000=origin.port)
    assert status_of(site) == 504
    says(site, "slow-log")
    assert site.status.refused() == {"origin-timeout": 1}


def test_compressed_messages(play, raw_origin, raw_client, resources):
    origin = raw_origin()
    site = play("strip", p9000=origin.port)
    for path, offered in (("/chat", None),):
        client = raw_client(site)
        client.send_handshake(path, [("Sec-WebSocket-Extensions", "permessage-deflate")])
        server = origin.accept_tunnel()
        resources.append(server)
        assert server.head.get("sec-websocket-extensions") == offered
        assert client.read_head().get("sec-websocket-extensions") is None
    site = play(conf=PAGE.block("strip", p9000=origin.port).replace("WSFlowExtensions strip", ""))
    client = raw_client(site)
    client.send_handshake("/chat", [("Sec-WebSocket-Extensions", "permessage-deflate")])
    server = origin.accept_tunnel([("Sec-WebSocket-Extensions", "permessage-deflate")])
    resources.append(server)
    assert client.read_head().get("sec-websocket-extensions") == "permessage-deflate"

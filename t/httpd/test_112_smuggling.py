"""Only a verified 101 opens a tunnel (CVE-2019-17567): anything else leaves the client's further bytes to httpd."""

import pytest

import handshake
from origin import ScriptedOrigin
from wait import wait_until
from wire import Closed

PROBE = b"GET /probe HTTP/1.1\r\nHost: a\r\n\r\n"

ANSWERS = {
    "200": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "200 with upgrade": b"HTTP/1.1 200 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nok",
    "426": b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nno",
    "200 with a right accept": b"HTTP/1.1 200 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                               b"Sec-WebSocket-Accept: %s\r\nContent-Length: 2\r\n\r\nok"
                               % handshake.accept_of(handshake.KEY).encode(),
    "200 and a 101 behind it": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + handshake.switching(handshake.KEY),
    "199": b"HTTP/1.1 199 Nearly\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
}


def wiretap(answer, seen):
    """Answers, and keeps whatever still arrives."""
    def script(wire, head):
        wire.send(answer)
        while True:
            seen.append(wire.read(1))
    return script


@pytest.mark.parametrize("scheme", ["ws", "http"])
@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("glued", [True, False], ids=["pipelined", "afterwards"])
def test_bytes_behind_a_refused_upgrade_are_httpds(httpd, raw_client, scheme, name, glued):
    seen = []
    with ScriptedOrigin(wiretap(ANSWERS[name], seen)) as origin:
        site = httpd(f'WSFlowPass /x "{origin.url("/x", scheme)}"')
        client = raw_client(site)
        client.send_handshake("/x", early=PROBE if glued else b"")
        head = client.read_head()
        assert head.status == (426 if name == "426" else 200)
        client.read_body(head)
        if not glued:
            client.send(PROBE)
        assert client.read_head().status == 404
        site.wait_access('"GET /probe HTTP/1.1" 404')
        assert seen == []
        assert site.status.total() == 0


@pytest.mark.parametrize("name", ["a wrong accept", "no accept"])
def test_bytes_behind_an_unverified_101_are_httpds(httpd, raw_client, name):
    seen = []
    accept = b"Sec-WebSocket-Accept: bm90IHRoaXMgb25lIQ==\r\n" if name == "a wrong accept" else b""
    answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + accept + b"\r\n"
    with ScriptedOrigin(wiretap(answer, seen)) as origin:
        site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
        site.log.expect("WSF0072")
        client = raw_client(site)
        client.send_handshake("/x", early=PROBE)
        head = client.read_head()
        assert head.status == 502
        client.read_body(head)
        try:
            assert client.read_head().status == 404
        except Closed:
            pass  # httpd may also end the connection after a 502
        assert seen == []


def test_a_refused_handshake_leaves_its_pipelined_request_to_httpd(httpd, raw_origin, raw_client):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x", "http")}"')
    client = raw_client(site)
    client.send_handshake("/x", replace={"Sec-WebSocket-Version": "7"}, early=PROBE)
    head = client.read_head()
    client.read_body(head)
    assert head.status == 426
    assert client.read_head().status == 404
    assert origin.untouched()


@pytest.mark.parametrize("scheme", ["ws", "http"])
def test_other_upgrades_open_nothing(httpd, raw_client, scheme):
    seen = []
    answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"
    with ScriptedOrigin(wiretap(answer, seen)) as origin:
        site = httpd(f'WSFlowPass /x "{origin.url("/x", scheme)}"')
        site.log.allow(r"AH\d+")
        client = raw_client(site)
        client.send_handshake("/x", replace={"Upgrade": "h2c"}, early=PROBE)
        wait_until(lambda: origin.heads, "the origin has the request")
        assert client.read_head().status != 101
        assert seen == [] and site.status.total() == 0

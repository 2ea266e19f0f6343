"""httpd's other directives keep their say over the handshake."""

import base64
import hashlib

import pytest

from wire import RawClient


def head_of(site, path, headers=(), tls=None):
    with RawClient(site.address(bool(tls)), tls) as client:
        client.send_handshake(path, headers)
        head = client.read_head()
        body = client.read_body(head) if head.status != 101 else b""
    return head, body


def test_require_denies_before_the_origin_is_contacted(httpd, raw_origin):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"\n<Location "/x">\n  Require all denied\n</Location>')
    site.log.expect("AH01630")
    head, _ = head_of(site, "/x")
    assert head.status == 403
    assert origin.untouched()
    assert site.status.total() == 0


def test_basic_auth_guards_a_route(httpd, echo, connect):
    origin = echo()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"\n<Location "/x">\n  AuthType Basic\n  AuthName "tunnels"\n'
                 f'  AuthUserFile "${{users}}"\n  Require valid-user\n</Location>', main="", start=False)
    users = site.root / "users"
    users.write_text("ann:{SHA}" + base64.b64encode(hashlib.sha1(b"secret").digest()).decode() + "\n")
    site.write_conf(main=f"Define users {users}")
    site.start()
    head, _ = head_of(site, "/x")
    assert head.status == 401
    assert head.get("www-authenticate") == 'Basic realm="tunnels"'
    assert origin.requests == []
    peer = connect(site.url("ws", "/x"), extra_headers={
        "Authorization": "Basic " + base64.b64encode(b"ann:secret").decode()})
    assert peer.echo("hello") == "hello"
    site.wait_access(r'"GET /x HTTP/1.1" 101')


def test_setenvif_decides_over_access(httpd, echo):
    site = httpd(f'WSFlowPass /x "{echo().url("/x")}"\nSetEnvIf User-Agent "robot" unwanted\n'
                 '<Location "/x">\n  <RequireAll>\n  Require all granted\n  Require not env unwanted\n'
                 '  </RequireAll>\n</Location>')
    site.log.expect("AH01630")
    assert head_of(site, "/x", [("User-Agent", "a robot")])[0].status == 403
    assert head_of(site, "/x", [("User-Agent", "a person")])[0].status == 101


@pytest.mark.parametrize("preserve", ["On", "Off"])
def test_proxypreservehost(httpd, echo, preserve):
    origin = echo()
    site = httpd(f'ProxyPreserveHost {preserve}\nWSFlowPass /x "{origin.url("/x")}"')
    with RawClient(site.address()) as client:
        client.open("/x", replace={"Host": "chat.example.org"})
    expected = "chat.example.org" if preserve == "On" else f"127.0.0.1:{origin.port}"
    assert origin.requests[0][1]["Host"] == expected


@pytest.mark.parametrize("add", ["On", "Off"])
def test_proxyaddheaders(httpd, echo, add):
    origin = echo()
    site = httpd(f'ProxyAddHeaders {add}\nWSFlowPass /x "{origin.url("/x")}"')
    assert head_of(site, "/x")[0].status == 101
    forwarded = {name: origin.requests[0][1].get(name) for name in
                 ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Server")}
    if add == "On":
        assert forwarded == {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "127.0.0.1:%d" % site.http_port,
                             "X-Forwarded-Server": "localhost"}
    else:
        assert set(forwarded.values()) == {None}


def test_requestheader_changes_what_the_origin_sees(httpd, echo):
    origin = echo()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"\nRequestHeader set X-Added "by httpd"\n'
                 'RequestHeader unset X-Secret')
    assert head_of(site, "/x", [("X-Secret", "1"), ("X-Kept", "2"), ("Cookie", "a=b")])[0].status == 101
    seen = origin.requests[0][1]
    assert (seen["X-Added"], seen["X-Kept"], seen["Cookie"]) == ("by httpd", "2", "a=b")
    assert "X-Secret" not in seen


def test_the_origins_headers_on_a_101_reach_the_client_once(httpd, echo, certs):
    site = httpd(f'WSFlowPass /x "{echo().url("/x")}"')
    for tls in (None, certs.client_context()):
        head, _ = head_of(site, "/x", tls=tls)
        for name in ("upgrade", "connection", "sec-websocket-accept", "date", "server"):
            assert len(head.all(name)) == 1, head.raw
        assert head.get("upgrade").lower() == "websocket"
        assert head.get("connection").lower() == "upgrade"


def test_hop_by_hop_fields_of_the_client_stop_at_the_proxy(httpd, echo):
    origin = echo()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    with RawClient(site.address()) as client:
        client.open("/x", [("X-Hop", "1"), ("Keep-Alive", "300"), ("TE", "trailers")],
                    replace={"Connection": "keep-alive, Upgrade, X-Hop"})
    seen = origin.requests[0][1]
    assert seen.get_all("X-Hop") == [] and seen.get_all("Keep-Alive") == []
    assert [value.lower() for value in seen.get_all("Connection")] == ["upgrade"]
    assert seen.get_all("Upgrade") == ["websocket"]


@pytest.mark.parametrize("name", ["unknown CA", "wrong name"])
def test_an_origin_that_fails_sslproxyverify_is_502(httpd, echo, name):
    origin = echo(tls=True)
    conf, url = "SSLProxyVerify require\n", origin.url("/x")
    if name == "wrong name":
        # The certificate is for 127.0.0.1; ::ffff:… is another name for the same address.
        url = url.replace("127.0.0.1", "[::ffff:127.0.0.1]")
    else:
        conf += 'SSLProxyCACertificateFile "/etc/ssl/certs/ca-certificates.crt"\n'
    site = httpd(plain_conf=conf + f'WSFlowPass /x "{url}"')
    site.log.allow(r"AH\d+")
    site.log.expect("WSF0033")
    head, _ = head_of(site, "/x")
    assert head.status == 502
    assert site.status.total() == 0

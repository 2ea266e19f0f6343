"""Clients and origins of other make: npm's ws, Chromium, unix sockets, http:// routes."""

import json
import pathlib
import urllib.parse

import pytest

from chromium import Chromium
from peers import run_npm_client

PAGE = pathlib.Path(__file__).parent / "support" / "chromium_page.html"


@pytest.mark.parametrize("client,origin", [("ws", False), ("ws", True), ("wss", False), ("wss", True)])
def test_npm_ws_exchanges_messages(httpd, echo, certs, client, origin):
    site = httpd(f'WSFlowPass /echo "{echo(tls=origin).url("/echo")}"')
    result = run_npm_client(site.url(client, "/echo"), certs.ca, [0, 2, 126, 65536, 1_000_000])
    assert (result["equal"], result["different"]) == (10, 0)
    assert result["pong"] == "are you there"
    assert result["extensions"] == "permessage-deflate"
    assert (result["code"], result["reason"]) == (4321, "done")


@pytest.mark.timeout(240)
def test_chromium_exchanges_messages(httpd, echo, raw_origin):
    collector = raw_origin()
    plain, secure = echo(), echo(tls=True)
    site = httpd(f'WSFlowPass /plain "{plain.url("/echo")}"\nWSFlowPass /secure "{secure.url("/echo")}"\n'
                 f'ProxyPass /report "{collector.url("/report", "http")}"')
    (site.root / "htdocs" / "page.html").write_text(PAGE.read_text())
    urls = [site.url(scheme, path) for scheme in ("ws", "wss") for path in ("/plain", "/secure")]
    with Chromium(site.url("http", "/page.html?") + urllib.parse.quote(",".join(urls), safe="")):
        wire = collector.accept(60)
        head = wire.read_head()
        results = json.loads(wire.read_body(head))
        wire.send(b"HTTP/1.1 204 No Content\r\n\r\n")
        wire.close()
    assert [result["url"] for result in results] == urls
    for result in results:
        assert (result["equal"], result["different"]) == (4, 0), result
        assert (result["code"], result["reason"], result["clean"]) == (4100, "done", True)
        assert result["extensions"].startswith("permessage-deflate")


@pytest.mark.parametrize("tls", [False, pytest.param(True, marks=pytest.mark.since(2, 4, 59))])
def test_an_origin_behind_a_unix_socket(httpd, echo, connect, tls):
    origin = echo(tls=tls, unix=True)
    site = httpd(f'WSFlowPass /echo "{origin.url("/deep/echo")}"')
    peer = connect(site.url("ws", "/echo/more?a=b"))
    assert peer.echo("over a file") == "over a file"
    (path, headers), = origin.requests
    assert path == "/deep/echo/more?a=b"
    assert headers["Host"] == "localhost"


@pytest.mark.parametrize("tls", [False, True])
def test_an_http_route_carries_requests_and_tunnels(httpd, echo, connect, tls):
    origin = echo(tls=tls)
    site = httpd(f'WSFlowPass /app "{origin.url("/app", "https" if tls else "http")}"')
    assert site.get("/app/http/a").body == b"origin /app/http/a\n"
    peer = connect(site.url("ws", "/app/live"))
    assert peer.echo("live") == "live"
    assert site.get("/app/http/b").body == b"origin /app/http/b\n"
    assert site.status.active() == 1


def test_ordinary_requests_on_a_ws_route_reach_the_origin_as_such(httpd, echo):
    site = httpd(f'WSFlowPass /echo "{echo().url("/echo")}"')
    assert site.get("/echo/http/x").body == b"origin /echo/http/x\n"
    assert site.get("/echo").status == 426
    assert site.status.total() == 0


def test_path_and_query_reach_the_origin_as_proxypass_would_map_them(httpd, echo, connect):
    origin = echo()
    site = httpd(f'WSFlowPass /a/ "{origin.url("/b/c/")}"')
    connect(site.url("ws", "/a/x%20y/z?q=1%262&r")).close()
    assert [path for path, _ in origin.requests] == ["/b/c/x%20y/z?q=1%262&r"]

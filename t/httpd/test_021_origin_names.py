"""Where one worker of mod_proxy stands for many origins, logs, status and actions still name the one; and an origin that
refuses handshakes is named loudly once."""

import http

import pytest

from wait import wait_until

REFUSALS = {403: "allowed", 404: "ProxyPreserveHost", 401: "who the client is", 302: "no redirect", 500: ""}


def origins(site):
    return {row["origin"] for row in site.status.json()["connections"]}


CONFS = {
    "rewrite": 'RewriteEngine On\nRewriteRule ^/x(.*)$ "{scheme}://127.0.0.1:{port}/x$1" [P]',
    "rewrite in a section": '<Location /x>\nRewriteEngine On\nRewriteRule . "{scheme}://127.0.0.1:{port}/x" [P]\n</Location>',
    "proxypassmatch": 'ProxyPassMatch "^/x/(\\d+)$" "{scheme}://127.0.0.1:$1/x"',
    "handler": '<Location /x>\nSetHandler "proxy:{scheme}://127.0.0.1:{port}/"\n</Location>',
}


@pytest.mark.parametrize("scheme", ["ws", "http"])
@pytest.mark.parametrize("how", CONFS)
def test_the_origin_has_its_name_everywhere(httpd, echo, connect, how, scheme):
    origin = echo()
    site = httpd(f"WSFlow On\n{CONFS[how].format(scheme=scheme, port=origin.port)}", start=False)
    log = site.root / "tunnels.log"
    site.write_conf(main=f'WSFlowLog "{log}" "%{{origin}}w"')
    site.start()
    name = f"{scheme}://127.0.0.1:{origin.port}"
    peer = connect(site.url("ws", f"/x/{origin.port}"))
    assert peer.echo("a") == "a"
    site.status.wait_active(1)
    assert origins(site) == {name}
    assert site.log.lines(f"WSF0074.* to {name}$")
    code = site.get("/wsflow-status").text
    assert name in code and "proxy:reverse" not in code
    assert site.status.act(action="close", origin="proxy:reverse").status == 200
    assert site.status.active() == 1
    assert site.status.act(action="close", origin=name, code="1012").status == 200
    site.status.wait_active(0)
    wait_until(lambda: log.exists() and log.read_text() == f"{name}\n", "the tunnel log has its line", report=log.read_text)


def test_a_worker_that_is_one_origin_keeps_its_name(httpd, echo, connect):
    origin = echo()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    peer = connect(site.url("ws", "/x"))
    assert peer.echo("a") == "a"
    assert origins(site) == {origin.url("/x")}


def test_a_unix_socket_behind_a_handler_is_named(httpd, echo, connect):
    origin = echo(unix=True)
    site = httpd(f'WSFlow On\n<Location /x>\nSetHandler "proxy:{origin.url("")}"\n</Location>')
    peer = connect(site.url("ws", "/x"))
    assert peer.echo("a") == "a"
    assert origins(site) == {f"unix:{origin.path}|ws://localhost:80"}


@pytest.mark.parametrize("status", REFUSALS)
def test_the_first_refusal_of_an_origin_is_told_loudly(httpd, raw_origin, raw_client, status):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /a "{origin.url("/a")}"\nWSFlowPass /b "{origin.url("/b")}"')

    def refuse(path):
        client = raw_client(site)
        client.send_handshake(path)
        server = origin.accept()
        server.read_head()
        server.send(f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}\r\nContent-Length: 0\r\n\r\n".encode())
        assert client.read_head().status == status

    for path in ("/a", "/a", "/b", "/a", "/b"):
        refuse(path)
    site.log.expect("WSF0073")
    lines = site.log.lines("WSF0073")
    assert len(lines) == 5 and [":warn" in line for line in lines] == [True, False, True, False, False]
    assert f"the origin {origin.url('/a')} (route /a) refused the handshake with {status}" in lines[0]
    assert REFUSALS[status] in lines[0]


def test_clients_that_choose_origins_fill_neither_log_nor_labels(httpd, raw_origin, raw_client):
    chosen = [raw_origin() for _ in range(4)]
    site = httpd('WSFlow On\nRewriteEngine On\nRewriteRule ^/to/([0-9]+)$ ws://127.0.0.1:$1/ [P]')
    site.log.expect("WSF0073")
    for origin in chosen:
        client = raw_client(site)
        client.send_handshake(f"/to/{origin.port}")
        server = origin.accept()
        server.read_head()
        server.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        assert client.read_head().status == 403
    lines = site.log.lines("WSF0073")
    assert [":warn" in line for line in lines] == [True, False, False, False]
    assert all(f"the origin ws://127.0.0.1:{origin.port} (route none" in line for origin, line in zip(chosen, lines))

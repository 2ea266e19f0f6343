"""WSFlow On: the upgrades of mod_proxy's own routes. Off, the default: they are not ours."""

import pytest

WSTUNNEL = ["proxy_wstunnel"]


def one_tunnel(connect, site, path, count=1):
    peer = connect(site.url("ws", path))
    assert peer.echo("ours") == "ours"
    active = site.status.active()
    peer.close()
    assert active == count


@pytest.mark.parametrize("scheme", ["ws", "http"])
def test_proxypass_routes_are_taken(httpd, echo, connect, scheme):
    origin = echo()
    site = httpd(f'WSFlow On\nProxyPass /echo "{origin.url("/echo", scheme)}"', modules=WSTUNNEL)
    one_tunnel(connect, site, "/echo")
    assert [path for path, _ in origin.requests] == ["/echo"]


def test_an_http_proxypass_still_serves_requests(httpd, echo, connect):
    origin = echo()
    site = httpd(f'WSFlow On\nProxyPass /app "{origin.url("/app", "http")}"')
    assert site.get("/app/http/x").body == b"origin /app/http/x\n"
    one_tunnel(connect, site, "/app/live")


@pytest.mark.parametrize("scheme", ["ws", "http"])
def test_rewrite_rules_with_p_are_taken(httpd, echo, connect, scheme):
    origin = echo()
    site = httpd('WSFlow On\nRewriteEngine On\nRewriteCond %{HTTP:Upgrade} websocket [NC]\n'
                 f'RewriteRule ^/app/(.*)$ "{origin.url("/new/$1", scheme)}" [P]', modules=WSTUNNEL)
    one_tunnel(connect, site, "/app/live")
    assert [path for path, _ in origin.requests] == ["/new/live"]


def test_proxypass_in_location_is_taken(httpd, echo, connect):
    origin = echo()
    site = httpd(f'<Location "/a">\n  WSFlow On\n  ProxyPass "{origin.url("/a")}"\n</Location>', modules=WSTUNNEL)
    one_tunnel(connect, site, "/a")


def test_wsflow_on_in_the_main_server_reaches_virtual_hosts(httpd, echo, connect):
    site = httpd(f'ProxyPass /echo "{echo().url("/echo")}"', main="WSFlow On", modules=WSTUNNEL)
    one_tunnel(connect, site, "/echo")


def test_wsflow_off_in_a_location_keeps_ours_out(httpd, echo, connect):
    origin = echo()
    site = httpd(f'WSFlow On\nProxyPass /a "{origin.url("/a")}"\nProxyPass /b "{origin.url("/b")}"\n'
                 '<Location "/b">\n  WSFlow Off\n</Location>', modules=WSTUNNEL)
    one_tunnel(connect, site, "/a")
    site.status.wait_active(0)
    one_tunnel(connect, site, "/b", count=0)


@pytest.mark.parametrize("main", ["", "WSFlow Off"])
def test_by_default_mod_proxys_routes_are_left_alone(httpd, echo, connect, main):
    site = httpd(f'ProxyPass /echo "{echo().url("/echo")}"', main=main, modules=WSTUNNEL)
    if not main:
        site.log.expect('WSF0282: .*write "WSFlow On"')
    one_tunnel(connect, site, "/echo", count=0)
    assert site.status.total() == 0

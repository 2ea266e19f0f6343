"""The status page stays reachable beside routes for everything, and who hides it is told which line to write."""

import re

import pytest

EXCLUDED = '<Location "/wsflow-status">\nSetHandler wsflow-status\nWSFlowPass !\n</Location>'
FRONT = 'ProxyPassMatch "^/(index.html)?$" !\n'  # the page by which the test knows that httpd answers
HIDDEN = "WSF0271.*the status at /wsflow-status cannot be reached in the virtual host localhost:"


def is_the_status(site):
    return site.get("/wsflow-status?auto").text.startswith("WSFlow")


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("directive", ["WSFlowPass", "ProxyPass", "ProxyPassMatch"])
def test_wsflowpass_off_in_the_location_keeps_it(httpd, echo, connect, directive, order):
    """Pages and sockets alike: mod_proxy maps both."""
    origin = echo()
    route = f'{directive} / "{origin.url("/", "http")}"'
    if directive == "ProxyPassMatch":
        route = f'{directive} "^/(.*)$" "{origin.url("/$1", "http")}"'
    parts = [FRONT + route, EXCLUDED]
    site = httpd("WSFlow On\n" + "\n".join(parts[::-1] if order else parts), start=False)
    code, said = site.configtest()
    assert code == 0 and "WSF0271" not in said, said
    site.start()
    assert is_the_status(site)
    assert site.get("/http/wsflow-status").body.startswith(b"origin ")
    assert connect(site.url("ws", "/live")).echo("x") == "x"
    # A handshake there is no matter of the origin either.
    assert site.get("/wsflow-status", headers={"Connection": "Upgrade", "Upgrade": "websocket"}).status == 200
    assert site.status.active() >= 0


def test_the_location_of_the_main_server_is_enough_for_virtual_hosts(httpd, echo):
    origin = echo()
    site = httpd(f'{FRONT}WSFlowPass / "{origin.url("/", "http")}"', main=EXCLUDED)
    assert is_the_status(site) and not site.log.lines("WSF0271")


@pytest.mark.parametrize("route,line", [
    ("WSFlowPass / http://127.0.0.1:9/", r'the route / http://127.0.0.1:9/ takes it: write "WSFlowPass !" into '
                                         r'<Location "/wsflow-status">'),
    ("WSFlowPass /wsflow-status ws://127.0.0.1:9/", 'write "WSFlowPass !"'),
    ("ProxyPass / http://127.0.0.1:9/", 'write "WSFlowPass !"'),
    ("ProxyPassMatch ^/(.*)$ http://127.0.0.1:9/$1", 'write "WSFlowPass !"'),
    ("WSFlowPass /app http://127.0.0.1:9/\nProxyPass / balancer://x/\n<Proxy balancer://x>\nBalancerMember "
     "http://127.0.0.1:9\n</Proxy>", "the route / balancer://x/"),
    ('<Location "/">\nWSFlowPass http://127.0.0.1:9/\n</Location>', "write behind that section"),
    ('<Location "/">\nProxyPass http://127.0.0.1:9/\n</Location>', "write behind that section"),
    ("RewriteEngine On\nRewriteRule ^/(.*)$ http://127.0.0.1:9/$1 [P,L]",
     r"RewriteRule \^/.* takes it: write \"RewriteRule \^/wsflow-status - \[END\]\" ahead of it"),
    ("RewriteEngine On\nRewriteCond %{HTTP:Upgrade} websocket [NC]\nRewriteRule ^/(.*)$ ws://127.0.0.1:9/$1 [P]\n"
     "RewriteRule ^/(.*)$ http://127.0.0.1:9/$1 [P]", "RewriteRule"),
    ("WSFlowPass / http://127.0.0.1:9/ mapping=encoded\n" + EXCLUDED, 'write "WSFlowPass ! mapping=encoded" into'),
    ("WSFlowPass / http://127.0.0.1:9/\n" + EXCLUDED.replace("!", "! mapping=encoded"), 'write "WSFlowPass !" into'),
    *(("RewriteEngine On\nRewriteCond %{HTTP:Upgrade} =websocket [NC]\nRewriteRule /(.*) ws://127.0.0.1:9/$1 [P,L]\n"
       f"{cond}\nRewriteRule /(.*) http://127.0.0.1:9/$1 [P,L]", r"RewriteRule /\(\.\*\) http")
      for cond in ("RewriteCond %{HTTP:Upgrade} !=websocket [NC]", "RewriteCond %{HTTP:Upgrade} !websocket [NC]",
                   'RewriteCond %{HTTP:upgrade} =""', "RewriteCond %{HTTP:Upgrade} ^$\nRewriteCond %{HTTP:Connection} !upgrade [NC]",
                   "RewriteCond %{REQUEST_URI} !^/api")),
])
def test_what_hides_it_is_told_at_the_start(httpd, route, line):
    code, said = httpd(plain_conf=route, start=False).configtest()
    assert code == 0 and re.search(HIDDEN + ".*" + line, said), said
    assert said.count("WSF0271") == 1


@pytest.mark.parametrize("conf", [
    "WSFlowPass /app http://127.0.0.1:9/",
    "WSFlowPass /wsflow-stat http://127.0.0.1:9/",
    "ProxyPass /wsflow-status !\nProxyPass / http://127.0.0.1:9/",
    "WSFlowPass /wsflow-status !\nWSFlowPass / http://127.0.0.1:9/",
    "ProxyPassMatch ^/wsflow-status !\nProxyPass / http://127.0.0.1:9/",
    "SetEnvIf Request_URI ^/wsflow-status no-proxy\nProxyPass / http://127.0.0.1:9/",
    '<Location "/">\nProxyPass http://127.0.0.1:9/\n</Location>\n' + EXCLUDED,
    "RewriteEngine On\nRewriteRule ^/wsflow-status - [END]\nRewriteRule ^/(.*)$ http://127.0.0.1:9/$1 [P]",
    "RewriteEngine On\nRewriteCond %{REQUEST_URI} !^/wsflow-status\nRewriteRule ^/(.*)$ http://127.0.0.1:9/$1 [P]",
    "WSFlowPass / http://127.0.0.1:9/ mapping=encoded\n" + EXCLUDED.replace("!", "! mapping=encoded"),
    "RewriteEngine On\nRewriteCond %{REQUEST_URI} !^/WSFLOW-status [NC]\nRewriteCond %{HTTP:Upgrade} !=websocket [NC]\n"
    "RewriteRule ^/(.*)$ http://127.0.0.1:9/$1 [P]",
    "RewriteEngine On\nRewriteCond %{REQUEST_URI} ^/api [OR]\nRewriteCond %{REQUEST_URI} ^/app\nRewriteRule ^/(.*)$ http://127.0.0.1:9/$1 [P]",
    "RewriteEngine On\nRewriteCond %{HTTP:Upgrade} websocket\nRewriteRule ^ - [C]\nRewriteRule ^/(.*)$ http://127.0.0.1:9/$1 [P]",
    "RewriteEngine On\nRewriteCond %{REQUEST_URI} ^/wsflow\nRewriteRule ^ - [L]\n"
    "RewriteRule ^/(.*)$ http://127.0.0.1:9/$1 [P]",
    "RewriteRule ^/(.*)$ http://127.0.0.1:9/$1 [P]",
    "RewriteEngine On\nRewriteRule !^/wsflow http://127.0.0.1:9/$1 [P]",
])
def test_what_does_not_hide_it_is_not_told(httpd, conf):
    code, said = httpd(conf, start=False).configtest()
    assert code == 0 and "WSF0271" not in said, said


def test_the_engine_of_the_main_server_counts_in_its_hosts(httpd):
    """And the host is told by the port that it has."""
    rule = "RewriteRule ^/(.*)$ http://127.0.0.1:9/$1 [P]"
    site = httpd(plain_conf=rule, main="RewriteEngine On", start=False)
    code, said = site.configtest()
    assert code == 0 and re.search(f"{HIDDEN}{site.http_port}: RewriteRule", said), said
    site.write_conf(plain_conf=f"RewriteEngine Off\n{rule}")
    assert site.configtest() == (0, "Syntax OK\n")


def test_a_route_of_the_main_server_is_told_once(httpd):
    code, said = httpd(main="WSFlowPass / http://127.0.0.1:9/", start=False).configtest()
    assert code == 0 and said.count("WSF0271") == 1, said


@pytest.mark.parametrize("conf", [
    "RewriteEngine On\nRewriteCond %{{HTTP_HOST}} 127.0.0.1\nRewriteRule ^/wsflow(.*)$ {url}/wsflow$1 [P]",
    '<Location "/wsflow-status">\nRewriteEngine On\nRewriteRule . {url}/wsflow-status [P]\n</Location>',
    "SetEnvIf Never ^x no-proxy\nWSFlowPass /wsflow-status {url}/wsflow-status",
])
def test_what_no_line_tells_is_told_by_the_first_request(httpd, echo, conf):
    url = echo().url("/http", "http")
    site = httpd(plain_conf=conf.format(url=url))
    site.log.expect("WSF0272.*cannot be reached in the virtual host localhost: .*WSFlowPass !.*RewriteRule")
    for _ in range(3):
        assert site.get("/wsflow-status").status == 200 and not is_the_status(site)
    assert len(site.log.lines("WSF0272")) == 1
    assert not site.log.lines("WSF0271")


def test_where_the_application_answers_limits_hold(httpd, echo):
    """The page is never refused; what hides it is no such page."""
    url = echo().url("/http", "http")
    site = httpd(plain_conf=f"WSFlowPass /wsflow-status {url}/wsflow-status\nWSFlowLimit x rate=1/h")
    site.log.expect("WSF0271")
    site.log.allow("WSF0272", "WSF0140")
    assert [site.get("/wsflow-status").status for _ in range(2)] == [503, 503]

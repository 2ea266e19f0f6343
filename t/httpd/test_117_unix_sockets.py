"""Two applications at Unix sockets behind one host name: mod_proxy knows both by that name."""

import re

import pytest

from handshake import switching
from origin import ScriptedOrigin


def application(name):
    """Tells its NAME, to handshakes and to others."""
    def script(wire, head):
        if head.get("upgrade"):
            wire.send(switching(head.get("sec-websocket-key"), [("X-App", name)]))
            wire.read_until_closed()
        else:
            wire.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\nX-App: %s\r\nContent-Length: 0\r\n\r\n" % name.encode())
    return script


@pytest.fixture
def two():
    with ScriptedOrigin(application("one"), unix=True) as one, ScriptedOrigin(application("two"), unix=True) as other:
        yield one, other


def passes(site):
    """Whether configtest does; of what mod_proxy tunnels by itself it tells, too (WSF0282)."""
    status, said = site.configtest()
    return status == 0 and all("WSF0282" in line or line == "Syntax OK" for line in said.splitlines())


PAIRS = {
    "WSFlowPass": "WSFlowPass /one {0}\nWSFlowPass /two {1}",
    "ProxyPass taken over": "WSFlow On\nProxyPass /one {0}\nProxyPass /two {1}",
    "one of each": "ProxyPass /one {0}\nWSFlowPass /two {1}",
    "the other one of each": "WSFlowPass /one {0}\nProxyPass /two {1}",
    "in locations": "<Location /one>\nWSFlowPass {0}\n</Location>\n<Location /two>\nWSFlowPass {1}\n</Location>",
    "taken over in a location": "<Location /one>\nWSFlow On\nProxyPass {0}\n</Location>\n"
                                "<Location /two>\nWSFlow On\nProxyPass {1}\n</Location>",
}


@pytest.mark.parametrize("scheme", ["ws", "http"])
@pytest.mark.parametrize("pair", PAIRS)
def test_the_second_is_no_way_to_the_first(httpd, raw_client, two, pair, scheme):
    """configtest names the line to write, and with that line each is reached."""
    urls = [each.url("/", scheme) for each in two]
    site = httpd(PAIRS[pair].format(*urls), start=False)
    status, said = site.configtest()
    assert status != 0
    (line,) = [line for line in said.splitlines() if "WSF0253" in line]
    assert f" {urls[1]} would reach" in line and re.search(r"httpd\.conf:\d+: \w+Pass ", line)
    written = re.search(r'write "([^"]+)"', line)[1]
    assert written.startswith(urls[1].split("|")[0] + "|")
    site.write_conf(conf=PAIRS[pair].format(urls[0], written))
    assert passes(site)
    site.start()
    site.log.allow("WSF0282")
    for path in ("one", "two"):
        client = raw_client(site)
        if (pair, path) != ("one of each", "one") and (pair, path) != ("the other one of each", "two"):
            client.send_handshake(f"/{path}")
            assert client.read_head().get("x-app") == path
        if scheme == "http":
            assert site.get(f"/{path}").headers["x-app"] == path


@pytest.mark.parametrize("port,status", [("", 502), (":8001", 101)])
def test_a_rewrite_rule_is_no_way_to_the_first(httpd, raw_client, two, port, status):
    """What it names is known with the request only."""
    urls = [each.url("/") for each in two]
    site = httpd(f'WSFlow On\nWSFlowPass /one "{urls[0]}"\nRewriteEngine On\n'
                 f'RewriteRule "^/two$" "{urls[1].replace("localhost", "localhost" + port)}" [P]')
    if port == "":
        site.log.expect("WSF0254")
    client = raw_client(site)
    client.send_handshake("/two")
    head = client.read_head()
    assert (head.status, head.get("x-app")) == (status, "two" if status == 101 else None)


def test_the_main_servers_and_a_virtual_hosts(httpd, two):
    urls = [each.url("/") for each in two]
    site = httpd(f"WSFlowPass /two {urls[1]}", main=f"WSFlowPass /one {urls[0]}", start=False)
    status, said = site.configtest()
    assert status != 0 and "WSF0253" in said


def test_an_origin_by_tcp_of_the_same_name(httpd, two):
    site = httpd(f"WSFlowPass /one {two[0].url('/')}\nWSFlowPass /two ws://localhost/", start=False)
    status, said = site.configtest()
    assert status != 0 and re.search(rf"WSF0253: .*WSFlowPass /two ws://localhost/ .* write \"{re.escape(two[0].url('').split('|')[0])}", said)


def test_two_members_of_a_balancer(httpd, two):
    urls = [each.url("", "http") for each in two]
    members = '<Proxy "balancer://b">\nBalancerMember "{}"\nBalancerMember "{}"\n</Proxy>\nWSFlowPass /x balancer://b/'
    site = httpd(members.format(*urls), start=False)
    status, said = site.configtest()
    assert status != 0
    written = re.search(r'WSF0253: .*BalancerMember .* write "([^"]+)"', said)[1]
    site.write_conf(conf=members.format(urls[0], written))
    assert passes(site)


@pytest.mark.parametrize("conf", [
    "WSFlowPass /a {0}\nWSFlowPass /b {0}",
    "WSFlowPass /a {0}\nWSFlowPass /b {0}deeper",
    "WSFlowPass /a {0}one\nWSFlowPass /b {1}two",
    "ProxyPass /a {0}\nProxyPass /b {1}\nWSFlowPass /c ws://127.0.0.1:9/",
    "WSFlow On\nProxyPass /a unix:/one|fcgi://localhost/\nProxyPass /b unix:/two|fcgi://localhost/",
    "WSFlowPass /a ws://localhost/\nWSFlowPass /b {1}",
])
def test_what_is_right_or_not_ours_is_let_be(httpd, two, conf):
    site = httpd(conf.format(*(each.url("/") for each in two)), modules=["proxy_fcgi"], start=False)
    assert passes(site)

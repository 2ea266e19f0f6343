"""balancer:// with members: both are used, a dead one is passed over, busy is counted while a tunnel lives."""

import re

from origin import RefusingOrigin
from wait import wait_until


def balancer(members, method="byrequests"):
    lines = "\n".join(f'BalancerMember "{url}" {more}' for url, more in members)
    return (f'<Proxy "balancer://pool">\n{lines}\nProxySet lbmethod={method}\n</Proxy>\n'
            'WSFlowPass /echo "balancer://pool/echo"\n')


def names(connect, site, count):
    found = []
    for _ in range(count):
        peer = connect(site.url("ws", "/echo/name"))
        found.append(peer.recv())
        peer.close()
    return found


def test_both_members_get_tunnels(httpd, echo, connect):
    one, two = echo(name="one"), echo(name="two", tls=True)
    site = httpd(plain_conf=balancer([(one.url(""), ""), (two.url(""), "")]))
    assert sorted(names(connect, site, 4)) == ["one", "one", "two", "two"]


def test_a_member_that_refuses_connections_is_passed_over(httpd, echo, connect):
    alive = echo(name="alive")
    with RefusingOrigin() as dead:
        site = httpd(plain_conf=balancer([(dead.url(""), ""), (alive.url(""), "")]))
        site.log.allow("AH01114", "WSF0031")
        assert names(connect, site, 4) == ["alive"] * 4


def test_http_members_carry_requests_and_tunnels(httpd, echo, connect):
    one = echo(name="one")
    site = httpd(plain_conf=balancer([(one.url("", "http"), "")]))
    assert site.get("/echo/http/page").body == b"one /echo/http/page\n"
    assert names(connect, site, 1) == ["one"]


def busy_of(site):
    return {url: int(busy) for url, busy in re.findall(
        r"Worker\[\d+\]Name: (\S+)[\s\S]*?Busy: (\d+)", site.get("/server-status?auto").text)}


def test_busy_counts_a_tunnel_for_all_its_life(httpd, echo, connect):
    one, two = echo(name="one"), echo(name="two")
    site = httpd(plain_conf=balancer([(one.url(""), ""), (two.url(""), "")], "bybusyness") + "ProxyStatus On\n")
    first = connect(site.url("ws", "/echo/name"))
    second = connect(site.url("ws", "/echo/name"))
    assert sorted((first.recv(), second.recv())) == ["one", "two"]
    # Whoever serves one less gets the next.
    leaving, staying = first, second
    leaving.close()
    site.status.wait_active(1)
    third = connect(site.url("ws", "/echo/name"))
    fourth_name = third.recv()
    staying.close()
    site.status.wait_active(1)
    assert fourth_name in ("one", "two")
    third.close()
    site.status.wait_active(0)
    wait_until(lambda: set(busy_of(site).values()) <= {0}, f"nobody is busy: {busy_of(site)}")

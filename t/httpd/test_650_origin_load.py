"""What tunnels add to mod_proxy's `busy` of a balancer's members is right over reloads and crashes."""

import os
import re
import signal

import pytest

from wait import wait_until


def balanced(origins):
    members = "".join(f'BalancerMember "{origin.url("")}"\n' for origin in origins)
    return f'<Proxy "balancer://all">\n{members}ProxySet lbmethod=bybusyness\n</Proxy>\n' \
           'WSFlowPass /echo "balancer://all/echo"\n'


def busy_of(site):
    found = re.findall(r"Worker\[\d+\]Name: (\S+)[\s\S]*?Busy: (\d+)", site.get("/server-status?auto").text)
    return {url: int(busy) for url, busy in found}


def wait_busy(site, counts):
    wait_until(lambda: sorted(busy_of(site).values()) == counts, f"the members' busy is {counts}",
               report=lambda: busy_of(site))


@pytest.fixture
def pair(httpd, echo):
    origins = [echo(name="one"), echo(name="two")]
    return httpd(plain_conf=balanced(origins), main="ProxyStatus On\n")


def test_tunnels_in_a_keeper_are_load_of_the_new_generation(pair, connect):
    peers = [connect(pair.url("ws", "/echo/name")) for _ in range(6)]
    wait_busy(pair, [3, 3])
    pair.graceful()
    wait_busy(pair, [3, 3])
    ones = [peer for peer in peers if peer.recv() == "one"]
    for peer in ones:
        peer.close()
    wait_busy(pair, [0, 3])
    # The next ones go where there is room.
    fresh = [connect(pair.url("ws", "/echo/name")) for _ in range(3)]
    assert [peer.recv() for peer in fresh] == ["one"] * 3
    pair.graceful()
    wait_busy(pair, [3, 3])
    for peer in peers + fresh:
        if peer not in ones:
            peer.close()
    wait_busy(pair, [0, 0])


def test_a_dead_process_is_no_load(pair, connect):
    old = [connect(pair.url("ws", "/echo/name")) for _ in range(4)]
    pair.graceful()
    wait_busy(pair, [2, 2])
    keeper = next(p["pid"] for p in pair.status.json()["processes"] if p["kind"] == "keeper")
    new = [connect(pair.url("ws", "/echo/name")) for _ in range(2)]
    wait_busy(pair, [3, 3])
    os.kill(keeper, signal.SIGKILL)
    wait_busy(pair, [1, 1])
    pair.log.allow("AH00052")
    os.kill(pair.child(), signal.SIGKILL)
    wait_busy(pair, [0, 0])
    for peer in old + new:
        peer.wait_closed()

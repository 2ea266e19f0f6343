"""lbmethod=wsflow: the member with the fewest tunnels gets the next one, over all processes; one that comes back begins
slowly."""

import collections
import os
import signal

import pytest

from test_651_worker_down import MANAGER, set_status
from wait import wait_until
from wire import RawClient

NAMES = ("one", "two", "three")
MANY = "AsyncRequestWorkerFactor 64\nWSFlowMaxHandshakes 400\n"


def balancer(origins, *more, pool="", scheme=None):
    """Each origin with what MORE has for it; POOL goes into the section."""
    members = "".join(f'BalancerMember "{origin.url("", scheme)}" route={name} {each}\n'
                      for origin, name, each in zip(origins, NAMES, more or [""] * len(origins)))
    return (f'<Proxy "balancer://pool">\n{members}ProxySet lbmethod=wsflow stickysession=ROUTE\n{pool}</Proxy>\n'
            'WSFlowPass /echo "balancer://pool/echo"\n'
            f'<Location {MANAGER}>\nSetHandler balancer-manager\n</Location>\n')


@pytest.fixture
def three(echo):
    return [echo(name=name) for name in NAMES]


@pytest.fixture
def opened(connect):
    """opened(site, count) has made so many tunnels, one after the other: pairs of the member's name and the client."""
    def make(site, count, route=None):
        clients = [connect(site.url("ws", "/echo/name"), extra_headers={"Cookie": f"ROUTE=.{route}"} if route else {})
                   for _ in range(count)]
        return [(client.recv(), client) for client in clients]
    return make


def counts(tunnels):
    return collections.Counter(name for name, _ in tunnels)


def test_300_handshakes_at_a_time_spread_evenly(httpd, raw_origin, resources):
    """No origin answers: what counts is what was chosen."""
    origins = [raw_origin() for _ in NAMES]
    site = httpd(plain_conf=balancer(origins), main=MANY, children=3)
    site.log.allow("WSF0038", "WSF0039")  # the origins end first
    clients = [RawClient(site.address()) for _ in range(300)]
    resources.extend(clients)
    for client in clients:
        client.send_handshake("/echo")
    accepted = [[], [], []]

    def look():
        for wires, origin in zip(accepted, origins):
            while not origin.untouched():
                wires.append(origin.accept())
                resources.append(wires[-1])
        return sum(map(len, accepted)) == 300

    wait_until(look, "all handshakes are at the origins", report=lambda: list(map(len, accepted)))
    assert all(abs(len(wires) - 100) <= 3 for wires in accepted), list(map(len, accepted))


@pytest.mark.parametrize("mpm", ["event", "worker", "prefork"])
def test_tunnels_of_all_processes_count(httpd, three, opened, mpm):
    site = httpd(plain_conf=balancer(three), mpm=mpm, **({"children": 3} if mpm != "prefork" else {}))
    site.log.allow("WSF0075", "WSF0081")
    assert counts(opened(site, 12)) == dict.fromkeys(NAMES, 4)


def test_weights_are_obeyed(httpd, three, opened):
    site = httpd(plain_conf=balancer(three, "loadfactor=1", "loadfactor=2", "loadfactor=3"), children=2)
    assert counts(opened(site, 24)) == {"one": 4, "two": 8, "three": 12}


def test_a_reload_keeps_the_counts(httpd, three, opened):
    site = httpd(plain_conf=balancer(three))
    tunnels = opened(site, 12)
    site.graceful()
    for name, client in tunnels:
        if name == "two":
            client.close()
    site.status.wait_active(8)
    assert counts(opened(site, 4)) == {"two": 4}
    assert counts(opened(site, 3)) == dict.fromkeys(NAMES, 1)


def test_what_a_dead_process_had_does_not_count(httpd, three, opened):
    site = httpd(plain_conf=balancer(three))
    assert counts(opened(site, 6, route="two")) == {"two": 6}
    assert counts(opened(site, 4)) == {"one": 2, "three": 2}
    site.log.allow("AH00052")
    child = site.child()
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: child not in site.children() and site.status.active() == 0, "the child has gone")
    assert counts(opened(site, 6)) == dict.fromkeys(NAMES, 2)


def test_a_session_counts_before_its_tunnel_is_there(httpd, raw_origin, raw_client, opened, echo, resources):
    """mod_proxy does not ask the method for the member of a session."""
    held, others = raw_origin(), [echo(name=name) for name in NAMES[1:]]
    site = httpd(plain_conf=balancer([held, *others]))
    clients = [raw_client(site) for _ in range(5)]
    for client in clients:
        client.send_handshake("/echo", [("Cookie", "ROUTE=.one")])
    resources.extend(held.accept() for _ in clients)
    assert counts(opened(site, 8)) == {"two": 4, "three": 4}
    # A client that leaves takes its count along.
    for client in clients:
        client.close()
    site.log.wait_for("WSF0364", len(clients))
    site.log.allow("WSF0038", "WSF0039")
    raw_client(site).send_handshake("/echo")
    resources.append(held.accept())


def test_equals_share_what_does_not_stay(httpd, three):
    """Requests one after the other find members without any load."""
    site = httpd(plain_conf=balancer(three, scheme="http"))
    assert {site.get("/echo/http").text.split()[0] for _ in range(60)} == set(NAMES)


def test_spares_and_sets_are_mod_proxys_business(httpd, three, opened):
    site = httpd(plain_conf=balancer(three, "", "lbset=1", "status=+H"))
    assert counts(opened(site, 4)) == {"one": 4}
    set_status(site, "pool", three[0], "D", True)
    assert counts(opened(site, 3)) == {"three": 3}
    set_status(site, "pool", three[2], "D", True)
    assert counts(opened(site, 3)) == {"two": 3}


def test_two_nodes_share_origins(httpd, three, opened):
    sites = [httpd(plain_conf=balancer(three), children=2) for _ in range(2)]
    assert [counts(opened(site, 9)) for site in sites] == [dict.fromkeys(NAMES, 3)] * 2


@pytest.mark.parametrize("line,least,most", [("WSFlowSlowStart 1h", 0, 8), ("", 0, 25), ("WSFlowSlowStart 0", 30, 30)])
@pytest.mark.parametrize("place", ["section", "server"])
def test_a_member_that_was_drained_begins_slowly(httpd, three, opened, line, least, most, place):
    site = httpd(plain_conf=balancer(three, pool=f"{line}\n" if place == "section" else ""), children=2,
                 main=f"{line}\n" if place == "server" else "")
    set_status(site, "pool", three[2], "N", True)
    assert counts(opened(site, 80)) == {"one": 40, "two": 40}
    set_status(site, "pool", three[2], "N", False)
    assert least <= counts(opened(site, 30))["three"] <= most
    assert len(site.log.lines("WSF0430: the worker .* of balancer://pool is in use again")) == 1


def test_slow_start_comes_to_its_end(httpd, three, opened):
    site = httpd(plain_conf=balancer(three), main="WSFlowSlowStart 2s\n", children=2)
    set_status(site, "pool", three[2], "D", True)
    opened(site, 80)
    set_status(site, "pool", three[2], "D", False)
    first = [name for name, _ in opened(site, 6)]
    assert first.count("three") < 6
    seen = []

    def all_of_it():
        seen.extend(name for name, _ in opened(site, 1))
        return seen[-6:] == ["three"] * 6

    wait_until(all_of_it, "all new tunnels go to the member with the fewest", report=lambda: seen)


def test_a_member_that_has_died_and_is_back_begins_slowly(httpd, three, echo, opened):
    site = httpd(plain_conf=balancer(three, *["retry=1"] * 3), main="WSFlowSlowStart 1h\n")
    site.log.allow("AH01114", "WSF0031")
    three[2].close()
    assert counts(opened(site, 40))["three"] == 0
    echo(name="three", port=three[2].port)

    def is_back():
        opened(site, 1)
        return site.log.lines("WSF0430")

    wait_until(is_back, "mod_proxy tries it again")
    assert counts(opened(site, 30))["three"] <= 6


def test_slow_start_goes_on_over_a_reload(httpd, three, opened):
    site = httpd(plain_conf=balancer(three), main="WSFlowSlowStart 1h\n")
    set_status(site, "pool", three[2], "N", True)
    opened(site, 60)
    set_status(site, "pool", three[2], "N", False)
    opened(site, 1)
    site.graceful()
    assert counts(opened(site, 30))["three"] <= 6


def test_a_member_that_a_reload_adds_begins_slowly(httpd, three, opened):
    site = httpd(plain_conf=balancer(three[:2]), main="WSFlowSlowStart 1h\n")
    opened(site, 40)
    site.write_conf(plain_conf=balancer(three))
    site.graceful()
    assert counts(opened(site, 30))["three"] <= 6


def test_at_a_start_nobody_begins_slowly(httpd, three, opened):
    site = httpd(plain_conf=balancer(three), main="WSFlowSlowStart 1h\n")
    assert counts(opened(site, 30)) == dict.fromkeys(NAMES, 10)
    assert not site.log.lines("WSF0430")


def test_the_status_tells_of_members(httpd, three, opened):
    site = httpd(plain_conf=balancer(three))

    def told():
        return {member["worker"]: member for member in site.status.json()["members"]}

    opened(site, 6)
    set_status(site, "pool", three[1], "D", True)
    wait_until(lambda: not told()[three[1].url("")]["in_use"], "it is out of use", report=told)
    set_status(site, "pool", three[1], "D", False)
    wait_until(lambda: told()[three[1].url("")]["in_use"], "it is in use again", report=told)
    members = told()
    assert {(each["balancer"], each["tunnels"], each["elsewhere"]) for each in members.values()} == {("balancer://pool", 2, 0)}
    assert [members[origin.url("")]["in_use_s"] is None for origin in three] == [True, False, True]
    wait_until(lambda: {each["requests"] for each in told().values()} == {0}, "no request is in work", report=told)


@pytest.mark.parametrize("value", ["soon", "-1s", "25h"])
def test_a_wrong_time_is_named(httpd, value):
    status, said = httpd(f"WSFlowSlowStart {value}", start=False).configtest()
    assert status != 0 and f"WSFlowSlowStart {value}: needs 0 (none) or a time to 24h" in said

"""A full child passes new connections on to its siblings: no handshake is refused while one child has room."""

import os
import resource
import signal
import statistics
import time

import pytest

import handshake
import processes
from h2_client import h2_connect
from legs import close_all, talk, told_processes, wait_keepers
from limited import KILLED, read_answer
from wait import seconds, wait_until

FULL = "warn.*WSF0071"


def passed(site):
    return site.status.json()["tunnels"]["connections_passed"]


def wait_by_child(site, expected):
    """Returns when the children have that many tunnels, fewest first."""
    def found():
        return sorted(process["tunnels_active"] for process in told_processes(site, "child"))
    wait_until(lambda: found() == expected, f"the children have {expected} tunnels", 5, report=found)


def thread_names(pid):
    names = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/comm", encoding="ascii") as comm:
                names.append(comm.read().strip())
        except OSError:
            pass  # it has just ended
    return names


def wait_ready(site, children):
    """Returns when that many children take connections over, and no others are there."""
    def lines():
        return site.log.lines("WSF0332")
    wait_until(lambda: len(told_processes(site, "child")) == children
               and all(any(f"pid {process['pid']}:" in line for line in lines())
                       for process in told_processes(site, "child")),
               f"{children} children take connections over", report=lines)


def refuse_one(raw_client, site, tls=False):
    client = raw_client(site, tls)
    client.send_handshake("/plain")
    head, _ = read_answer(client)
    assert head.status == 503 and int(head.get("retry-after")) > 0


@pytest.fixture
def crowd(legs):
    """crowd(children, most) has that many children, each with room for MOST tunnels."""
    def make(children=3, most=4, **shape):
        made = legs(main=f"WSFlowMaxTunnels {most}", children=children, threads=10, **shape)
        made.site.log.allow(FULL)
        wait_ready(made.site, children)
        return made
    return make


@pytest.mark.parametrize("tls", [False, True])
def test_all_children_are_filled(crowd, raw_client, tls):
    made = crowd()
    site = made.site
    ends = [made.open(client_tls=tls) for _ in range(12)]
    for pair in ends:
        talk(*pair)
    wait_by_child(site, [4, 4, 4])
    assert site.status.refused() == {}
    for client, server in ends:
        assert server.head.get("x-forwarded-for") == "127.0.0.1"
        assert site.log.lines(r"\[client %s:%d\] WSF0074" % client.sock.getsockname())
    refuse_one(raw_client, site, tls)
    # Room anywhere is found, and at once: as a rule, for a busy machine may take its time once.
    took = []
    for _ in range(6):
        site.status.wait_active(12)  # a new one has its 101 before it is counted
        close_all([ends.pop(0)])
        site.status.wait_active(11)
        begin = time.monotonic()
        ends.append(made.open(client_tls=tls))
        took.append(time.monotonic() - begin)
    assert statistics.median(took) < seconds(0.7), took
    for pair in ends:
        talk(*pair)
    assert site.status.refused() == {"max-tunnels": 1}
    assert site.status.total() == 18
    assert int(site.status.auto()["WSFlowConnectionsPassed"]) == passed(site) > 0
    assert "passed on by full children" in site.get("/wsflow-status").text
    assert site.get("/index.html", tls=tls).status == 200


def test_a_crowd_that_comes_at_once_is_spread(crowd, raw_client):
    made = crowd(children=3, most=20)
    clients = [raw_client(made.site) for _ in range(60)]
    for client in clients:
        client.send_handshake("/plain")
    servers = [made.accept_tunnel() for _ in clients]
    for client in clients:
        assert client.read_head().status == 101
    made.site.status.wait_active(60)
    wait_by_child(made.site, [20, 20, 20])
    assert made.site.status.refused() == {}
    close_all([(server, server) for server in servers])


def test_pages_need_no_room(crowd, raw_client):
    made = crowd(children=2, most=2)
    site = made.site
    ends = [made.open() for _ in range(3)]
    for _ in range(30):
        assert site.get("/index.html").status == 200
    kept = [raw_client(site) for _ in range(8)]
    for _ in range(2):
        for client in kept:
            client.send(b"GET /index.html HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head, _ = read_answer(client)
            assert head.status == 200
    # Connections that are kept open take no room, and those that were refused neither.
    ends.append(made.open())
    refuse_one(raw_client, site)
    close_all(ends)
    site.status.wait_active(0)
    ends = [made.open() for _ in range(4)]
    wait_by_child(site, [2, 2])
    close_all(ends)


def test_handshakes_that_fail_need_no_room(crowd, raw_client):
    made = crowd(children=2, most=2)
    for _ in range(8):
        client = raw_client(made.site)
        client.send(b"GET /plain HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        head, _ = read_answer(client)
        assert head.status in (400, 426)
        raw_client(made.site).close()
    ends = [made.open() for _ in range(4)]
    wait_by_child(made.site, [2, 2])
    close_all(ends)


def test_http2_connections_are_passed_on_too(crowd, certs, resources):
    made = crowd(children=2, most=4, modules=["http2"], tls_conf="Protocols h2 http/1.1")
    ends = [made.open(client_tls=True) for _ in range(7)]
    for _ in range(20):
        page = h2_connect(made.site, certs, resources).get("/index.html")
        page.wait_ended()
        assert page.status == 200
    assert passed(made.site) > 0
    ends.append(made.open(client_tls=True))
    assert made.site.status.refused() == {}
    close_all(ends)


def fill_one(made):
    """Opens tunnels until one child is full; then (ends, pid of the child with room)."""
    ends = []
    while True:
        told = told_processes(made.site, "child")
        with_room = [process["pid"] for process in told if process["tunnels_active"] < process["tunnels_max"]]
        if len(with_room) == 1:
            return ends, with_room[0]
        ends.append(made.open())
        made.site.status.wait_active(len(ends))


def fill_one_and_stop_the_other(crowd):
    """Two children: one is full, the other has room and stands still; then (made, ends, pid of the one with room)."""
    made = crowd(children=2, most=3)
    ends, other = fill_one(made)
    processes.stop(other)
    return made, ends, other


def test_what_waits_for_a_child_that_dies_is_served_by_another(crowd, raw_client):
    made, ends, other = fill_one_and_stop_the_other(crowd)
    site = made.site
    site.log.allow(*KILLED, "WSF003")
    waiting = [raw_client(site) for _ in range(2)]
    for client in waiting:
        client.send_handshake("/plain")
    # The full child takes them from the listening socket, and nobody from the queue.
    assert all(client.stays_silent(0.2) for client in waiting)
    os.kill(other, signal.SIGKILL)
    # Its successor has them, unless this machine is too busy to start one soon.
    wait_until(lambda: made.waits() or waiting[0].readable(), "they are served, or refused")
    served = made.waits()
    opened = [made.accept_tunnel() for _ in waiting] if served else []  # in any order
    assert [client.read_head().status for client in waiting] == [101 if served else 503] * 2
    close_all([opened])
    close_all(ends)


def test_handshakes_that_wait_need_room_too(legs, raw_client):
    """They need descriptors of their own meanwhile: a child that has none left for one more passes it on."""
    made = legs(children=2, threads=10, start=False, main="AsyncRequestWorkerFactor 30")
    site = made.site
    site.start(before_exec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (500, 500)))
    wait_ready(site, 2)
    other = told_processes(site, "child")[1]["pid"]
    processes.stop(other)
    ends = [made.open() for _ in range(60)]  # of 94 that there is room for
    clients = [raw_client(site) for _ in range(18)]  # it has descriptors for 11 of them
    for client in clients:
        client.send_handshake("/plain")
    wait_until(lambda: processes.backlog(site.http_port) == 0, "the child with tunnels has accepted them")
    os.kill(other, signal.SIGCONT)
    servers = [made.accept() for _ in clients]
    for server in servers:
        server.send(handshake.switching(server.read_head().get("sec-websocket-key"), ()))
    assert [client.read_head().status for client in clients] == [101] * len(clients)
    site.status.wait_active(78)
    assert site.status.refused() == {} and passed(site) > 0
    close_all([*ends, clients, servers])


def test_nobody_waits_for_ever_for_a_child_that_hangs(crowd, raw_client):
    made, ends, other = fill_one_and_stop_the_other(crowd)
    try:
        refuse_one(raw_client, made.site)
    finally:
        os.kill(other, signal.SIGCONT)
    ends += [made.open() for _ in range(6 - len(ends))]
    wait_by_child(made.site, [3, 3])
    close_all(ends)


def test_what_waits_has_an_end_where_no_new_child_takes_it(crowd, raw_client):
    made, ends, other = fill_one_and_stop_the_other(crowd)
    site = made.site
    site.log.allow(*KILLED, "WSF003")
    client = raw_client(site)
    client.send_handshake("/plain")
    wait_until(lambda: processes.backlog(site.http_port) == 0, "the full child has accepted it")
    site.write_conf(children=1)  # with nobody to pass to
    os.kill(site.pid, signal.SIGUSR1)  # the full child ends, and puts what it has taken back
    os.kill(other, signal.SIGKILL)
    wait_until(client.readable, "it is refused, or its connection ends")
    close_all(ends)


def test_reloads_in_between(crowd):
    made = crowd(children=2, most=3)
    site = made.site
    ends = []
    for generation in range(1, 4):
        ends += [made.open(client_tls=number % 2 == 1) for number in range(6)]
        wait_by_child(site, [3, 3])
        site.graceful()
        wait_keepers(site, 2 * generation)
        wait_ready(site, 2)
    for pair in ends:
        talk(*pair)
    assert site.status.refused() == {}
    close_all(ends)


@pytest.mark.parametrize("shape, main", [({"mpm": "worker"}, ""), ({}, "ListenCoresBucketsRatio 1"), ({"children": 1}, "")])
def test_where_it_cannot_be_had_a_full_child_refuses(legs, raw_client, shape, main):
    made = legs(**{"children": 2, "threads": 10, **shape}, main=f"WSFlowMaxTunnels 1\n{main}")
    site = made.site
    site.log.allow(FULL)
    assert all("wsflow-passed" not in thread_names(pid) for pid in site.children())
    statuses, servers = [], []
    while 503 not in statuses:
        client = raw_client(site)
        client.send_handshake("/plain")
        wait_until(lambda: client.readable() or made.waits(), "the handshake is refused, or is at the origin")
        if made.waits():
            servers.append(made.accept_tunnel())
        statuses.append(client.read_head().status)
    assert set(statuses[:-1]) == {101}
    site.status.wait_active(len(statuses) - 1)
    assert passed(site) == 0
    assert site.get("/index.html").status == 200
    close_all([(server, server) for server in servers])

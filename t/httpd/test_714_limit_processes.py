"""Permits outlive no process that held them, and count across all children and generations."""

import os
import signal
import time

import pytest

from legs import wait_keepers
from limited import KILLED, Section, answer, limits, refused, status_of, write_page
from wait import seconds, wait_until


@pytest.fixture
def section(httpd, raw_origin, resources):
    return lambda settings, conf="", **shape: Section(httpd, raw_origin, resources, settings, conf, **shape)


def kill(site, pid):
    site.log.allow(*KILLED, "WSF003")
    os.kill(pid, signal.SIGKILL)
    # A dying process still has its connections, until its parent is told.
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "the killed process has gone")


def test_children_share_the_permits(section):
    x = section("concurrency=6", children=3, threads=4)
    ends = [x.enter() for _ in range(6)]
    for _ in range(12):
        x.refusal()
    for client, server in ends:
        answer(server)
        assert status_of(client) == 200
    x.wait(in_use=0, peak=6)


def test_what_a_killed_child_held_is_free_within_about_a_second(section):
    x = section("concurrency=12", children=3, threads=8)
    requests = [x.enter() for _ in range(6)]
    tunnels = [x.tunnel() for _ in range(6)]
    x.refusal()
    victim, *_ = x.site.children()
    kill(x.site, victim)
    start = time.monotonic()
    alive = None

    def counted_right():
        nonlocal alive
        alive = [pair for pair in requests + tunnels if not pair[0].ended()]
        return limits(x.site)["x"]["in_use"] == len(alive)

    wait_until(counted_right, "only the living hold permits", 5, report=lambda: (len(alive), x.limit()))
    assert time.monotonic() - start < seconds(2)
    for pid in set(x.site.children()) - {victim}:
        kill(x.site, pid)
    x.wait(in_use=0)
    for _, server in requests + tunnels:
        server.close()
    ends = [x.enter() for _ in range(12)]
    x.refusal()
    for client, server in ends:
        answer(server)
        assert status_of(client) == 200


# Held by the limit of the tunnels, and answered by httpd itself.
PAGE = '<Location "/page/">\n  WSFlowLimit x\n</Location>'


@pytest.mark.parametrize("mpm,keeper", [("event", False), ("event", True), ("worker", False), ("prefork", False)])
def test_the_dead_are_found_although_nobody_looks_at_the_status(section, mpm, keeper):
    x = section("concurrency=1", PAGE, mpm=mpm, threads=8)
    x.site.log.allow("WSF0081", "WSF0075")
    write_page(x.site, "page/served", "by httpd itself")
    x.tunnel()
    if keeper:
        x.site.graceful()
        wait_keepers(x.site, 1)
    x.site.status.wait_active(1)
    (row,) = x.site.status.json()["connections"]
    assert x.site.get("/page/served").status == 503
    kill(x.site, row["pid"])
    start = time.monotonic()
    wait_until(lambda: x.site.get("/page/served").status == 200, "the permit is free")
    assert time.monotonic() - start < seconds(3.5)


def test_a_reload_does_not_double_the_permits(section):
    x = section("concurrency=3")
    tunnel = x.tunnel()
    first = x.enter()
    x.site.graceful()
    x.wait(in_use=2)
    second = x.enter()
    x.refusal()
    assert x.shake().read_head().status == 503
    x.site.graceful()
    x.wait(in_use=3)
    x.refusal()
    for client, server in (first, second):
        answer(server)
        assert status_of(client) == 200
    x.wait(in_use=1)
    wait_keepers(x.site, 1)
    tunnel[0].close()
    tunnel[1].close()
    x.wait(in_use=0)


def test_a_killed_keeper_gives_back(section):
    x = section("concurrency=2")
    x.tunnel()
    x.site.graceful()
    (keeper,) = wait_keepers(x.site, 1)
    x.tunnel()
    x.refusal()
    kill(x.site, keeper)
    x.wait(in_use=1)
    x.enter()
    x.refusal()


def test_a_reload_brings_the_new_values_and_keeps_the_count(section):
    x = section("concurrency=2")
    ends = [x.enter() for _ in range(2)]
    x.refusal()
    x.site.write_conf(conf=x.conf.replace("concurrency=2", "concurrency=3"))
    x.site.graceful()
    ends.append(x.enter())
    x.refusal()
    x.site.write_conf(conf=x.conf.replace("concurrency=2", "concurrency=1"))
    x.site.graceful()
    for number, (client, server) in enumerate(ends):
        x.refusal()
        answer(server)
        assert status_of(client) == 200
        x.wait(in_use=2 - number)
    client, server = x.enter()
    x.refusal()
    answer(server)
    assert status_of(client) == 200


@pytest.mark.parametrize("instead", ["WSFlowLimit other concurrency=1", ""])
def test_a_limit_that_the_configuration_drops_goes_with_its_last_tunnel(section, instead):
    x = section("concurrency=2")
    tunnel = x.tunnel()
    x.site.write_conf(conf=x.conf.replace("WSFlowLimit x concurrency=2", instead))
    x.site.graceful()
    told = limits(x.site)
    assert (told["x"]["configured"], told["x"]["in_use"]) == (False, 1)
    assert not instead or told["other"]["configured"]
    for end in tunnel:
        end.close()
    wait_until(lambda: "x" not in limits(x.site), "the limit has gone", report=lambda: limits(x.site))


def test_requests_that_end_while_others_are_killed(section):
    """The lock is left by the dead: nobody stands still, and the count stays right."""
    x = section("concurrency=4 queue=50 acquire=20s", main="AsyncRequestWorkerFactor 20", children=3, threads=8)
    for _ in range(3):
        ends = [x.enter() for _ in range(4)]
        waiting = x.queue_up(6)
        victim, *_ = x.site.children()
        kill(x.site, victim)
        start = time.monotonic()
        for _, server in ends:
            answer(server)
        living = [client for client in waiting if not client.ended()]
        for client in living:
            answer(x.arrived())
        for client in living:
            assert status_of(client) == 200
        assert time.monotonic() - start < seconds(10)
        x.wait(in_use=0, waiting=0)
    assert refused(x.site) == {}

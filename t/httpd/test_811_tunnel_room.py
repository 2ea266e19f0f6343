"""A start says how many tunnels a child takes, and what bounds it."""

import re
import resource

import pytest

# Of the descriptors, with 25 threads: httpd's own.
OWN = 256 + 4 * 25 + 16


@pytest.fixture
def limited(httpd):
    """limited(SOFT, HARD, main, …) is an httpd with these limits of descriptors."""
    def make(soft, hard, main="", children=1):
        site = httpd(main=main, children=children, start=False)
        return site.start(before_exec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard)))
    return make


def rooms(site):
    return [process["tunnels_max"] for process in site.status.json()["processes"]]


@pytest.mark.parametrize("soft", [512, 1024])
def test_the_descriptors_bound_it(limited, soft):
    site = limited(soft, 1024, children=2)
    room = (1024 - OWN) // 2
    why = rf"{room} tunnels: two descriptors each, of 1024 \(ulimit -Hn\) less {OWN} for the rest of httpd"
    site.log.wait_for(rf"wsflow:info.*WSF0241: this child takes {why}", count=2)
    assert len(site.log.lines(rf"wsflow:notice.*WSF0242: each child takes {why}")) == 1
    assert rooms(site) == [room, room]
    site.graceful()
    site.log.wait_for("WSF0241", count=4)
    assert len(site.log.lines("WSF0242")) == 1


def test_its_own_line_comes_through_at_the_level_of_debian(limited):
    site = limited(1024, 1024, main="LogLevel warn wsflow:warn")
    assert [line for line in site.log.lines("WSF") if not re.search("WSF0(242|362)", line)] == []
    assert len(site.log.lines("WSF0242")) == len(site.log.lines("WSF0362")) == 1


def test_the_directive_bounds_it(limited):
    site = limited(1024, 1024, main="WSFlowMaxTunnels 100")
    site.log.wait_for("WSF0241: this child takes 100 tunnels: WSFlowMaxTunnels")
    assert site.log.lines("WSF0242: each child takes 100 tunnels: WSFlowMaxTunnels")
    assert rooms(site) == [100]


def test_a_directive_that_wants_more_is_warned_of_with_the_cure(limited):
    site = limited(1024, 1024, main="WSFlowMaxTunnels 400")
    site.log.expect("WSF0243")
    need = 2 * 400 + OWN
    assert site.log.lines(rf"WSFlowMaxTunnels 400, but a child has descriptors for {(1024 - OWN) // 2} tunnels: "
                          rf"start httpd with \"ulimit -n {need}\".* it is 1024 now")
    assert rooms(site) == [(1024 - OWN) // 2]
    assert rooms(limited(need, need, main="WSFlowMaxTunnels 400")) == [400]

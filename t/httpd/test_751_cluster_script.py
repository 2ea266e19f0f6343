"""The script that shares limits, as a node calls it: what it gives, and what it never gives."""

import pathlib
import re
import time

import pytest

from redis_server import REDIS, RedisServer
from wait import wait_until

SOURCE = pathlib.Path(__file__).parents[2] / "mod_wsflow/cluster/script.cpp"
KEY = "{wsflow}:limit:app"
LEASE = 1000
NAMES = ("settled", "nodes", "size", "usable", "others", "lacking", "burst", "units", "unit_others", "unit_lacking")


class Script:
    def __init__(self, redis):
        self.redis = redis
        self.lua = re.search(r'R"lua\((.*)\)lua"', SOURCE.read_text(), re.S)[1]
        self.sequence = 0

    def call(self, node, size=10, has=0, held=0, want=0, need=0, burst=0, units=0, units_want=0, units_need=0, rate=0,
             serial=1, sequence=None, lease=LEASE):
        self.sequence += 1
        answer = self.redis.command("EVAL", self.lua, 1, KEY, node, sequence or self.sequence, lease, size, has, held, want,
                                    need, burst, units, units_want, units_need, rate, serial)
        if answer == [b"late"]:
            return None
        assert answer[0] == b"ok" and len(answer) == 12
        return {**dict(zip(NAMES, answer[1:11])), "rate": float(answer[11])}

    def settle(self, *nodes, **values):
        """Until nodes that have nothing would get something."""
        wait_until(lambda: all([self.call(node, **values)["settled"] for node in nodes]), "the database is settled", 20)

    def entry(self, node, serial=1):
        return [float(word) for word in self.redis.command("HGET", KEY, f"{node}:{serial}").split()]


@pytest.fixture
def script():
    if not REDIS:
        pytest.skip("no redis-server")
    redis = RedisServer()
    try:
        yield Script(redis.start())
    finally:
        redis.close()


def test_nothing_is_given_before_one_lease_has_passed(script):
    begin = time.monotonic()
    assert script.call("a", want=5)["settled"] == 0
    while (told := script.call("a", want=5))["settled"] == 0:
        assert told["usable"] == 0
        time.sleep(0.01)
    assert time.monotonic() - begin >= LEASE / 1000 * 0.99
    assert told["usable"] == 5


def test_while_it_settles_nodes_keep_what_they_have(script):
    told = script.call("a", has=7, held=3, want=9)
    assert (told["settled"], told["usable"]) == (0, 7)
    assert script.call("b", has=3, want=9)["usable"] == 3
    assert script.call("b", has=3, want=9)["others"] == 7


def test_no_more_is_given_than_others_leave(script):
    script.settle("a", "b")
    assert script.call("a", want=7)["usable"] == 7
    assert script.call("b", want=7)["usable"] == 3
    assert script.call("a", has=7, want=10)["usable"] == 7
    assert script.call("b", has=1, want=1)["usable"] == 1
    assert script.call("a", has=7, want=10)["usable"] == 9


def test_what_is_asked_for_ahead_of_the_need_waits_for_those_who_need_it(script):
    script.settle("a", "b", "c")
    script.call("a", has=0, want=6, need=6)
    script.call("b", has=0, want=8, need=8)
    assert script.call("c", want=2, need=0)["lacking"] == 4
    script.call("a", has=3, want=3, need=3)
    assert script.call("c", want=2, need=0)["usable"] == 0
    assert script.call("b", has=4, want=8, need=8)["usable"] == 7


def test_what_a_node_holds_beyond_its_share_is_noted_and_gives_it_nothing(script):
    script.settle("a", "b")
    assert script.call("b", want=10)["usable"] == 10
    told = script.call("a", held=4, want=6, need=6)
    assert told["usable"] == 0 and script.entry("a")[4] == 4
    assert script.call("b", has=10, held=10, want=10)["usable"] == 6
    assert script.entry("b")[4] == 10
    assert script.call("b", has=6, held=6, want=6)["usable"] == 6
    assert script.call("a", held=4, want=6, need=6)["usable"] == 4


def test_a_node_does_not_get_back_what_its_lease_has_lost(script):
    script.settle("a", "b")
    assert script.call("a", want=8)["usable"] == 8
    wait_until(lambda: script.call("b", want=8)["usable"] == 8, "the lease of the other node has ended", 20)
    assert script.call("a", has=8, want=8)["usable"] == 2
    assert script.entry("a")[4] == 2


def test_a_request_that_was_overtaken_does_nothing(script):
    script.settle("a")
    assert script.call("a", want=8, sequence=2_000_000_000)["usable"] == 8
    assert script.call("a", has=1, want=1, sequence=1_999_999_999) is None
    assert script.call("a", has=1, want=1, sequence=2_000_000_000) is None
    assert script.entry("a")[4] == 8


def test_the_smallest_values_count(script):
    script.settle("a", "b", size=10, burst=8, rate=4)
    script.call("a", size=6, burst=9, rate=3)
    told = script.call("b", size=10, want=10, burst=8, units_want=8, rate=4)
    assert (told["size"], told["usable"], told["burst"], told["units"], told["rate"]) == (6, 6, 8, 8, 3)


def test_units_are_shared_as_permits_are(script):
    script.settle("a", "b", burst=20, rate=2.5)
    assert script.call("a", burst=20, units_want=15, units_need=15, rate=2.5)["units"] == 15
    told = script.call("b", burst=20, units_want=15, units_need=15, rate=2.5)
    assert (told["units"], told["unit_others"], told["rate"]) == (5, 15, 2.5)
    assert script.call("a", burst=20, units=15, units_want=15, units_need=15, rate=2.5)["unit_lacking"] == 10


def test_a_limit_with_another_name_is_two_until_the_old_one_has_ended(script):
    script.settle("a", "b")
    assert script.call("a", want=6, serial=1)["usable"] == 6
    told = script.call("a", want=10, serial=2)
    assert (told["usable"], told["others"]) == (4, 6)


def test_a_clock_that_was_set_back_makes_no_lease_longer(script):
    script.settle("a")
    now = int(script.redis.command("TIME")[0]) * 1000
    script.redis.command("HSET", KEY, "b:1", f"{now + 3_600_000} {LEASE} 1 10 10 10 0 0 0 0")
    assert script.call("a", want=5)["usable"] == 0
    wait_until(lambda: script.call("a", want=5)["usable"] == 5, "the lease of the other node has ended", 20)
    script.redis.command("HSET", KEY, "made", now + 3_600_000)
    assert script.call("a", has=5, want=6)["settled"] == 0
    wait_until(lambda: script.call("a", has=5, want=6)["settled"], "the database is settled", 20)


def test_another_server_settles(script):
    script.settle("a")
    script.redis.command("HSET", KEY, "run", "0" * 40)
    told = script.call("a", has=5, want=10)
    assert (told["settled"], told["usable"]) == (0, 5)


def test_nothing_is_left_behind(script):
    script.call("a", want=5)
    assert 0 < script.redis.command("PTTL", KEY) <= LEASE
    wait_until(lambda: script.redis.command("EXISTS", KEY) == 0, "the hash has gone")

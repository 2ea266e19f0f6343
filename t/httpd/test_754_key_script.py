"""The script that shares the keys of limits, as a node calls it: what it gives, and what it never gives."""

import pathlib
import random
import re
import time

import pytest

from redis_server import REDIS, RedisServer
from wait import wait_until

SOURCE = pathlib.Path(__file__).parents[2] / "mod_wsflow/cluster/key_script.cpp"
LEASES = "{wsflow}:keys"
KEY = "{wsflow}:key:app:" + "0" * 32
LEASE, KEEP = 1000, 64_000
MET, DENIED, RECALLED = 0, 1, 2


class Script:
    def __init__(self, redis):
        self.redis = redis
        self.lua = re.search(r'R"lua\((.*)\)lua"', SOURCE.read_text(), re.S)[1]
        self.sequence = 0

    def call(self, node, key=KEY, size=5, has=0, held=0, need=0, asks=0, burst=0, units=0, returned=0, unit_need=0, tokens=0,
             rate=0, sequence=None, lease=LEASE):
        """The answer; with `key=None` the lease alone is renewed."""
        self.sequence += 1
        keys = [LEASES] + ([key] if key else [])
        numbers = (size, has, held, need, asks, burst, units, returned, unit_need, tokens, rate) if key else ()
        answer = self.redis.command("EVAL", self.lua, len(keys), *keys, node, sequence or self.sequence, lease, KEEP, *numbers)
        if answer == [b"late"]:
            return None
        assert answer[0] == b"ok"
        told = {"settled": answer[1], "nodes": answer[2], "term": int(answer[3])}
        if key:
            told.update(permits=answer[4], units=answer[5], tokens=float(answer[6]), end=answer[7])
        return {**told, "recalled": answer[8 if key else 4:]}

    def settle(self, *nodes):
        wait_until(lambda: all([self.call(node, key=None)["settled"] for node in nodes]), "the database is settled", 20)

    def entry(self, node, key=KEY):
        """(term, when it was told, share, need, units, need of units), or None."""
        words = self.redis.command("HGET", key, node)
        return words and [int(word) for word in words.split()]


@pytest.fixture
def script():
    if not REDIS:
        pytest.skip("no redis-server")
    redis = RedisServer()
    try:
        yield Script(redis.start())
    finally:
        redis.close()


def ask(script, node, need=1, **values):
    return script.call(node, need=need, asks=1, **values)


def test_nothing_is_given_before_one_lease_has_passed(script):
    begin = time.monotonic()
    assert ask(script, "a")["settled"] == 0
    while (told := ask(script, "a"))["settled"] == 0:
        assert (told["permits"], told["end"]) == (0, DENIED)
        time.sleep(0.01)
    assert time.monotonic() - begin >= LEASE / 1000 * 0.99
    assert (told["permits"], told["end"]) == (3, MET)


def test_while_it_settles_nodes_keep_what_they_have(script):
    assert ask(script, "a", has=3, held=3, need=4)["permits"] == 3
    assert ask(script, "b", has=2, held=1)["permits"] == 2
    assert (script.entry("a")[2], script.entry("b")[2]) == (3, 2)


def test_who_asks_gets_half_of_what_is_left_beyond_its_need(script):
    script.settle("a", "b")
    assert ask(script, "a")["permits"] == 3
    assert ask(script, "b")["permits"] == 1
    assert ask(script, "b", has=1, held=1, need=2)["permits"] == 2
    told = ask(script, "b", has=2, held=2, need=3)
    assert (told["permits"], told["end"]) == (2, RECALLED)


def test_what_a_node_only_keeps_is_asked_back_and_what_it_needs_is_not(script):
    script.settle("a", "b")
    assert ask(script, "a")["permits"] == 3
    assert ask(script, "b", need=3)["end"] == RECALLED
    assert script.call("a", key=None)["recalled"] == [KEY.encode()]
    assert script.call("a", key=None)["recalled"] == []
    assert script.call("a", has=1, held=1, need=1)["permits"] == 1
    assert ask(script, "b", has=2, need=3)["permits"] == 3
    told = ask(script, "b", has=3, held=3, need=5)
    assert (told["permits"], told["end"]) == (4, DENIED)
    assert script.call("a", key=None)["recalled"] == []


def test_what_was_said_long_ago_is_asked_again(script):
    script.settle("a", "b")
    assert ask(script, "a", need=5)["permits"] == 5
    assert ask(script, "b")["end"] == DENIED
    until = time.monotonic() + 1.1
    while time.monotonic() < until:
        script.call("a", key=None)
        time.sleep(0.1)
    assert ask(script, "b")["end"] == RECALLED
    assert script.call("a", has=5, held=5, need=5)["recalled"] == [KEY.encode()]
    assert ask(script, "b")["end"] == DENIED


def test_nobody_gets_more_than_it_needs_while_another_one_lacks_some(script):
    script.settle("a", "b", "c")
    ask(script, "a", need=5)
    assert ask(script, "b")["permits"] == 0
    script.call("a", has=1, held=1, need=1)
    assert ask(script, "c")["permits"] == 1
    assert ask(script, "b")["permits"] == 2


def test_what_a_node_holds_beyond_its_share_is_noted_and_gives_it_nothing(script):
    script.settle("a", "b")
    assert ask(script, "b", need=5)["permits"] == 5
    assert script.call("a", held=4, need=4)["permits"] == 0
    assert script.entry("a")[2] == 4
    assert script.call("b", has=5, held=5, need=5)["permits"] == 1
    assert script.entry("b")[2] == 5


def test_what_a_lease_that_has_ended_had_is_free(script):
    script.settle("a", "b")
    assert ask(script, "a", need=5)["permits"] == 5
    wait_until(lambda: ask(script, "b")["permits"], "the lease of the other node has ended", 20)
    before = script.entry("b")[2]
    assert script.call("a", has=5, held=4, need=4)["permits"] == 5 - before
    assert script.entry("a")[2] == 4


def test_a_node_that_comes_back_begins_a_new_term_and_has_nothing_of_the_one_before(script):
    script.settle("a", "b")
    term = ask(script, "a", need=5)["term"]
    wait_until(lambda: script.call("b", key=None)["nodes"] == 1, "the lease of the other node has ended", 20)
    assert script.call("a", key=None)["term"] > term
    assert ask(script, "b", need=5)["permits"] == 5
    assert script.entry("a") is None


def test_a_request_that_was_overtaken_does_nothing(script):
    script.settle("a")
    assert ask(script, "a", need=4, sequence=2_000_000_000)["permits"] == 4
    assert script.call("a", sequence=1_999_999_999) is None
    assert script.call("a", sequence=2_000_000_000) is None
    assert script.entry("a")[2] == 4


def test_what_is_given_back_is_free_and_nothing_is_left(script):
    script.settle("a", "b")
    ask(script, "a", need=5)
    script.call("a")
    assert script.redis.command("EXISTS", KEY) == 0
    assert ask(script, "b", need=5)["permits"] == 5
    assert KEEP * 0.9 < script.redis.command("PTTL", KEY) <= KEEP
    assert 0 < script.redis.command("PTTL", LEASES) <= LEASE


@pytest.mark.parametrize("happens", ["run", "evicted", "emptied"])
def test_a_database_that_may_have_forgotten_begins_anew(script, happens):
    script.settle("a", "b")
    term = ask(script, "a", need=3)["term"]
    if happens == "emptied":
        script.redis.command("FLUSHALL")
    else:
        was = script.redis.command("HGET", LEASES, "run").decode().split(".")
        script.redis.command("HSET", LEASES, "run", "0" * 40 + ".0" if happens == "run" else f"{was[0]}.1")
    told = ask(script, "b", need=5)
    assert (told["settled"], told["permits"], told["end"]) == (0, 0, DENIED)
    told = script.call("a", has=3, held=3, need=3)
    assert (told["permits"], told["settled"]) == (3, 0) and told["term"] > term
    script.settle("a", "b")
    assert ask(script, "b", need=5)["permits"] == 2


def test_a_clock_that_was_set_back_makes_no_lease_longer(script):
    script.settle("a")
    now = int(script.redis.command("TIME")[0]) * 1000
    script.redis.command("HSET", LEASES, "b", f"{now + 3_600_000} {LEASE} 1 1")
    script.redis.command("HSET", KEY, "b", f"1 {now} 5 5 0 0")
    assert ask(script, "a")["permits"] == 0
    wait_until(lambda: ask(script, "a")["permits"], "the lease of the other node has ended", 20)


RATE = {"size": 0, "burst": 4, "rate": 2}  # a unit refills in two seconds


def fill_bucket(script, *nodes):
    """Until the bucket of a key is full that nobody has used: it begins empty when the database is settled."""
    made = int(script.redis.command("HGET", LEASES, "made")) / 1000
    while time.time() < made + LEASE / 1000 + 2.1:
        for node in nodes:
            script.call(node, key=None)
        time.sleep(0.1)


def test_the_bucket_of_a_key_begins_empty_behind_a_loss_and_is_full_later(script):
    script.settle("a")
    told = script.call("a", asks=1, unit_need=1, **RATE)
    assert told["units"] == 2 and told["tokens"] < 1 and told["end"] == DENIED
    fill_bucket(script, "a")
    other = KEY[:-1] + "1"
    told = script.call("a", key=other, asks=1, unit_need=1, **RATE)
    assert (told["units"], told["tokens"], told["end"]) == (2, 2, MET)
    told = script.call("a", key=other, asks=1, units=2, unit_need=1, tokens=0, **RATE)
    assert told["units"] == 3 and 2 <= told["tokens"] <= 2.1


def test_tokens_are_never_in_two_places(script):
    script.settle("a", "b")
    fill_bucket(script, "a", "b")
    a = script.call("a", asks=1, unit_need=1, **RATE)
    b = script.call("b", asks=1, unit_need=1, **RATE)
    assert (a["units"], a["tokens"], b["units"], b["tokens"]) == (2, 2, 1, 1)
    # One has used two and gives its units back with nothing in them: the other one gets the one that was left.
    begin = time.monotonic()
    script.call("a", units=0, returned=0, **RATE)
    again = script.call("b", asks=1, units=1, unit_need=1, tokens=0, **RATE)
    assert again["units"] == 2 and 1 <= again["tokens"] <= 1 + 2 * (time.monotonic() - begin + 0.1)


def test_a_lease_that_ends_takes_its_tokens_with_it(script):
    script.settle("a", "b")
    fill_bucket(script, "a", "b")
    assert script.call("a", asks=1, unit_need=4, **RATE)["tokens"] == 4
    wait_until(lambda: script.call("b", key=None)["nodes"] == 1, "the lease of the other node has ended", 20)
    told = script.call("b", asks=1, unit_need=4, **RATE)
    assert told["units"] == 4 and told["tokens"] < 1


def test_units_that_are_only_kept_are_asked_back(script):
    script.settle("a", "b")
    fill_bucket(script, "a", "b")
    script.call("a", asks=1, unit_need=4, **RATE)
    assert script.call("b", asks=1, unit_need=1, **RATE)["end"] == DENIED
    script.call("a", units=4, unit_need=0, **RATE)
    assert script.call("b", asks=1, unit_need=1, **RATE)["end"] == RECALLED
    assert script.call("a", units=0, returned=4, **RATE)["recalled"] == [KEY.encode()]
    told = script.call("b", asks=1, unit_need=1, **RATE)
    assert told["units"] == 2 and told["tokens"] == 2 and told["end"] == MET


def test_whatever_nodes_do_they_have_no_more_than_there_is(script):
    """A model of four nodes that do as they should, but at random."""
    names, size, rounds, lease = "abcd", 7, 500, 600_000
    script.call("a", key=None, lease=lease)
    script.redis.command("HSET", LEASES, "made", int(time.time() * 1000) - 2 * lease)
    chance = random.Random(7)
    share, used = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    most = 0
    for number in range(rounds):
        node = chance.choice(names)
        wish = chance.choice((0, 0, 0, 1, 2, 3))
        if wish == 0 and used[node] < share[node]:
            used[node] += 1
        elif wish == 1 and used[node]:
            used[node] -= 1
        if wish < 3 and chance.random() < 0.5:
            told = ask(script, node, need=used[node] + 1, size=size, has=share[node], held=used[node], lease=lease)
        else:
            share[node] = used[node] if wish == 3 else share[node]
            told = script.call(node, need=used[node], size=size, has=share[node], held=used[node], lease=lease)
        assert told["settled"]
        share[node] = told["permits"]
        assert sum(max(share[each], used[each]) for each in names) <= size, (number, share, used)
        most = max(most, sum(used.values()))
    assert most == size

"""WSFlowLimit … cluster=: nodes share a limit through Redis, and never have more than it, whatever happens."""

import random
import re
import signal
import subprocess
import threading
import time

import pytest

from cluster import CLIENT, LEASE
from wait import seconds, wait_until


def fill(cluster, node, count):
    """Opens tunnels at NODE until COUNT are open in all: its share follows its demand."""
    wait_until(lambda: cluster.origin.open >= count or not node.enter() and cluster.origin.open >= count,
               f"{count} tunnels are open", 20, report=lambda: (cluster.origin.open, node.cluster()))


def test_one_node_may_have_all_of_it(cluster):
    c = cluster()
    one, two = c.nodes(2)
    fill(c, one, 10)
    assert two.fill() == 0
    assert two.reasons() == {"concurrency": two.limit()["refused"]}
    told = one.cluster()
    assert (told["share"], told["of"], told["nodes"], told["floor"], told["name"]) == (10, 10, 2, 0, "app")
    two.wait("knows of the other node", lambda limit: limit["cluster"]["others"] == 10)
    assert two.cluster()["share"] == 0
    assert c.origin.peak == 10


@pytest.mark.bulk
def test_the_load_moves_from_node_to_node(cluster):
    c = cluster()
    one, two = c.nodes(2)
    for _ in range(2):
        fill(c, one, 10)
        one.leave(10)
        fill(c, two, 10)
        assert not one.enter()
        two.leave(10)
    assert c.origin.peak == 10


@pytest.mark.bulk
def test_never_more_than_the_limit_while_all_nodes_are_at_it(cluster):
    c = cluster()
    nodes = c.nodes(3, "concurrency=12")
    end = time.monotonic() + seconds(6)
    trouble = []

    def work(node, chance):
        try:
            while time.monotonic() < end:
                if node.inside and random.random() < chance():
                    node.leave()
                else:
                    node.enter()
        except Exception as reason:  # a thread's failure is the test's
            trouble.append(reason)

    # Whose tunnels end soonest changes: the load moves.
    turn = [lambda number=number: 0.8 if int(time.monotonic()) % 3 == number else 0.3 for number in range(3)]
    threads = [threading.Thread(target=work, args=(node, turn[number])) for number, node in enumerate(nodes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not trouble, trouble
    assert 9 <= c.origin.peak <= 12
    assert all(node.limit()["admitted"] > 20 for node in nodes)


def test_who_waits_gets_what_another_node_has_left(cluster):
    c = cluster()
    one, two = c.nodes(2, "concurrency=4 queue=4 acquire=20s")
    one.inside += [client for client in (one.ask() for _ in range(4)) if client.read_head().status == 101]
    assert len(one.inside) == 4
    waiting = two.ask()
    two.wait("has one that waits", lambda limit: limit["waiting"] == 1)
    one.leave()
    assert waiting.read_head().status == 101
    assert c.origin.peak == 4


@pytest.mark.bulk
def test_the_share_of_a_dead_node_comes_back(cluster):
    c = cluster()
    one, two = c.nodes(2)
    fill(c, one, 10)
    one.kill()
    wait_until(lambda: c.origin.open == 0, "the dead node's tunnels are gone")
    assert not two.enter()
    fill(c, two, 10)
    assert c.origin.peak == 10


def test_without_the_database_shares_last_for_their_lease_and_then_the_floor(cluster):
    c = cluster()
    one, two = c.nodes(2, "concurrency=10 floor=3")
    fill(c, one, 6)
    c.redis.stop()
    for node in (one, two):
        node.site.log.expect("WSF0400", "WSF0402")
        node.wait("has no lease", lambda limit: limit["cluster"]["lease_left_ms"] == 0)
    assert c.origin.open == 6
    assert one.fill() == 0 and one.reasons()["no-share"] >= 1
    assert two.fill() == 3
    one.leave(4)
    assert one.fill() == 1
    for node in (one, two):
        node.site.log.wait_for("WSF0402")
    assert one.site.status.json()["cluster"]["error"]
    assert "the database does not answer" in one.site.get("/wsflow-status").text
    c.redis.start()
    for node in (one, two):
        node.wait_settled()
    fill(c, one, 10)
    assert c.origin.peak == 10
    assert one.site.status.json()["cluster"]["error"] is None
    for node in (one, two):
        assert len(node.site.log.lines("WSF0400")) == len(node.site.log.lines("WSF0402")) == 1
        node.site.log.wait_for("WSF0401")


def restart_and_fill(c, one, two):
    """The database begins anew with what it has on disk; then all ten are inside, and never was one more."""
    for node in (one, two):
        node.site.log.allow("WSF0400", "WSF0402")
    c.redis.stop()
    c.redis.start()
    two.wait("begins anew", lambda limit: limit["cluster"]["settling"])
    two.fill()
    for node in (one, two):
        node.wait_settled()
    fill(c, two, 10)
    assert not one.enter() and not two.enter()
    assert c.origin.peak == 10


@pytest.mark.bulk
def test_a_database_that_comes_back_empty_forgets_nobody(cluster):
    c = cluster()
    one, two = c.nodes(2)
    fill(c, one, 8)
    restart_and_fill(c, one, two)
    assert (len(one.inside), len(two.inside)) == (8, 2)


@pytest.mark.bulk
def test_a_database_that_is_emptied_forgets_nobody(cluster):
    c = cluster()
    one, two = c.nodes(2)
    fill(c, one, 10)
    assert c.redis.command("FLUSHALL") == b"OK"
    c.redis.command("SCRIPT", "FLUSH")
    two.wait("begins anew", lambda limit: limit["cluster"]["settling"])
    two.wait_settled()
    assert two.fill() == 0
    assert c.origin.peak == 10


@pytest.mark.bulk
def test_a_database_that_comes_back_with_an_older_state_forgets_nobody(cluster):
    c = cluster()
    one, two = c.nodes(2)
    fill(c, one, 2)
    assert c.redis.command("SAVE") == b"OK"
    fill(c, one, 9)
    restart_and_fill(c, one, two)


@pytest.mark.bulk
def test_a_node_that_was_stopped_gets_nothing_of_what_it_has_lost(cluster):
    c = cluster()
    one, two = c.nodes(2)
    fill(c, one, 4)
    one.site.log.allow("WSF0400")  # an answer that came while it was stopped is too late
    one.processes(signal.SIGSTOP)
    try:
        fill(c, two, 10)  # what is left
        two.wait("is alone", lambda limit: limit["cluster"]["nodes"] == 1)
        fill(c, two, 14)
        assert not two.enter()
    finally:
        one.processes(signal.SIGCONT)
    # Its tunnels live on, beyond the limit; there is no room for another one at either node until there are fewer.
    for _ in range(20):
        assert not one.enter()
    one.wait("is known again", lambda limit: limit["cluster"]["nodes"] == 2)
    assert c.origin.open == 14
    two.wait("has learnt what the other one has", lambda limit: limit["cluster"]["share"] == 6)
    two.leave(4)
    for _ in range(10):
        assert not one.enter() and not two.enter()
    two.leave()
    wait_until(lambda: one.enter() or two.enter(), "one more finds room", 20)
    assert c.origin.open == 10


def test_a_database_that_hangs_holds_up_no_handshake(cluster):
    c = cluster()
    (one,) = c.nodes(1)
    fill(c, one, 3)
    one.site.log.allow("WSF0400", "WSF0402")
    one.wait("is ahead of its load", lambda limit: limit["cluster"]["share"] > limit["in_use"])
    c.redis.pause()
    begin = time.monotonic()
    assert one.enter()
    assert time.monotonic() - begin < seconds(1)
    one.wait("has no lease", lambda limit: limit["cluster"]["lease_left_ms"] == 0)
    begin = time.monotonic()
    assert not one.enter()
    assert time.monotonic() - begin < seconds(1)
    c.redis.resume()
    one.wait_settled()
    fill(c, one, 10)
    assert c.origin.peak == 10


@pytest.mark.bulk
def test_a_database_that_is_not_there_at_the_start(cluster):
    c = cluster()
    one = c.node("concurrency=5 floor=1", children=2)
    one.site.log.wait_for("WSF0400")
    assert one.fill() == 1
    one.site.log.expect("WSF0400")
    before = one.site.status.json()["cluster"]["failures"]
    wait_until(lambda: one.site.status.json()["cluster"]["failures"] > before, "it is asked again")
    assert len(one.site.log.lines("WSF0400")) == 1
    c.redis.start()
    one.wait_settled()
    fill(c, one, 5)
    assert c.origin.peak == 5


@pytest.mark.bulk
def test_a_wrong_password_is_told_without_it(cluster):
    c = cluster(password="right-one")
    c.redis.start()
    one = c.node(url=c.redis.url("wrong-one"))
    (line,) = one.site.log.wait_for("WSF0400")
    assert "AUTH is refused: WRONGPASS" in line
    one.site.log.expect("WSF0400")
    assert "wrong-one" not in one.site.log.text()
    assert "wrong-one" not in str(one.site.status.json()) + one.site.get("/wsflow-status").text


@pytest.mark.bulk
def test_a_password_and_another_database(cluster):
    c = cluster(password="right-one")
    c.redis.start()
    one = c.node(url=c.redis.url() + "/3")
    one.wait_settled()
    fill(c, one, 10)
    assert b"keys=1" in c.redis.command("INFO", "keyspace")


@pytest.mark.bulk
def test_nodes_share_a_rate(cluster):
    c = cluster()
    one, two = c.nodes(2, "rate=20/s burst=20")
    c.origin.times.clear()
    end = time.monotonic() + seconds(4)
    trouble = []

    def work(node):
        try:
            while time.monotonic() < end:
                node.site.get("/x", timeout=10)
        except Exception as reason:
            trouble.append(reason)

    threads = [threading.Thread(target=work, args=(node,)) for node in (one, two) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not trouble, trouble
    times = sorted(c.origin.times)
    # A token bucket: in no time more than the burst and what refills. Clocks are read before requests arrive.
    slack = 2 + 20 * 0.1
    for first in range(0, len(times), 5):
        for last in range(first, len(times)):
            assert last - first + 1 <= 20 + 20 * (times[last] - times[first]) + slack
    assert len(times) >= 20 * (times[-1] - times[0]) * 0.6
    assert one.limit()["admitted"] > 5 and two.limit()["admitted"] > 5
    told = one.cluster()
    assert told["units_of"] == 20 and told["rate_of"] == 20 and told["units"] + told["units_others"] <= 20


@pytest.mark.bulk
def test_the_smallest_value_counts(cluster):
    c = cluster()
    c.redis.start()
    one, two = c.node("concurrency=10"), c.node("concurrency=4")
    for node in (one, two):
        node.wait_settled()
    one.site.log.expect("WSF0403")
    one.site.log.wait_for("WSF0403")
    for node in (one, two):
        node.wait("knows the smallest", lambda limit: limit["cluster"]["of"] == 4)
    fill(c, one, 4)
    assert not one.enter() and not two.enter()


@pytest.mark.bulk
def test_a_reload_keeps_the_share(cluster):
    c = cluster()
    one, two = c.nodes(2)
    fill(c, one, 10)
    one.site.graceful()
    one.wait("speaks with the database", lambda limit: limit["cluster"]["lease_left_ms"] > 0)
    asked = one.site.status.json()["cluster"]["answers"]
    wait_until(lambda: one.site.status.json()["cluster"]["answers"] > asked + 2, "the new generation asks")
    assert two.fill() == 0
    one.leave(3)
    fill(c, two, 10)
    assert c.origin.peak == 10


def test_another_child_takes_over_from_one_that_is_killed(cluster):
    c = cluster()
    (one,) = c.nodes(1, children=2)
    one.site.log.allow("AH00052", "WSF003")
    for pid in one.site.children():
        subprocess.run(["kill", "-9", str(pid)], check=True)
        asked = one.site.status.json()["cluster"]["answers"]
        wait_until(lambda: one.site.status.json()["cluster"]["answers"] > asked + 2, "another child asks", 20)
    fill(c, one, 10)


@pytest.mark.bulk
def test_metrics_tell_of_the_share(cluster):
    c = cluster()
    one, two = c.nodes(2)
    fill(c, one, 10)
    two.wait("knows of the other node", lambda limit: limit["cluster"]["others"] == 10)
    text = two.site.get("/wsflow-status?metrics").text
    assert 'wsflow_cluster_share{limit="x"} 0' in text and 'wsflow_cluster_others{limit="x"} 10' in text
    assert float(re.search(r'^wsflow_cluster_lease_seconds{limit="x"} (\S+)$', text, re.M)[1]) <= LEASE * 0.75
    assert int(re.search(r"^wsflow_cluster_answers_total (\d+)$", text, re.M)[1]) > 0


@pytest.mark.bulk
@pytest.mark.parametrize("directive, settings, said", [
    ("", "concurrency=5 cluster=app", "WSF0404.*write \"WSFlowCluster redis://host\""),
    ("WSFlowCluster http://secret@host", "concurrency=5 cluster=app", "WSF0404.*needs redis://"),
    ("WSFlowCluster rediss://secret@host:x", "concurrency=5", "WSF0404"),
    ("WSFlowCluster redis://host lease=1s", "concurrency=5", "lease= needs a time from 2s"),
    ("WSFlowCluster redis://host lease=2s timeout=1s", "concurrency=5", "timeout= must be a quarter of lease="),
    ("WSFlowCluster redis://host nodes=2", "concurrency=5", "nodes=2: unknown; expected lease=TIME or timeout=TIME"),
    ("WSFlowCluster redis://host", "concurrency=auto min=1 max=5 cluster=app", "concurrency=auto measures one node"),
    ("WSFlowCluster redis://host", "concurrency=5 floor=1", "floor= goes with cluster="),
    ("WSFlowCluster redis://host", "concurrency=5 cluster=app floor=6", "floor= must not be greater"),
    ("WSFlowCluster redis://host", "concurrency=5 cluster=a/b", "cluster= needs a name"),
    ("WSFlowCluster redis://host", "concurrency=5 cluster=app\nWSFlowLimit y rate=1/s cluster=app", "WSF0404.*has cluster=app"),
])
def test_configurations_that_cannot_work(cluster, directive, settings, said):
    c = cluster()
    site = c.httpd(f'<Location "/x">\nWSFlowLimit x {settings}\n</Location>', start=False,
                   main=f'LoadModule wsflow_redis_module "{CLIENT}"\n{directive}')
    status, output = site.configtest()
    assert status != 0
    assert re.search(said, output + site.log.text()), output
    assert "secret" not in output.replace(directive, "") + site.log.text()


def test_the_client_of_the_database_is_a_module(httpd):
    site = httpd("", start=False, main="WSFlowCluster redis://host")
    status, output = site.configtest()
    assert status != 0
    assert "LoadModule wsflow_redis_module" in output + site.log.text()

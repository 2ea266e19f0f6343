"""WSFlowLimit … key=… cluster=: each key is one pool for all nodes, whatever happens."""

import random
import signal
import subprocess
import threading
import time

import pytest

from wait import seconds, wait_until
from waiting import wait_parked

KEYED = "concurrency=5 key=%{req:X-User} show-key=on"


def fill(node, count, user="ann"):
    """Opens tunnels of USER at NODE until there are COUNT at all nodes."""
    seen = node._cluster.origin.users
    wait_until(lambda: seen.get(user, [0])[0] >= count or not node.enter(user) and seen.get(user, [0])[0] >= count,
               f"{user} has {count} tunnels", 20, report=node.cluster)


def needs(c):
    """What the nodes need of all keys, as the database knows it."""
    return [int(value.split()[3]) for key in c.redis.command("KEYS", "*:key:*") for value in c.redis.command("HVALS", key.decode())]


def test_each_user_has_the_whole_limit_over_all_nodes(cluster):
    c = cluster()
    one, two, three = c.nodes(3, KEYED)
    assert one.enter("ann") and two.enter("ann") and three.enter("ann") and one.enter("ann") and two.enter("ann")
    for node in (one, two, three):
        assert not node.enter("ann")
        assert node.enter("bob")
    assert one.reasons() == {"concurrency": 1}
    told = one.cluster()
    assert (told["of"], told["nodes"], told["keys_shared"]) == (5, 3, 2) and told["keys_denied"] >= 1
    text = "\n".join(key.decode() for key in c.redis.command("KEYS", "*"))
    assert "{wsflow}:key:app:" in text and "ann" not in text
    assert "each key for itself, 2 here" in one.site.get("/wsflow-status").text
    assert 'wsflow_cluster_keys{limit="x"} 2' in one.site.get("/wsflow-status?metrics").text
    assert c.origin.peak_of_users() == 5


def test_never_more_than_the_limit_of_a_user_while_all_nodes_are_at_it(cluster):
    c = cluster()
    nodes = c.nodes(3, KEYED, children=2)
    end = time.monotonic() + seconds(2)
    trouble = []

    def work(node, chance):
        mine = []
        try:
            while time.monotonic() < end:
                if mine and chance.random() < 0.45:
                    with turn:
                        node.leave(user=mine[-1])
                    mine.pop()
                elif node.enter(user := chance.choice(("ann", "bob", "cat"))):
                    mine.append(user)
        except Exception as reason:  # a thread's failure is the test's
            trouble.append(reason)

    turn = threading.Lock()
    threads = [threading.Thread(target=work, args=(node, random.Random(number * 7 + each)))
               for number, node in enumerate(nodes) for each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not trouble, trouble
    assert c.origin.peak_of_users() == 5
    assert all(node.limit()["admitted"] > 5 for node in nodes)


@pytest.mark.bulk
def test_another_tunnel_of_a_user_needs_no_answer_of_the_database(cluster):
    c = cluster()
    one, two = c.nodes(2, KEYED)
    assert one.enter("ann")
    asked = one.cluster()["keys_asked"]
    c.redis.pause()
    begin = time.monotonic()
    assert one.enter("ann") and one.enter("ann")
    assert time.monotonic() - begin < seconds(0.5)
    c.redis.resume()
    assert one.cluster()["keys_asked"] == asked == 1
    # A page that is loaded again.
    one.leave(3)
    assert one.enter("ann")
    assert one.cluster()["keys_asked"] == asked


@pytest.mark.bulk
def test_quiet_keys_cost_nothing(cluster):
    c = cluster()
    (one,) = c.nodes(1, KEYED)
    for number in range(20):
        assert one.enter(f"user-{number}")
    time.sleep(1.2)  # what had to be said is said

    def calls(name):
        stats = c.redis.command("INFO", "commandstats").decode()
        return int(dict(line.split(":calls=") for line in stats.split() if ":calls=" in line)[f"cmdstat_{name}"].split(",")[0])

    before = calls("evalsha"), calls("hset")
    wait_until(lambda: calls("evalsha") >= before[0] + 20, "the lease is renewed")
    # Each request renews the lease; of keys it says nothing.
    assert calls("hset") - before[1] <= calls("evalsha") - before[0] + 2


@pytest.mark.bulk
def test_a_first_handshake_that_waits_for_the_database_holds_no_worker(cluster):
    c = cluster()
    (one,) = c.nodes(1, KEYED)
    one.site.log.allow("WSF0400", "WSF0401", "WSF0402")
    c.redis.pause()
    waiting = [one.ask(f"user-{number}") for number in range(30)]
    one.wait("has all that wait", lambda limit: limit["waiting"] + sum(limit["refused_by"].values()) >= 30)
    assert one.limit()["waiting"] > 0
    wait_parked(one.site)
    begin = time.monotonic()
    statuses = {client.read_head().status for client in waiting}
    assert statuses == {503} and time.monotonic() - begin < seconds(3)
    assert set(one.reasons()) == {"no-share"}
    c.redis.resume()
    one.wait_settled()
    fill(one, 5)


@pytest.mark.bulk
def test_who_finds_no_room_is_refused_at_once(cluster):
    c = cluster()
    one, two = c.nodes(2, KEYED)
    fill(one, 5)
    assert not two.enter("ann")  # asks the other node, as it has not spoken for long
    begin = time.monotonic()
    for _ in range(5):
        assert not two.enter("ann")
    assert time.monotonic() - begin < seconds(1)
    assert set(two.reasons()) == {"concurrency"}


@pytest.mark.bulk
def test_what_a_node_only_keeps_goes_to_where_it_is_needed(cluster):
    c = cluster()
    one, two = c.nodes(2, KEYED)
    assert one.fill(user="ann") == 5
    one.leave(4, "ann")
    wait_until(lambda: needs(c) == [1], "the database knows of it")
    assert two.fill(user="ann") == 4
    assert c.origin.peak == 5
    two.leave(4, "ann")
    one.leave(1, "ann")
    for node in (one, two):
        node.wait("has given all back", lambda limit: limit["cluster"]["keys_shared"] == 0)
    wait_until(lambda: not [key for key in c.redis.command("KEYS", "*:key:*")], "the database knows no key any more")


@pytest.mark.bulk
def test_a_client_alone_that_goes_from_node_to_node_is_never_refused(cluster):
    c = cluster()
    nodes = c.nodes(3, KEYED.replace("=5", "=1"))
    for turn in range(9):
        node = nodes[turn % 3]
        assert node.enter("ann"), (turn, node.reasons())
        node.leave()
        wait_until(lambda: needs(c) in ([], [0]), "the database knows of it")
    assert c.origin.peak == 1


@pytest.mark.bulk
def test_who_may_queue_gets_what_another_node_has_left(cluster):
    c = cluster()
    one, two = c.nodes(2, KEYED + " queue=4 acquire=20s")
    clients = [one.ask("ann") for _ in range(5)]
    assert {client.read_head().status for client in clients} == {101}
    one.inside += clients
    waiting = two.ask("ann")
    two.wait("has one that waits", lambda limit: limit["waiting"] == 1)
    one.leave()
    assert waiting.read_head().status == 101
    assert c.origin.peak_of_users() == 5


@pytest.mark.bulk
def test_what_a_dead_node_has_of_a_user_comes_back(cluster):
    c = cluster()
    one, two = c.nodes(2, KEYED)
    fill(one, 5)
    one.kill()
    wait_until(lambda: c.origin.open == 0, "the dead node's tunnels are gone")
    fill(two, 5)
    assert c.origin.peak == 5


@pytest.mark.bulk
@pytest.mark.parametrize("how", ["emptied", "restarted"])
def test_a_database_that_has_lost_all_forgets_nobody(cluster, how):
    c = cluster()
    one, two = c.nodes(2, KEYED)
    for user in ("ann", "bob", "cat"):
        assert one.fill(3, user) == 3
        fill(two, 5, user)
    for node in (one, two):
        node.site.log.allow("WSF0400", "WSF0401", "WSF0402")
    if how == "emptied":
        assert c.redis.command("FLUSHALL") == b"OK"
    else:
        c.redis.stop()
        c.redis.start()
    two.wait("begins anew", lambda limit: limit["cluster"]["settling"])
    assert not two.enter("dan")
    assert two.reasons()["no-share"] >= 1
    for node in (one, two):
        node.wait_settled()
    for user in ("ann", "bob", "cat"):
        assert not one.enter(user) and not two.enter(user)
        one.leave(3, user)
        fill(two, 5, user)
    assert c.origin.peak_of_users() == 5


@pytest.mark.bulk
def test_without_the_database_users_have_their_floor(cluster):
    c = cluster()
    one, two = c.nodes(2, KEYED + " floor=2")
    assert one.fill(4, "ann") == 4
    c.redis.stop()
    for node in (one, two):
        node.site.log.expect("WSF0400", "WSF0402")
        node.wait("has no lease", lambda limit: limit["cluster"]["lease_left_ms"] == 0)
    assert one.fill(user="ann") == 0 and one.reasons() == {"no-share": 1}
    assert two.fill(user="ann") == 2 and two.fill(user="bob") == 2
    for node in (one, two):
        node.site.log.wait_for("WSF0402")
    c.redis.start()
    for node in (one, two):
        node.wait_settled()
    # Six tunnels are one more than there may be: none is let in until there are fewer.
    assert not one.enter("ann") and not two.enter("ann")
    two.leave(2, "ann")
    fill(two, 5)
    for node in (one, two):
        node.site.log.wait_for("WSF0401")


@pytest.mark.bulk
def test_a_node_has_as_many_keys_as_it_may(cluster):
    c = cluster()
    (one,) = c.nodes(1, KEYED + " keys=4")
    for user in "abcd":
        assert one.enter(user)
    assert not one.enter("e")
    assert one.reasons() == {"keys-full": 1}
    one.leave(1, "a")
    wait_until(lambda: one.enter("e"), "another key finds room")
    for _ in range(12):
        user = one.inside[0].user
        one.leave(1, user)
        wait_until(lambda: one.enter(user + "x"), "another key finds room")
    assert one.limit()["keys"] <= 4


@pytest.mark.bulk
def test_users_have_a_rate_over_all_nodes(cluster):
    c = cluster()
    one, two = c.nodes(2, "rate=4/s burst=4 key=%{req:X-User}")
    # The bucket is full a second after the database has settled.
    wait_until(lambda: all(node.site.get("/x", {"X-User": f"early-{time.monotonic()}"}).status == 200 for node in (one, two)),
               "a first request passes")
    time.sleep(1.1)
    end = time.monotonic() + seconds(1)
    trouble = []

    def work(node):
        try:
            while time.monotonic() < end:
                node.site.get("/x", {"X-User": "ann"}, timeout=10)
        except Exception as reason:
            trouble.append(reason)

    threads = [threading.Thread(target=work, args=(node,)) for node in (one, two) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not trouble, trouble
    times = sorted(c.origin.users["ann"][2])
    for first in range(len(times)):
        for last in range(first, len(times)):
            assert last - first + 1 <= 4 + 4 * (times[last] - times[first] + 0.3) + 1
    assert len(times) >= 4 + 4 * (times[-1] - times[0]) * 0.5


@pytest.mark.bulk
def test_a_reload_keeps_what_a_node_has_of_a_user(cluster):
    c = cluster()
    one, two = c.nodes(2, KEYED)
    fill(one, 5)
    one.site.graceful()
    asked = one.site.status.json()["cluster"]["answers"]
    wait_until(lambda: one.site.status.json()["cluster"]["answers"] > asked + 5, "the new generation asks")
    assert not two.enter("ann") and not one.enter("ann")
    one.leave(3)
    fill(two, 5)
    assert c.origin.peak_of_users() == 5


@pytest.mark.bulk
def test_another_child_takes_over_from_one_that_is_killed(cluster):
    c = cluster()
    one, two = c.nodes(2, KEYED, children=2)
    one.site.log.allow("AH00052", "WSF003")
    fill(two, 2)
    for pid in one.site.children():
        subprocess.run(["kill", "-9", str(pid)], check=True)
        asked = one.site.status.json()["cluster"]["answers"]
        wait_until(lambda: one.site.status.json()["cluster"]["answers"] > asked + 5, "another child asks", 20)
    fill(one, 5)
    assert not two.enter("ann")
    assert c.origin.peak_of_users() == 5


@pytest.mark.bulk
def test_a_node_that_was_stopped_gets_nothing_of_what_it_has_lost(cluster):
    c = cluster()
    one, two = c.nodes(2, KEYED)
    fill(one, 3)
    one.site.log.allow("WSF0400")  # an answer that came while it was stopped is too late
    one.processes(signal.SIGSTOP)
    try:
        two.wait("is alone", lambda limit: limit["cluster"]["nodes"] == 1)
        fill(two, 7)
    finally:
        one.processes(signal.SIGCONT)
    for _ in range(5):
        assert not one.enter("ann")
    one.wait_settled()
    assert not one.enter("ann") and not two.enter("ann")
    two.leave(2)
    assert not one.enter("ann") and not two.enter("ann")
    two.leave()
    wait_until(lambda: one.enter("ann") or two.enter("ann"), "one more finds room", 20)
    assert c.origin.users["ann"][0] == 5

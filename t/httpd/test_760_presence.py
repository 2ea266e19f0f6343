"""WSFlowPresence: one session for each key, from its first socket to its last, whatever becomes of processes."""

import os
import signal
import sqlite3

import pytest

import frames
import processes
import sanitizers
from legs import close_all, talk, wait_keepers
from presence import now
from test_800_worker_fallback import FIRST, H2, h2_tunnel
from wait import seconds, wait_until

SECOND = 1_000_000


def test_a_session_lasts_from_the_first_socket_to_the_last(counted, database):
    place = counted(node="alpha")
    before = now()
    first = place.open("ann")
    opened = now()
    row = database.wait_online("ann", 1)
    assert before <= row["joined"] <= opened + SECOND
    assert (row["name"], row["route"]) == ("online", "")
    second = place.open("ann")
    database.wait_online("ann", 2)
    (online,) = database.rows("SELECT * FROM wsflow_online")
    assert online["nodes"] == '{"alpha":2}'
    talk(*first)
    close_all([first])
    database.wait_online("ann", 1)
    before = now()
    close_all([second])
    (row,) = database.wait_ended("ann")
    assert before <= row["ended"] <= now()
    assert row["peak"] == 2
    assert row["sockets"] == 0
    assert row["bytes"] >= 2 * len(b"hello")


def test_who_has_no_key_is_not_counted(counted, database):
    place = counted()
    pairs = [place.open(None), place.open("ann")]
    database.wait_online("ann", 1)
    assert [row["key"] for row in database.sessions()] == ["ann"]
    assert place.told()["keys"] == 1
    close_all(pairs)


def test_a_page_that_is_loaded_again_has_not_left(counted, database):
    place = counted(presence="WSFlowPresence key=%{HTTP:X-User} grace=5s")
    first = place.open("ann")
    row = database.wait_online("ann", 1)
    stored = place.told()["rows"]
    close_all([first])
    place.site.status.wait_active(0)
    second = place.open("ann")
    other = place.open("bob")  # its row tells that the writer had its turn
    database.wait_online("bob", 1)
    assert place.told()["rows"] == stored + 1, "the reload of the page was written"
    before = now()
    close_all([second, other])
    (ended,) = database.wait_ended("ann", timeout=20)
    assert ended["joined"] == row["joined"]
    assert before <= ended["ended"] <= now() - 4 * SECOND, "held for its grace, with the time at which it went"


def test_two_children_have_one_session(counted, database):
    place = counted(children=2)
    pairs = [place.open("ann")]

    def spread():
        pairs.append(place.open("ann"))
        told = place.site.status.json("&count=0")["processes"]
        return sum(process["tunnels_active"] > 0 for process in told) == 2

    wait_until(spread, "both children have a tunnel", 20)
    database.wait_online("ann", len(pairs))
    assert len(database.rows("SELECT DISTINCT process FROM wsflow_interval WHERE closed IS NULL")) == 2
    close_all(pairs)
    (row,) = database.wait_ended("ann")
    assert row["peak"] == len(pairs)


def test_a_reload_and_its_keeper_change_nothing(counted, database):
    place = counted()
    pair = place.open("ann", client_tls=True)
    row = database.wait_online("ann", 1)
    place.site.graceful()
    wait_keepers(place.site, 1)
    talk(*pair)
    new = place.open("ann")
    assert database.wait_online("ann", 2)["joined"] == row["joined"]
    place.site.graceful()
    wait_keepers(place.site, 2)
    close_all([pair])
    database.wait_online("ann", 1)
    before = now()
    close_all([new])
    (ended,) = database.wait_ended("ann")
    assert ended["joined"] == row["joined"]
    assert before <= ended["ended"] <= now()
    wait_keepers(place.site, 0)
    left = wait_until(lambda: len(found := database.rows("SELECT * FROM wsflow_process")) == 1 and found,
                      "the keepers have left the database", 10)
    assert left[0]["process"] != 0


def test_a_killed_child_ends_its_sessions_at_once(counted, database):
    place = counted(lease="10mi")
    pair = place.open("ann")
    database.wait_online("ann", 1)
    (child,) = processes.children(place.site.pid)
    killed = now()
    os.kill(child, signal.SIGKILL)
    (row,) = database.wait_ended("ann", timeout=20)
    assert killed <= row["ended"] <= killed + seconds(4) * SECOND
    close_all([pair])


def test_a_stop_ends_all_sessions(counted, database):
    place = counted(lease="10mi")
    pairs = [place.open(user) for user in ("ann", "bob")]
    database.wait_online("bob", 1)
    before = now()
    place.site.stop()
    for user in ("ann", "bob"):
        (row,) = database.wait_ended(user, timeout=1)
        assert before <= row["ended"] <= now()
    assert database.rows("SELECT * FROM wsflow_process") == []
    close_all(pairs)


@pytest.mark.timeout(seconds(120))
def test_a_database_that_is_away_for_a_while_misses_nothing(counted, database):
    place = counted(lease="10mi")
    pair = place.open("ann")
    database.wait_online("ann", 1)
    lock = sqlite3.connect(database.file, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    times = []
    for user in ("bob", "cid"):
        before = now()
        other = place.open(user)
        talk(*other)
        opened = now()
        close_all([other])
        place.site.status.wait_active(1)
        times.append((user, before, opened, now()))
    close_all([pair])
    told = wait_until(lambda: (found := place.told())["failing"] and found["waiting"] == 3 and found,
                      "the status tells of it", 30, report=place.told)
    assert "locked" in told["store"]["error"] or "busy" in told["store"]["error"], told
    assert place.site.get("/").status == 200
    assert [row["key"] for row in database.sessions()] == ["ann"]
    lock.execute("ROLLBACK")
    lock.close()
    for user, before, opened, closed in times:
        (row,) = database.wait_ended(user, timeout=30)
        assert before <= row["joined"] <= opened + SECOND
        assert opened <= row["ended"] <= closed
    database.wait_ended("ann")
    wait_until(lambda: not place.told()["failing"], "the status tells that it is over")
    assert place.told()["lost"] == 0
    place.site.log.wait_for("WSF0454")
    place.site.log.expect("WSF0453")


HOSTILE = ["'; DROP TABLE wsflow_session; --", '"},[],{"', "a" * 255, "\\u0000", "{a,b}", "sha256:" + "0" * 64, "%s%n$1"]


def test_any_key_is_only_a_key(counted, database):
    place = counted()
    long = ["k" * 256, "k" * 8000]
    raw = ["\x80\xff raw bytes", "a\tb"]
    pairs = [place.open(key) for key in HOSTILE + long + raw]
    found = database.wait_sessions(lambda rows: len(rows) == len(pairs), "all are there")
    keys = {row["key"] for row in found}
    plain = {key for key in HOSTILE if not key.startswith("sha256:")}
    assert plain <= keys
    hashed = keys - plain
    assert all(len(key) == 71 and key.startswith("sha256:") for key in hashed), hashed
    assert len(hashed) == len(long) + len(raw) + 1
    assert "sha256:" + "0" * 64 not in keys, "a key passes for the hash of another"
    close_all(pairs)
    database.wait_sessions(lambda rows: all(row["ended"] for row in rows), "all have ended")


def test_lists_and_routes(counted, database):
    place = counted(presence="""
        WSFlowPresence key=%{HTTP:X-User} name=people grace=0
        WSFlowPresence key=%{HTTP:X-Room} name=rooms grace=0 by-route=on
        <Location "/tls">
          WSFlowPresence off
          WSFlowPresence key=%{HTTP:X-User} name=staff grace=0
        </Location>""")
    pairs = [place.legs.open(headers=[("X-User", "ann"), ("X-Room", "blue")]),
             place.legs.open(origin_tls=True, headers=[("X-User", "ann"), ("X-Room", "blue")])]
    found = database.wait_sessions(lambda rows: len(rows) == 3, "three lists have one")
    assert {(row["name"], row["route"], row["key"]) for row in found} == {
        ("people", "", "ann"), ("rooms", "/plain", "blue"), ("staff", "", "ann")}
    close_all(pairs)


def test_a_tunnel_that_holds_its_worker_counts_as_well(httpd, echo, database, certs, resources):
    conf = f'WSFlowPresence key=%{{REMOTE_ADDR}} grace=0\nWSFlowPass /x "{echo().url("/x")}"'
    site = httpd(conf, main=database.lines(os.environ["WSFLOW_MODULE"]), modules=["http2"], tls_conf=H2)
    site.log.expect("WSF0220", FIRST)
    tunnel = h2_tunnel(site, certs, "/x", resources)
    assert tunnel.status == 200
    database.wait_online("127.0.0.1", 1)
    tunnel.send_frame(frames.CLOSE, b"\x03\xe8")
    assert tunnel.read_frame()[1] == frames.CLOSE
    tunnel.wait_ended()
    database.wait_ended("127.0.0.1")


def test_two_nodes_share_a_session_and_the_living_ends_the_dead(counted, database):
    alpha = counted(node="alpha")
    beta = counted(node="beta")
    pairs = [alpha.open("ann"), beta.open("ann"), beta.open("bob")]
    row = database.wait_online("ann", 2)
    (online,) = database.rows("SELECT nodes FROM wsflow_online WHERE key = 'ann'")
    assert online["nodes"] in ('{"alpha":1,"beta":1}', '{"beta":1,"alpha":1}')
    wait_until(lambda: [(node["node"], node["processes"], node["keys"], node["sockets"])
                        for node in alpha.told()["nodes"]] == [("alpha", 1, 1, 1), ("beta", 1, 2, 2)],
               "the status shows both nodes", 15, report=lambda: alpha.told()["nodes"])
    assert all(0 < node["lease_left_s"] <= 3 for node in alpha.told()["nodes"])
    assert (alpha.told()["cluster"]["keys"], alpha.told()["cluster"]["sockets"]) == (2, 3)
    killed = now()
    os.killpg(beta.site.pid, signal.SIGKILL)
    beta.site.wait_gone()
    (bob,) = database.wait_ended("bob", timeout=30)
    assert killed - 3 * SECOND <= bob["ended"] <= killed, "by the last renewal of its lease, which is 3 s long"
    assert database.wait_online("ann", 1)["joined"] == row["joined"]
    close_all(pairs)
    database.wait_ended("ann")


@pytest.mark.skipif(sanitizers.KIND == "tsan", reason="a stopped process loses more than its lease there")
def test_a_node_that_was_paused_is_back_with_what_it_has(counted, database):
    alpha = counted(node="alpha")
    beta = counted(node="beta")
    stays, leaves = beta.open("ann"), beta.open("bob")
    watch = alpha.open("cid")
    joined = {user: database.wait_online(user, 1)["joined"] for user in ("ann", "bob")}
    os.killpg(beta.site.pid, signal.SIGSTOP)
    try:
        database.wait_ended("ann", timeout=30)
        close_all([leaves])
    finally:
        os.killpg(beta.site.pid, signal.SIGCONT)
    assert database.wait_online("ann", 1, timeout=20)["joined"] == joined["ann"], "its socket never closed"
    (bob,) = database.wait_ended("bob")
    assert bob["joined"] == joined["bob"]
    talk(*stays)
    close_all([stays, watch])
    (ann,) = database.wait_ended("ann")
    assert ann["joined"] == joined["ann"]
    beta.site.log.wait_for("WSF0452")

"""WSFlowPresenceEvents: an application is told who comes and goes, at least once; and the status finds sessions."""

import json
import os
import re
import sqlite3

import pytest

import sanitizers
from legs import close_all
from presence import store_module
from redis_server import REDIS, RedisServer
from wait import wait_until


def lines(file):
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def wait_told(read, wanted, what, timeout=20):
    """What read() gives, once the (event, key) of all of it, doubles aside, are WANTED in this order."""
    def told():
        seen, pairs = set(), []
        for each in read():
            if each["id"] not in seen:
                pairs.append((each["event"], each["key"]))
            seen.add(each["id"])
        return pairs == wanted and read()
    return wait_until(told, what, timeout, pause=0.05, report=read)


def test_a_file_tells_who_comes_and_goes(counted, database):
    place = counted(main="WSFlowPresenceEvents events.log", node="alpha")
    file = place.site.root / "events.log"
    first = place.open("ann")
    wait_told(lambda: lines(file), [("join", "ann")], "ann has come")
    second = place.open("ann")
    database.wait_online("ann", 2)
    other = place.open('b"b')
    # Events of one millisecond have no order among them.
    wait_told(lambda: lines(file), [("join", "ann"), ("join", 'b"b')], 'b"b has come')
    close_all([first, second])
    told = wait_told(lambda: lines(file), [("join", "ann"), ("join", 'b"b'), ("leave", "ann")], "ann has left")
    (row,) = database.sessions("ann")
    assert set(told[0]) == {"id", "event", "time", "list", "route", "key", "session", "node"}
    assert told[0]["list"] == "online" and told[0]["node"] == "alpha"
    assert told[0]["time"] == told[0]["session"] == told[2]["session"]
    assert told[2]["time"] > told[0]["time"]
    assert row["ended"] is not None
    assert place.told()["events"] == 3
    wait_until(lambda: database.rows("SELECT * FROM wsflow_event") == [], "the store keeps none that is told")
    close_all([other])


def test_what_was_not_told_is_told_after_a_reload(counted, database):
    place = counted(main="WSFlowPresenceEvents events.log")
    file = place.site.root / "events.log"
    pair = place.open("ann")
    wait_told(lambda: lines(file), [("join", "ann")], "ann has come")
    place.site.graceful()
    close_all([pair])  # of a keeper, which tells nobody
    wait_told(lambda: lines(file), [("join", "ann"), ("leave", "ann")], "ann has left")


@pytest.mark.skipif(sanitizers.KIND == "tsan", reason="httpd does not start a piped logger under it")
def test_a_program_that_takes_nothing_gets_it_later(counted, database):
    script = database.folder / "program.py"
    script.write_text("import os, sys, time\nout = open(sys.argv[1], 'a')\n"
                      "while not os.path.exists(sys.argv[2]):\n    time.sleep(0.05)\n"
                      "for line in sys.stdin:\n    out.write(line)\n    out.flush()\n")
    file, go = database.folder / "told", database.folder / "go"
    place = counted(main=f'WSFlowPresenceEvents "|/usr/bin/python3 {script} {file} {go}"')
    pair = place.open("ann")
    database.wait_online("ann", 1)
    assert place.site.get("/").status == 200
    go.touch()
    wait_told(lambda: lines(file), [("join", "ann")], "the program has it")
    close_all([pair])
    wait_told(lambda: lines(file), [("join", "ann"), ("leave", "ann")], "and the end")


@pytest.mark.skipif(REDIS is None, reason="no redis-server")
def test_a_stream_of_redis(counted, database, resources):
    module = store_module(os.environ["WSFLOW_MODULE"]).with_name("mod_wsflow_redis.so")
    if not module.exists():
        pytest.skip("no hiredis when the module was built")
    redis = RedisServer().start()
    resources.append(redis)
    place = counted(main=f'LoadModule wsflow_redis_module "{module}"\nWSFlowCluster {redis.url()}\n'
                         "WSFlowPresenceEvents stream:presence maxlen=1000")

    def entries():
        found = []
        for _, fields in redis.command("XRANGE", "presence", "-", "+"):
            fields = [field.decode() for field in fields]
            found.append(dict(zip(fields[::2], fields[1::2])))
        return found

    pair = place.open("ann")
    told = wait_told(entries, [("join", "ann")], "ann has come")
    assert set(told[0]) == {"id", "event", "time", "list", "route", "key", "session", "node"}
    redis.stop()
    close_all([pair])
    database.wait_ended("ann")
    place.site.log.wait_for("WSF0463", timeout=20)
    place.site.log.expect("WSF0463")
    redis.start()
    wait_told(entries, [("leave", "ann")], "ann has left, in a stream that began anew")


def test_the_status_finds_sessions(counted, database):
    place = counted()
    pairs = [place.open(user) for user in ("ann", "anna", "bob", "a<b>&\"'")]
    database.wait_sessions(lambda rows: len(rows) == 4, "all are there")
    close_all([pairs[0]])
    database.wait_ended("ann")

    def find(text):
        told = place.site.status.json(f"&count=0&presence={text}")["presence"]
        assert told["found_error"] is None
        return told["found"]

    assert [(found["key"], found["ended"] is None) for found in find("ann")] == [("anna", True), ("ann", False)]
    assert [found["key"] for found in find("bob")] == ["bob"]
    assert find("nobody") == []
    assert "found" not in place.told()
    page = place.site.get("/wsflow-status?presence=a%3C").text
    assert "a&lt;b&gt;&amp;" in page
    assert "No key begins so" in place.site.get("/wsflow-status?presence=nobody").text
    assert "presence" in place.site.get("/wsflow-status").text
    close_all(pairs[1:])


def test_a_search_does_not_wait_for_a_store_that_hangs(counted, database):
    place = counted(lease="10mi")
    pair = place.open("ann")
    database.wait_online("ann", 1)
    lock = sqlite3.connect(database.file, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    other = place.open("bob")
    wait_until(lambda: place.told()["store"]["asked_at"], "the writer waits for the store")
    told = place.site.status.json("&count=0&presence=ann")["presence"]
    assert told["found"] == []
    assert told["found_error"] == "the store has not answered in time"
    lock.execute("ROLLBACK")
    lock.close()
    database.wait_online("bob", 1, timeout=30)
    close_all([pair, other])
    place.site.log.allow("WSF0453")


STORE = 'WSFlowPresenceStore sqlite3 "{db}"'
LOAD = 'LoadModule wsflow_presence_module "{module}"\n'
KEY = "WSFlowPresence key=%{{REMOTE_USER}}"
WRONG = [
    ("", KEY, r"WSF0459.*write, outside of all virtual hosts: WSFlowPresenceStore sqlite3"),
    (STORE, KEY, r"WSF0460.*no module offers this driver.*LoadModule wsflow_presence_module"),
    (LOAD + 'WSFlowPresenceStore oracle "x"', "", "WSF0460.*WSFlowPresenceStore oracle"),
    (LOAD + "WSFlowPresenceStore sqlite3 presence.db", "", "WSF0461.*WSFlowPresenceStore sqlite3: "),
    (LOAD + "WSFlowPresenceStore sqlite3", "", "WSFlowPresenceStore needs a driver"),
    (LOAD + STORE + " lease=1s", "", "lease=1s: lease= needs a time from 3s to 1h"),
    (LOAD + STORE + "\n" + STORE, "", "a server has one store"),
    (LOAD + STORE, "WSFlowPresence name=x", "needs key="),
    (LOAD + STORE, "WSFlowPresence key=%{{nosuch:x}}", "key= needs an expression"),
    (LOAD + STORE, KEY + " grace=2h", "grace= needs a time from 0 to 1h"),
    (LOAD + STORE, KEY + " name=a/b", "name= needs letters"),
    (LOAD + STORE, KEY + "\n" + KEY, "stands here already"),
    (LOAD + STORE, KEY + "\n<Location /x>\n" + KEY + " grace=3s\n</Location>", "WSF0458.*has another grace= or by-route="),
    (LOAD + STORE, "WSFlowPresence off now", "off: stands alone"),
    (LOAD + STORE + "\nWSFlowNode a/b", "", "WSFlowNode a/b: needs letters"),
    (LOAD + STORE + "\nWSFlowPresenceEvents |", "", "needs a file"),
    (LOAD + STORE + "\nWSFlowPresenceEvents stream:a maxlen=1", "", "maxlen= needs a number from 1000"),
    (LOAD + STORE + "\nWSFlowPresenceEvents stream:a", "", "WSF0462.*write: LoadModule wsflow_redis_module"),
    (LOAD + "<VirtualHost *:1>\n" + STORE + "\n</VirtualHost>", "", "WSFlowPresenceStore cannot occur within <VirtualHost>"),
]


@pytest.mark.bulk
@pytest.mark.parametrize("main, conf, said", WRONG)
def test_configtest_names_what_to_write(httpd, database, main, conf, said):
    values = {"db": database.file, "module": store_module(os.environ["WSFLOW_MODULE"])}
    site = httpd(conf.format(**values), start=False, main=main.format(**values))
    status, text = site.configtest()
    assert status != 0
    assert re.search(said, text), text


def test_a_store_that_cannot_be_used_does_not_keep_httpd_from_its_work(counted, database, httpd, raw_origin, tunnel):
    database.folder.chmod(0o700)  # httpd's children cannot write there
    place = counted()
    pair = place.open("ann")
    place.site.log.wait_for("WSF0453.*sqlite3 cannot be used")
    place.site.log.expect("WSF0453")
    assert place.told()["failing"] == 1
    assert len(place.site.log.lines("WSF0453")) == 1
    database.folder.chmod(0o777)
    database.wait_online("ann", 1, timeout=30)
    close_all([pair])

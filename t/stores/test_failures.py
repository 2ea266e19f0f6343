"""What goes wrong with databases: what the store says, and that all is well behind it."""

import pathlib
import sqlite3
import time

import databases
import pytest
from batches import LONG, Process, row, times
from store import Failure, Store

TREE = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = TREE / "mod_wsflow/stores/presence/schema"


@pytest.fixture
def pgsql(server):
    return databases.PgsqlDatabase(server, f"f{time.monotonic_ns()}")


@pytest.mark.parametrize("driver, parameters, words", [
    ("pgsql", "", "no parameters"), ("pgsql", "  ", "no parameters"), ("pgsql", "wsflow", "neither"),
    ("sqlite3", "", "no file"), ("sqlite3", "presence.db", "begin with /"), ("sqlite3", ":memory:", "begin with /"),
    ("sqlite3", "/var/lib/", "folder")])
def test_parameters_that_cannot_work(driver, parameters, words):
    with Store(driver) as store, pytest.raises(Failure, match=words):
        store.check(parameters)


@pytest.mark.parametrize("driver, parameters", [
    ("pgsql", "dbname=x"), ("pgsql", "postgresql:///x"), ("pgsql", "postgres://a@b/c"), ("sqlite3", "/var/lib/presence.db")])
def test_parameters_that_may_work(driver, parameters):
    with Store(driver) as store:
        assert store.check(parameters) == []


def test_a_wrong_password_is_not_told(server):
    server.sql("DROP ROLE IF EXISTS locked; CREATE ROLE locked LOGIN PASSWORD 'right-one'")
    with Store("pgsql") as store, pytest.raises(Failure, match="password authentication failed") as failure:
        store.open(f"host={server.folder} dbname=postgres user=locked password=wrong-one")
    assert "wrong-one" not in str(failure.value)


@pytest.mark.parametrize("parameters", ["host=/x password=secret part", "host=/x secret", "host=/x password='secret",
                                        "postgresql://u:secret@[::1/x", "postgresql://u:sec%zzret@h/x", "secret=1"])
def test_parameters_that_cannot_be_read_are_not_quoted(parameters):
    with Store("pgsql") as store, pytest.raises(Failure) as failure:
        store.open(parameters)
    assert "secret" not in str(failure.value) and "part" not in str(failure.value) and "sec%" not in str(failure.value)


@pytest.mark.parametrize("driver, parameters", [
    ("pgsql", "host=/nowhere"), ("pgsql", "host=127.0.0.1 port=9"), ("sqlite3", "/nowhere/presence.db")])
def test_a_database_that_is_not_there(driver, parameters):
    with Store(driver) as store, pytest.raises(Failure, match="cannot connect"):
        store.open(parameters)


def test_the_operators_parameters_count(server, pgsql):
    def name(parameters):
        with Store("pgsql", parameters):
            return server.sql("SELECT string_agg(application_name, ',') FROM pg_stat_activity WHERE usename = 'owner'").split(",")

    assert "mod_wsflow" in name(pgsql.parameters)
    assert "mine" in name(f"{pgsql.parameters} application_name=mine")
    assert "by-uri" in name(f"postgresql:///postgres?host={server.folder}&user=owner&application_name=by-uri"
                            f"&options=-csearch_path%3D{pgsql.name}")


def test_a_role_that_may_not_make_tables_is_told_the_file(server, pgsql):
    server.sql("DROP ROLE IF EXISTS poor; CREATE ROLE poor LOGIN")
    pgsql.sql(f"GRANT USAGE ON SCHEMA {pgsql.name} TO poor")
    parameters = pgsql.parameters_of("poor")
    with Store("pgsql") as store:
        with pytest.raises(Failure, match="who may do so runs psql -1 -f .*wsflow/presence/pgsql/1.sql.*permission denied"):
            store.open(parameters)
        pgsql.sql((SCHEMA / "pgsql/1.sql").read_text())
        with pytest.raises(Failure, match="cannot read the version of the schema.*permission denied"):
            store.open(parameters)
        pgsql.sql("GRANT SELECT, INSERT, UPDATE, DELETE ON wsflow_schema, wsflow_process, wsflow_interval, wsflow_session, "
                  "wsflow_event TO poor")
        store.open(parameters)
        assert len(Process(store, 1).events(row("anna", 1))) == 1


def test_a_newer_schema_is_refused(database, connect):
    connect()
    database.sql("UPDATE wsflow_schema SET version = 99")
    with Store(database.driver) as store, pytest.raises(Failure, match="newer than this module.*99.*knows 1"):
        store.open(database.parameters)


def test_a_database_that_has_not_all_characters_is_refused(server):
    server.sql("DROP DATABASE IF EXISTS latin")
    server.sql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with Store("pgsql") as store, pytest.raises(Failure, match="not UTF8"):
        store.open(f"host={server.folder} dbname=latin user=owner")


def test_four_make_the_schema_at_once(database):
    stores = [Store(database.driver) for _ in range(4)]
    for store in stores:
        store.send("open", database.parameters)
    for number, store in enumerate(stores):
        assert store.answer() == []
        Process(store, number + 1).send(row(f"key{number}", 1))
    assert len(stores[0].sessions()) == 4
    for store in stores:
        store.__exit__()


def test_what_fails_stores_nothing(database, connect):
    store = connect()
    for rows in ([row("anna", 1), row("bert", 1)[:-1]], [row("anna", 1), "x"], [row("anna", "x")]):
        with pytest.raises(Failure, match="cannot store a batch: ") as failure:
            Process(store, 1).send(*rows)
        assert "\n" not in str(failure.value)
        store.close()
        store.open(database.parameters)
        assert store.sessions() == []
    with pytest.raises(Failure, match="cannot store a batch: "):
        store.ask("apply", "{")
    store.close()
    store.open(database.parameters)
    assert [each[0] for each in Process(store, 1).send(row("anna", 1))] == ["resync"]


def test_a_server_that_is_stopped_between_batches(server, pgsql):
    store = Store("pgsql", pgsql.parameters)
    one = Process(store, 1)
    one.send(row("anna", 100))
    server.stop()
    try:
        with pytest.raises(Failure, match="cannot store a batch"):
            one.send(row("anna", 100, sockets=2))
        with Store("pgsql") as late, pytest.raises(Failure, match="cannot connect"):
            late.open(pgsql.parameters)
    finally:
        server.start()
    store.close()
    store.open(pgsql.parameters)
    assert one.send(row("anna", 100, sockets=2), row("bert", 110)) == []  # it is known still
    assert times(store) == [("anna", 100, None), ("bert", 110, None)]
    store.__exit__()


def test_a_file_that_somebody_else_writes(tmp_path):
    database = databases.SqliteDatabase(tmp_path, "busy")
    with Store("sqlite3", database.parameters) as store:
        other = sqlite3.connect(database.parameters, isolation_level=None)
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        other.execute("BEGIN IMMEDIATE")
        store.send("apply", '{"node": "n1", "process": 1, "now": 0, "lease": 1000000000}')
        other.execute("COMMIT")
        assert [each[0] for each in store.answer()] == ["resync"]
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Failure, match="locked"):
            Process(store, 1).send(row("anna", 1))
        other.execute("COMMIT")
        other.close()
        store.close()
        store.open(database.parameters)
        Process(store, 1).send(row("anna", 1))
        assert times(store) == [("anna", 1, None)]


def test_calls_take_no_memory_for_good(database, connect):
    store = connect()
    database.sql(f"UPDATE wsflow_schema SET keep = {-LONG}")
    one = Process(store, 1)

    def size():
        status = pathlib.Path(f"/proc/{store.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def work(count):
        for i in range(count):
            one.send(row("anna", i, i, amount=1), take=1)
            store.find("anna", 5)

    work(200)
    before = size()
    work(1000)
    assert size() - before < 400  # kB

"""What becomes of intervals: sessions, events, leases, history. Each case on both databases."""

import itertools
import json

import pytest
from batches import GRACE, LONG, OVER, Process, row, times


@pytest.fixture
def database(home):
    home[0].sql("DELETE FROM wsflow_process; DELETE FROM wsflow_interval; DELETE FROM wsflow_session; DELETE FROM wsflow_event; "
                f"UPDATE wsflow_schema SET keep = {LONG}, most_events = 1000000, events_dropped = 0, batches = 0")
    return home[0]


@pytest.fixture
def store(home, database):
    return home[1]


def test_one_socket_comes_and_goes(store):
    one = Process(store, 1)
    assert one.events(row("anna", 100)) == [("join", "anna", 100, None)]
    assert store.sessions() == [("viewers", "", "anna", 100, None, 1, 1, 0)]
    assert one.events(row("anna", 100, sockets=3, amount=7)) == []
    assert one.events(row("anna", 100, 200, peak=3, amount=9)) == [("leave", "anna", 100, 200)]
    assert store.sessions() == [("viewers", "", "anna", 100, 200, 0, 3, 9)]


def test_a_session_within_one_batch_joins_and_leaves(store):
    assert Process(store, 1).events(row("anna", 100, 200)) == [("join", "anna", 100, None), ("leave", "anna", 100, 200)]


def test_a_repeated_batch_changes_nothing(store):
    one, rows = Process(store, 1), [row("anna", 100, sockets=2, amount=5), row("bert", 50, 60)]
    assert len(one.events(*rows)) == 3
    before = store.sessions()
    assert one.events(*rows) == [] and store.sessions() == before


@pytest.mark.parametrize("gap, sessions", [(GRACE, 1), (GRACE + 1, 2)])
def test_the_grace_joins_intervals(store, gap, sessions):
    one = Process(store, 1)
    one.send(row("anna", 100, 200))
    one.send(row("anna", 200 + gap))
    assert len(times(store)) == sessions


def test_the_grace_of_the_later_interval_counts(store):
    Process(store, 1).send(row("anna", 100, 200, grace=1000), row("anna", 300, grace=50), row("bert", 100, 200, grace=0),
                           row("bert", 300, grace=100))
    assert times(store) == [("anna", 100, 200), ("anna", 300, None), ("bert", 100, None)]


def test_two_processes_have_one_session_of_a_key(store):
    one, two = Process(store, 1, "n1"), Process(store, 2, "n2")
    assert one.events(row("anna", 100, sockets=2, amount=10)) == [("join", "anna", 100, None)]
    assert two.events(row("anna", 150, sockets=3, amount=20)) == []
    assert store.sessions() == [("viewers", "", "anna", 100, None, 5, 5, 30)]
    assert one.events(row("anna", 100, 160, peak=2, amount=10)) == []
    assert two.events(row("anna", 150, 170, peak=3, amount=20)) == [("leave", "anna", 100, 170)]
    assert store.sessions() == [("viewers", "", "anna", 100, 170, 0, 5, 30)]


def test_an_end_that_comes_late_makes_two_sessions_of_one(store):
    one, two = Process(store, 1, "n1"), Process(store, 2, "n2")
    one.send(row("anna", 100))
    assert two.events(row("anna", 260)) == []
    assert times(store) == [("anna", 100, None)]
    assert one.events(row("anna", 100, 200)) == [("leave", "anna", 100, 200), ("join", "anna", 260, None)]
    assert times(store) == [("anna", 100, 200), ("anna", 260, None)]
    assert two.events(row("anna", 260, 300)) == [("leave", "anna", 260, 300)]


def test_what_comes_between_makes_one_session_of_two(store):
    one, two = Process(store, 1), Process(store, 2)
    one.send(row("anna", 100, 200, amount=1), row("anna", 300, amount=2))
    assert two.events(row("anna", 150, 295, peak=4, amount=4)) == []
    assert store.sessions() == [("viewers", "", "anna", 100, None, 1, 4, 7)]
    assert one.events(row("anna", 300, 310, amount=2)) == [("leave", "anna", 100, 310)]


def test_an_earlier_beginning_moves_the_session(store):
    Process(store, 1).send(row("anna", 100))
    assert Process(store, 2).events(row("anna", 50, 95)) == []
    assert times(store) == [("anna", 50, None)]


def test_names_and_routes_are_apart(store):
    Process(store, 1).send(row("anna", 1), row("anna", 2, route="/ws"), row("anna", 3, name="guests"))
    assert [each[:4] for each in store.sessions()] == [("guests", "", "anna", 3), ("viewers", "", "anna", 1),
                                                        ("viewers", "/ws", "anna", 2)]


def test_every_order_of_arrival_gives_the_same(store):
    """Intervals of four processes; all 24 orders."""
    intervals = [(100, 200), (205, 300), (150, 220), (311, None)]
    for i, order in enumerate(itertools.permutations(range(4))):
        for at in order:
            opened, closed = intervals[at]
            Process(store, at + 1).send(row(f"anna{i}", opened, closed, amount=2**at))
        assert [each[3:6] + each[7:] for each in store.sessions(f"anna{i}")
                if each[2] == f"anna{i}"] == [(100, 300, 0, 7), (311, None, 1, 8)]


def test_a_row_that_stands_twice_counts_as_the_last_one(store):
    Process(store, 1).send(row("anna", 100, sockets=1), row("anna", 100, sockets=4))
    assert store.sessions()[0][5] == 4


def test_an_old_batch_opens_nothing_that_is_closed(store):
    one = Process(store, 1)
    one.send(row("anna", 100))
    one.send(row("anna", 100, 200))
    assert one.events(row("anna", 100)) == [] and times(store) == [("anna", 100, 200)]


def test_a_time_before_its_beginning_is_its_beginning(store):
    Process(store, 1).send(row("anna", 100, 50))
    assert times(store) == [("anna", 100, 100)]


def test_a_process_is_told_to_send_all(store):
    one = Process(store, 1)
    assert one.send()[0][0] == "resync" and one.send() == []
    one.send(row("anna", 100), end=True, now=150)
    assert times(store) == [("anna", 100, 150)]
    assert one.send()[0][0] == "resync"


def test_a_lease_that_is_over_ends_sessions_and_they_come_back(store):
    one, two = Process(store, 1, "n1"), Process(store, 2, "n2")
    one.send(row("anna", 100), row("bert", 110), now=120, lease=OVER)
    assert sorted(two.events(now=999)) == [("leave", "anna", 100, 120), ("leave", "bert", 110, 120)]
    assert two.events(now=1000) == []
    assert one.send(row("anna", 100), now=1100)[0][0] == "resync"
    assert times(store) == [("anna", 100, None), ("bert", 110, 120)]
    # Resent: bert's socket had gone meanwhile, which nobody knew.
    assert one.events(row("anna", 100), row("bert", 110, 130)) == []
    assert times(store) == [("anna", 100, None), ("bert", 110, 130)]


def test_a_session_that_is_open_again_joins_again(store):
    one, two = Process(store, 1, "n1"), Process(store, 2, "n2")
    one.send(row("anna", 100), now=120, lease=OVER)
    two.events()
    assert one.events(row("anna", 100)) == [("join", "anna", 100, None)]


def test_a_database_that_was_away_ends_nobody_but_the_dead(database, store):
    one, two, lease = Process(store, 1, "n1"), Process(store, 2, "n2"), 60_000_000

    def pass_by(seconds, away):
        database.sql(f"UPDATE wsflow_process SET expires = expires - {seconds * 1_000_000}")
        if away:
            database.sql(f"UPDATE wsflow_schema SET applied = applied - {seconds * 1_000_000}")

    one.send(row("anna", 100), now=120, lease=lease)
    two.send(row("bert", 100), now=120, lease=lease)
    pass_by(600, away=True)
    assert two.events(now=130, lease=lease) == []
    assert one.send(now=130, lease=lease) == [], "its lease was over"
    pass_by(600, away=True)
    two.send(now=140, lease=lease)
    pass_by(25, away=True)
    assert two.events(now=150, lease=lease) == []
    pass_by(25, away=True)  # so one is dead
    assert two.events(now=160, lease=lease) == [("leave", "anna", 100, 130)]


def test_a_silence_of_all_keeps_nobody_for_ever(database, store):
    one, two, lease = Process(store, 1, "n1"), Process(store, 2, "n2"), 60_000_000
    one.send(row("anna", 100), now=120, lease=70_000_000)
    for _ in range(3):
        assert times(store) == [("anna", 100, None)]
        database.sql("UPDATE wsflow_process SET expires = expires - 45000000; UPDATE wsflow_schema SET applied = applied - 45000000")
        two.send(now=130, lease=lease)
    assert times(store) == [("anna", 100, 120)]


def test_ones_own_lease_is_not_judged_by_oneself(store):
    one = Process(store, 1)
    one.send(row("anna", 100), lease=OVER)
    assert one.send(lease=OVER) == [] and times(store) == [("anna", 100, None)]


def test_siblings_report_the_dead(store):
    one, two = Process(store, 1), Process(store, 2)
    one.send(row("anna", 100), now=110)
    two.send(row("anna", 105))
    assert two.events(dead=[[1, 130]]) == []
    assert two.events(row("anna", 105, 120), dead=[[1, 9999]]) == [("leave", "anna", 100, 130)]


def test_a_sweep_ends_what_was_not_sent_again(store):
    one, two = Process(store, 1), Process(store, 2)
    one.send(row("anna", 100), row("bert", 100), sync=1)
    two.send(row("chen", 100), sync=1)
    one.send(row("anna", 100), sync=2)
    assert one.events(row("dora", 150), sync=2, sweep=True, now=160) == [("join", "dora", 150, None), ("leave", "bert", 100, 160)]
    assert times(store) == [("anna", 100, None), ("bert", 100, 160), ("chen", 100, None), ("dora", 150, None)]


def test_an_end_ends_the_sessions_of_its_process(store):
    one, two = Process(store, 1), Process(store, 2)
    one.send(row("anna", 100), row("bert", 100))
    two.send(row("bert", 105))
    assert one.events(end=True, now=120) == [("leave", "anna", 100, 120)]
    assert times(store) == [("anna", 100, 120), ("bert", 100, None)]


def test_events_wait_until_they_are_delivered(store):
    one, other = Process(store, 1, "n1"), Process(store, 2, "n2")
    one.send(row("anna", 100), row("bert", 101), row("chen", 102), events=True)
    other.send(row("dora", 103), events=True)
    first = one.send(take=2)
    assert [each[6] for each in first] == ["anna", "bert"] and one.send(take=2) == first
    assert [each[6] for each in one.send(take=2, delivered=[int(first[0][1])])] == ["bert", "chen"]
    assert [each[6] for each in other.send(take=9)[0:]] == ["dora"]


def test_events_of_a_node_that_is_gone_are_taken_over(store):
    one, sibling, two = Process(store, 1, "n1"), Process(store, 2, "n1"), Process(store, 3, "n2")
    one.send(row("anna", 100), events=True, lease=OVER, now=150)
    assert [each[2] for each in two.send(events=True, take=9) if each[0] == "event"] == ["join", "leave"]
    one.send(row("bert", 100), events=True, lease=OVER)
    sibling.send()
    assert "bert" not in [each[6] for each in two.send(events=True, take=9)]
    sibling.send(end=True)
    one.send(lease=OVER)
    Process(store, 4, "n3").send()  # wants no events: they stay
    one.send(lease=OVER)
    assert "bert" in [each[6] for each in two.send(events=True, take=9)]


def test_too_many_events_are_dropped_visibly(store, database):
    database.sql("UPDATE wsflow_schema SET most_events = 5")
    one = Process(store, 1)
    one.send(*(row(f"key{i}", 100 + i) for i in range(8)), events=True)
    for _ in range(64):
        one.send()
    assert [each[6] for each in one.send(take=99)] == [f"key{i}" for i in range(3, 8)]
    assert database.rows("SELECT events_dropped FROM wsflow_schema") == [[3]]


def test_the_report(store):
    one, two, three = Process(store, 1, "a"), Process(store, 2, "a"), Process(store, 3, "b")
    one.send(row("anna", 100, sockets=2), row("bert", 100), now=500)
    two.send(row("anna", 100, sockets=3), now=600)
    three.send(row("anna", 100), row("chen", 1, 2), now=700)
    report = three.send(report=True, now=800)
    assert [each[:4] + each[5:7] for each in report] == [["node", "a", "2", "600", "2", "6"], ["node", "b", "1", "800", "1", "1"],
                                                          ["online", "2", "7", None, None, None]]
    assert LONG // 2 < int(report[0][4]) <= LONG


def test_history_is_not_touched(store, database):
    database.sql("UPDATE wsflow_schema SET keep = 3600000000")
    one, two = Process(store, 1, "n1"), Process(store, 2, "n2")
    one.send(row("anna", 100, 200, amount=5))
    assert database.rows("SELECT count(*) FROM wsflow_interval") == [[0]]
    before = store.sessions()
    # Repeated, or of another process within it: known. What goes on behind it is another session.
    assert one.events(row("anna", 100, 200, amount=5)) == [] and two.events(row("anna", 120, 180, amount=9)) == []
    assert store.sessions() == before
    two.send(row("anna", 205))
    assert times(store) == [("anna", 100, 200), ("anna", 205, None)]


def test_an_interval_that_is_open_after_all_takes_its_history_up(store, database):
    database.sql("UPDATE wsflow_schema SET keep = 3600000000")
    one, two = Process(store, 1, "n1"), Process(store, 2, "n2")
    one.send(row("anna", 100), now=200, lease=OVER)
    two.send()
    assert times(store) == [("anna", 100, 200)]
    assert database.rows("SELECT count(*) FROM wsflow_interval") == [[0]]
    assert one.events(row("anna", 100)) == [("join", "anna", 100, None)]
    assert times(store) == [("anna", 100, None)]


def test_old_intervals_of_a_long_session_become_one(store, database):
    database.sql("UPDATE wsflow_schema SET keep = 3600000000")
    one, two = Process(store, 1), Process(store, 2)
    one.send(row("anna", 100, sockets=2))
    for i in range(30):
        two.send(row("anna", 110 + 20 * i, 115 + 20 * i, amount=3, peak=i))
    assert database.rows("SELECT process, opened, closed FROM wsflow_interval ORDER BY process") == [[0, 110, 695], [1, 100, None]]
    assert store.sessions() == [("viewers", "", "anna", 100, None, 2, 29, 90)]
    assert two.send(row("anna", 130, 135, amount=3)) == [] and store.sessions()[0][7] == 90
    assert one.events(row("anna", 100, 700)) == [("leave", "anna", 100, 700)]


@pytest.mark.parametrize("key", ["", "'; DROP TABLE wsflow_session; --", '"}],"x":[', "%s%d%n$1?1", "\\", "a" * 8192, "\n\t\x7f",
                                 "Zoë 🙂 \U0010ffff", "x\\u0041", "NULL", "{}", "🙂" * 2048])
def test_keys_are_texts_and_nothing_else(store, key):
    one = Process(store, 1)
    assert one.events(row(key, 100), row(key + "2", 100)) == [("join", key, 100, None), ("join", key + "2", 100, None)]
    assert [each[2] for each in store.sessions(key)] == [key, key + "2"]
    assert one.events(row(key, 100, 200)) == [("leave", key, 100, 200)]


def test_a_long_key_that_does_not_compress(store):
    key = "".join(chr(0x4E00 + i * 7919 % 20000) for i in range(2700))
    assert Process(store, 1).events(row(key, 100), row(key[:-1], 100)) == [("join", key[:-1], 100, None), ("join", key, 100, None)]
    assert [each[2] for each in store.sessions(key)] == [key]


def test_find_has_the_newest_first(store):
    Process(store, 1).send(row("anna", 100, 110), row("anna", 300), row("annabel", 200), row("bert", 400), row("Anna", 1))
    assert [(each[3], each[4]) for each in store.find("anna", 2)] == [("anna", "300"), ("annabel", "200")]
    assert [each[3] for each in store.find("", 3)] == ["bert", "anna", "annabel"]
    assert store.find("none") == []


def test_views_for_people(store, database):
    Process(store, 1, "n1").send(row("anna", 1_700_000_000_000_000, 1_700_000_060_500_000), row("bert", 1_700_000_000_000_000))
    Process(store, 2, "n2").send(row("bert", 1_700_000_001_000_000, sockets=2))
    (anna,) = database.rows("SELECT * FROM wsflow_sessions WHERE key = 'anna'")
    assert anna[3].replace("T", " ")[:19] == "2023-11-14 22:13:20" and anna[4].replace("T", " ")[:21] == "2023-11-14 22:14:20.5"
    (bert,) = database.rows("SELECT key, nodes FROM wsflow_online")
    nodes = json.loads(bert[1]) if isinstance(bert[1], str) else bert[1]
    assert bert[0] == "bert" and nodes == {"n1": 1, "n2": 2}

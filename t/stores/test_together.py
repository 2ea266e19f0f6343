"""Connections that write the same keys at the same time."""

import random
import threading

import model
from batches import LONG, Process, row

BATCHES = 120


def test_two_processes_and_the_same_keys(database, connect):
    """No batch fails, and the sessions are those of what each process has sent last."""
    stores = [connect(), connect()]
    database.sql(f"UPDATE wsflow_schema SET keep = {LONG}")
    last, failures = {}, []

    def write(number):
        chance, rows, now = random.Random(number), {}, 0
        process = Process(stores[number], number + 1, f"n{number}")
        try:
            for _ in range(BATCHES):
                now += chance.randint(1, 30)
                changed = []
                for key in chance.sample(range(30), 20):
                    there = rows.get(key)
                    if there is None or there[4] is not None:
                        there = row(f"key{key}", now, sockets=chance.randint(1, 3), amount=1)
                    else:
                        there = row(f"key{key}", there[3], now if chance.random() < 0.7 else None, 1, 3, there[7] + 1)
                    rows[key] = last[number, key, there[3]] = there
                    changed.append(there)
                process.send(*changed, now=now, events=True, take=5)
        except Exception as failure:  # of a thread: told by the test
            failures.append(failure)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    expected = model.Model()
    for number in range(2):
        expected.apply({"node": f"n{number}", "process": number + 1, "now": 0, "lease": LONG,
                        "rows": [each for (of, _, _), each in last.items() if of == number]})

    def without_peak(sessions):
        return [each[:6] + each[7:] for each in sessions]

    assert without_peak(stores[0].sessions()) == without_peak(expected.sessions())
    assert stores[1].apply(node="n", process=9, now=0, lease=LONG, report=True)[-1][1:3] == [
        str(sum(each[4] is None for each in expected.sessions())), str(sum(each[5] for each in expected.sessions()))]

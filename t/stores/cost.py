#!/usr/bin/python3
"""What a batch costs with many keys online: by hand, as it is a time. Needs the built module:
  WSFLOW_STORE_SHELL=build/release/t/stores/wsflow_store_shell WSFLOW_PRESENCE=build/release/mod_wsflow_presence.so t/stores/cost.py
"""

import pathlib
import random
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "support"))

import databases  # noqa: E402
import store as stores  # noqa: E402

KEYS, PROCESSES, ROWS, TIMES, GRACE = 100_000, 8, 500, 20, 30_000_000
START = int(time.time()) * 10**6


class Bench:
    def __init__(self, database):
        self.store = stores.Store(database.driver, database.parameters)
        self.delivered = []

    def send(self, process, rows, **more):
        begin = time.monotonic()
        answer = self.store.apply(node=f"n{process % 4}", process=process, now=int(time.time() * 10**6), lease=10**10, rows=rows,
                                  events=True, take=2 * ROWS, delivered=self.delivered, **more)
        took = time.monotonic() - begin
        self.delivered = [int(row[1]) for row in answer if row[0] == "event"]
        return took * 1000

    def row(self, key, closed=None, amount=0):
        return ["viewers", "", f"user-{key:07}", START + key, closed, 0 if closed else 2, 2, amount, GRACE]

    def measure(self):
        owner = [1 + key // ROWS % PROCESSES for key in range(KEYS)]
        fill = [self.send(owner[at], [self.row(key) for key in range(at, at + ROWS)]) for at in range(0, KEYS, ROWS)]
        yield "join, 500 rows, the first ten", fill[:10]
        yield f"join, 500 rows, {KEYS:,} online", fill[-10:]
        chance = random.Random(1)
        of = {process: [key for key in range(KEYS) if owner[key] == process] for process in range(1, PROCESSES + 1)}

        def each(count, **how):
            return [self.send(process, [self.row(key, amount=i + 1, **how) for key in chance.sample(of[process], count)])
                    for i in range(TIMES) for process in [1 + i % PROCESSES]]

        yield "no row", each(0)
        yield "50 rows change", each(50)
        yield "500 rows change", each(ROWS)
        yield "500 rows leave", each(ROWS, closed=START + KEYS)
        yield "report", [self.send(1, [], report=True) for _ in range(5)]
        yield f"death of a process with {len(of[2]):,} keys", [self.send(1, [], dead=[[2, START + KEYS]])]
        self.store.__exit__()


def main():
    with tempfile.TemporaryDirectory() as folder:
        server = databases.PostgreSQL()
        try:
            for database in (databases.PgsqlDatabase(server, "cost"), databases.SqliteDatabase(pathlib.Path(folder), "cost")):
                for what, times in Bench(database).measure():
                    print(f"{database.driver:8} {what:40} {statistics.median(times):6.1f} ms, at most {max(times):6.1f}")
        finally:
            server.end()


main()

"""Random lives of processes, in random orders of arrival, with repeats: the store has exactly the sessions of the model."""

import random

import model
import pytest

ROUNDS = 15
MOST = 10**17  # microseconds: more than any time of a test is away from now


class Life:
    """A process of a node: what it tells of its keys, in its own order. All times are small numbers."""

    def __init__(self, chance, process, node, keys, start):
        self.chance, self.process, self.node, self.keys = chance, process, node, keys
        self.time, self.sync, self.rows, self.ended = start, 0, {}, False
        self.sent = []

    def step(self):
        """Something happens; the rows that have changed."""
        chance = self.chance
        self.time += chance.choice([0, 1, 5, 10, 20, 40])
        changed = []
        for key in chance.sample(self.keys, chance.randint(1, len(self.keys))):
            row = self.rows.get(key)
            if row is None or row[4] is not None:
                row = [*key, self.time, None, 1, 1, 0, chance.choice([10, 10, 10, 30])]
            elif chance.random() < 0.5:
                row = [*row[:4], row[3] + chance.randint(0, max(0, self.time - row[3])), 0, *row[6:]]
            else:
                sockets = chance.randint(1, 4)
                row = [*row[:5], sockets, max(row[6], sockets), row[7], row[8]]
            row[7] += chance.randint(0, 100)
            self.rows[key] = row
            changed.append(list(row))
        return changed

    def batch(self, rows):
        chance = self.chance
        batch = {"node": self.node, "process": self.process, "now": self.time, "rows": rows, "sync": self.sync,
                 "lease": -1 if chance.random() < 0.1 else MOST, "events": chance.random() < 0.9, "take": 3}
        if chance.random() < 0.05:
            # A full sending: what is open, in the last of its batches; a key is forgotten now and then.
            self.sync += 1
            if self.rows and chance.random() < 0.5:
                self.rows.pop(chance.choice(sorted(self.rows)))
            batch.update(sync=self.sync, sweep=True, rows=[list(row) for row in self.rows.values() if row[4] is None])
        if chance.random() < (0.2 if "sweep" in batch else 0.03):
            batch["end"] = self.ended = True
        return batch


def play(store, expected, seed):
    chance = random.Random(seed)
    keys = [("viewers", chance.choice(["", "/ws"]), f"{seed}:{name}") for name in ("anna", "bert", "chen")]
    lives = [Life(chance, 1000 * seed + i, f"n{seed}-{i // 2}", keys, chance.randint(0, 60)) for i in range(1, 5)]
    waiting = {life.process: [] for life in lives}
    delivered = []
    for _ in range(60):
        life = chance.choice([life for life in lives if not life.ended] or lives)
        if not life.ended:
            waiting[life.process].append(life.batch(life.step()))
        ready = [process for process, batches in waiting.items() if batches]
        while ready and chance.random() < 0.7:
            process = chance.choice(ready)
            batch = {**waiting[process].pop(0), "delivered": delivered}
            if chance.random() < 0.05:
                batch["dead"] = [[chance.choice(lives).process, chance.randint(0, 300)]]
            sent = next(life.sent for life in lives if life.process == process)
            again = [batch, *(chance.choices([*sent, batch]) if chance.random() < 0.2 else [])]
            sent.append(batch)
            for one in again:
                delivered = give(store, expected, one)
            ready = [process for process, batches in waiting.items() if batches]
    for process, batches in waiting.items():
        for batch in batches:
            delivered = give(store, expected, {**batch, "delivered": delivered})
    assert store.sessions(f"{seed}:") == expected.sessions(f"{seed}:")
    for life in lives:
        while True:
            delivered = give(store, expected, {**life.batch([]), "end": True, "delivered": delivered, "take": 1000})
            if not delivered:
                break
    assert store.sessions(f"{seed}:") == expected.sessions(f"{seed}:")


def give(store, expected, batch):
    """Gives both the batch; the events that both have in their answer, by number."""
    due = expected.apply(batch)
    answer = [tuple(value if i in (0, 2, 4, 5, 6) or value is None else int(value) for i, value in enumerate(row))
              for row in store.apply(**batch)]
    answer = [row[:1] if row[0] == "resync" else row for row in answer]
    assert answer == due, batch
    return [row[1] for row in due if row[0] == "event"]


@pytest.mark.parametrize("tidy", ["never", "at-once"])
def test_random_lives(database, connect, tidy):
    store = connect()
    database.sql(f"UPDATE wsflow_schema SET keep = {MOST if tidy == 'never' else -MOST}")
    expected = model.Model(tidy == "at-once")
    for seed in range(1, ROUNDS + 1):
        play(store, expected, seed)

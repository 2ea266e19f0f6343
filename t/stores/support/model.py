"""What the store must do, in plain Python: docs/internals/presence.md as a program. No clock: a lease is over at once when it is
negative, and never else."""

import dataclasses

ENDLESS = 9 * 10**18


@dataclasses.dataclass
class Interval:
    opened: int
    process: int
    closed: int
    sockets: int
    peak: int
    bytes: int
    grace: int
    sync: int
    node: str
    lost: bool = False


@dataclasses.dataclass
class Session:
    joined: int
    ended: int
    sockets: int
    peak: int
    bytes: int
    settled: bool = False


def end_of(one, end):
    return ENDLESS if end is None else end


class Model:
    def __init__(self, tidy_at_once=False):
        self.tidy_at_once = tidy_at_once  # else never
        self.processes = {}  # process: (node, renewed, whether its lease is over)
        self.intervals = {}  # who: {(opened, process): Interval}
        self.past = {}  # who: [Session]
        self.events = []  # (number, node, change, at, name, route, key, joined, ended)
        self.number = self.batches = 0

    def apply(self, batch):
        """The rows `resync` and `event` of the answer."""
        self.batches += 1
        process, node, now = batch["process"], batch["node"], batch["now"]
        known, touched = process in self.processes, set()
        self.processes[process] = (node, now, batch["lease"] < 0)

        def close(of, at, lost, older_than=ENDLESS):
            for who, intervals in self.intervals.items():
                for one in intervals.values():
                    if one.process == of and one.closed is None and one.sync < older_than:
                        one.closed, one.sockets, one.lost = max(one.opened, at), 0, lost
                        touched.add(who)

        dead = {}
        for gone, at in batch.get("dead", []):
            dead[gone] = max(at, dead.get(gone, at))
        over = {p: dead.get(p, renewed) for p, (_, renewed, is_over) in self.processes.items()
                if p != process and (p in dead or is_over)}
        for gone, at in over.items():
            close(gone, at, True)
            del self.processes[gone]
        for row in batch.get("rows", []):
            if self.take(process, node, batch.get("sync", 0), row):
                touched.add(tuple(row[:3]))
        if batch.get("sweep"):
            close(process, now, not batch.get("end"), batch.get("sync", 0))
        if batch.get("end"):
            close(process, now, False)
            del self.processes[process]
        made = [event for who in touched for event in self.renew(who)]
        if batch.get("events"):
            for change, at, who, joined, ended in sorted(made, key=lambda e: (e[1], e[0], e[2][2], e[2][0], e[2][1])):
                self.number += 1
                self.events.append((self.number, node, change, at, *who, joined, ended))
            if over or self.batches % 64 == 0:
                there = {name for name, _, _ in self.processes.values()}
                self.events = [e if e[1] in there | {node} else (e[0], node, *e[2:]) for e in self.events]
        self.events = [e for e in self.events if e[0] not in batch.get("delivered", [])]
        if self.tidy_at_once:
            self.tidy()
        answer = [] if known or batch.get("end") else [("resync",)]
        return answer + [("event", e[0], *e[2:]) for e in self.events if e[1] == node][:batch.get("take", 0)]

    def take(self, process, node, sync, row):
        name, route, key, opened, closed, sockets, peak, amount, grace = row
        who = (name, route, key)
        intervals = self.intervals.setdefault(who, {})
        there = intervals.get((opened, process))
        if closed is not None:
            closed, sockets = max(opened, closed), 0
        if there is None:
            if closed is not None and (
                    any(s.settled and s.joined <= opened and s.ended >= closed for s in self.past.get(who, [])) or
                    any(i.process == 0 and i.opened <= opened and i.closed >= closed for i in intervals.values())):
                return False
            intervals[opened, process] = Interval(opened, process, closed, sockets, peak, amount, grace, sync, node)
            return True
        if there.closed is not None and not there.lost:
            return False
        intervals[opened, process] = Interval(opened, process, closed, sockets, max(peak, there.peak),
                                              max(amount, there.bytes), grace, sync, node)
        return True

    def islands(self, who):
        islands = []
        for one in sorted(self.intervals.get(who, {}).values(), key=lambda i: (i.opened, i.process)):
            if islands and one.opened - max(end_of(i, i.closed) for i in islands[-1]) <= one.grace:
                islands[-1].append(one)
            else:
                islands.append([one])
        return islands

    def renew(self, who):
        """Makes the sessions of a key anew; yields (change, at, who, joined, ended)."""
        sessions, events = self.past.setdefault(who, []), []
        for island in self.islands(who):
            joined = island[0].opened
            ended = None if any(i.closed is None for i in island) else max(i.closed for i in island)
            before = [s for s in sessions if joined <= s.joined <= end_of(s, ended) and (not s.settled or s.joined == joined)]
            was_open = any(s.ended is None for s in before)
            sockets = sum(i.sockets for i in island)
            session = Session(joined, ended, sockets, max([sockets, *(i.peak for i in island), *(s.peak for s in before)]),
                              max([sum(i.bytes for i in island), *(s.bytes for s in before if s.settled)]))
            sessions[:] = [s for s in sessions if s not in before] + [session]
            if not before or (not was_open and ended is None):
                events.append(("join", joined, who, joined, None))
            if ended is not None and (not before or was_open):
                events.append(("leave", ended, who, joined, ended))
        return events

    def tidy(self):
        for who, sessions in self.past.items():
            intervals = self.intervals.get(who, {})
            for session in sessions:
                inside = [i for i in intervals.values() if session.joined <= i.opened <= end_of(session, session.ended)]
                if session.settled:
                    continue
                old = [i for i in inside if i.closed is not None and not i.lost]
                if session.ended is not None:
                    session.settled, old = True, []
                    for one in inside:
                        del intervals[one.opened, one.process]
                if any(i.process for i in old):
                    for one in old:
                        del intervals[one.opened, one.process]
                    first = min(old, key=lambda i: i.opened)
                    intervals[first.opened, 0] = Interval(first.opened, 0, max(i.closed for i in old), 0,
                                                          max(i.peak for i in old), sum(i.bytes for i in old), first.grace, 0, "")

    def sessions(self, text=""):
        return sorted(((*who, s.joined, s.ended, s.sockets, s.peak, s.bytes) for who, sessions in self.past.items()
                       for s in sessions if who[2].startswith(text)), key=lambda row: (row[:3], row[3]))

"""The events that the nodes have told: each session has come and gone, and what is told twice is the same."""

import itertools
import json
from collections import Counter, defaultdict
from datetime import datetime

SAME = ("event", "time", "list", "route", "key", "session")
MILLISECOND = 1000
SECOND = 1_000_000


def micros(text):
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


class Stream:
    def __init__(self, files):
        self.lines = 0
        self.events = {}
        self.late = 0  # leaves of which the store has learnt afterwards that they were earlier
        self.differences = []
        for file in files:
            for line in file.read_text().splitlines() if file.exists() else []:
                self._take(json.loads(line))

    @property
    def doubles(self):
        return self.lines - len(self.events)

    def _take(self, event):
        self.lines += 1
        what = {name: event[name] for name in SAME}
        known = self.events.setdefault(event["id"], what)
        if known != what:
            self.differences.append(f"two events are number {event['id']}: {known}, {what}")

    def compare(self, sessions, lease):
        """Each session, all of which have ended, has a leave, which may be late by the LEASE where one was over, and later
        still if it names the session: docs/presence.md; and a key as many joins. What comes late may have joined as a part of another session, so a join is not looked for within its
        own. Never have more ended than begun, and in the end all have."""
        told = defaultdict(list)
        for number in sorted(self.events):
            event = self.events[number]
            told[event["key"]].append((event["event"], micros(event["time"]), event["session"]))
        for key, events in told.items():
            balance = list(itertools.accumulate(1 if event == "join" else -1 for event, *_ in events))
            if min(balance) < 0 or balance[-1] != 0:
                self.differences.append(f"{key}: joins and leaves do not match: {events}")
        for key, count in Counter(session.key for session in sessions).items():
            if sum(1 for event, *_ in told[key] if event == "join") < count:
                self.differences.append(f"{key}: {count} sessions have fewer joins: {told[key]}")
        for session in sessions:
            leaves = [(at, name) for event, at, name in told[session.key] if event == "leave"]
            if any(session.joined - MILLISECOND <= at <= session.ended + lease + SECOND for at, _ in leaves):
                continue
            if any(at > session.ended and abs(micros(name) - session.joined) <= MILLISECOND for at, name in leaves):
                self.late += 1
            else:
                self.differences.append(f"{session} has no leave: {told[session.key]}")
        return self.differences

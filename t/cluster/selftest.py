#!/usr/bin/python3
"""What run.py must find: each way in which sessions and events can be wrong is wrong for it."""

import json
import pathlib
import sys
import tempfile
from dataclasses import replace

sys.dont_write_bytecode = True

from stream import Stream  # noqa: E402
from truth import SECOND, Comparison, Faults, Session, read  # noqa: E402

GRACE, LEASE = 1, 6
# key, node, sent, opened, closing, ended, rude; in seconds
ANN = [["ann", 0, 10, 10.1, 20, 20.1, False], ["ann", 1, 15, 15.1, 16, 16.1, False],
       ["ann", 1, 20.6, 20.7, 30, 30.1, False],  # within the grace
       ["ann", 0, 40, 40.1, 50, 50.1, False]]
BOB = [["bob", 0, 10, 10.1, None, None, False]]
TRUE = [("ann", 10.05, 30.05), ("ann", 40.05, 50.05), ("bob", 10.05, None)]
# Of node 1 all processes were killed at 30; of node 2 they stood still from 60 to 70.
FAULTS = Faults([(1, 30 * SECOND, 30.1 * SECOND)], [(2, 60 * SECOND, 70 * SECOND)], LEASE * SECOND, GRACE * SECOND)
QUIET = Faults([], [], LEASE * SECOND, GRACE * SECOND)


def micros(value):
    return int(value * SECOND) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def compare(sockets, sessions, faults=QUIET):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "users"
        file.write_text("".join(json.dumps([line[0], line[1], *map(micros, line[2:])]) + "\n" for line in sockets))
        found, lost, _ = read([file], faults)
    rows = [Session(key, micros(joined), micros(ended)) for key, joined, ended in sessions]
    return lost + Comparison(found, rows, faults.grace, SECOND).differences


def changed(number, *row):
    return [*TRUE[:number], *([row] if row else []), *TRUE[number + 1:]]


WRONG_SESSIONS = {
    "one is missing": changed(1),
    "one is double": [*TRUE, TRUE[0]],
    "one never was": [*TRUE, ("cid", 1, 2)],
    "of somebody who was not there then": [*TRUE, ("ann", 60, 61)],
    "begins late": changed(1, "ann", 41.5, 50.05),
    "begins early": changed(1, "ann", 38.5, 50.05),
    "ends late": changed(1, "ann", 40.05, 52),
    "ends early": changed(1, "ann", 40.05, 48.5),
    "online for ever": changed(1, "ann", 40.05, None),
    "ended though a socket is open": changed(2, "bob", 10.05, 99),
    "one that is two": [("ann", 10.05, 20.05), ("ann", 20.65, 30.05), *TRUE[1:]],
    "two that are one": [("ann", 10.05, 50.05), TRUE[2]],
    "none at all": [],
}
KILLED = [["ann", 1, 10, 10.1, None, 30.05, False]]
WRONG_KILLED = {"lives on": [("ann", 10.05, 33)], "ended before its lease": [("ann", 10.05, 22)], "is missing": []}

TOLD = [(1, "join", 10.05, 10.05), (2, "leave", 30.05, 10.05), (3, "join", 40.05, 40.05), (4, "leave", 50.05, 40.05)]
WRONG_EVENTS = {
    "no leave": [TOLD[0], *TOLD[2:]], "no join": TOLD[1:], "twice as another one": [*TOLD, (5, "join", 40.05, 40.05)],
    "later, of another session": [*TOLD[:3], (4, "leave", 70, 45)], "earlier": [*TOLD[:3], (4, "leave", 35, 40.05)],
    "one number for two": [*TOLD[:3], (2, "leave", 50.05, 40.05)], "nothing": []}
LATE = [*TOLD[:3], (4, "leave", 70, 40.05)]


def written(at):
    return f"1970-01-01T00:{int(at) // 60:02}:{at % 60:06.3f}Z"


def told(lines):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "events"
        file.write_text("".join(json.dumps({
            "id": number, "event": event, "time": written(at), "list": "online",
            "route": "", "key": "ann", "session": written(session), "node": "n"}) + "\n" for number, event, at, session in lines))
        stream = Stream([file])
    return stream, stream.compare([Session(key, micros(joined), micros(ended)) for key, joined, ended in TRUE[:2]], LEASE * SECOND)


def main():
    faults = []

    def expect(what, differences, wrong):
        if bool(differences) != wrong:
            faults.append(f"{what}: {differences or 'nothing was found'}")

    expect("what is true", compare(ANN + BOB, TRUE), False)
    for what, sessions in WRONG_SESSIONS.items():
        expect(what, compare(ANN + BOB, sessions), True)
    expect("a socket that nobody ended", compare(KILLED, [("ann", 10.05, 30.05)]), True)
    for ended in (24.1, 27, 30):
        expect("a node was killed", compare(KILLED, [("ann", 10.05, ended)], FAULTS), False)
    for what, sessions in WRONG_KILLED.items():
        expect(f"a node was killed, and a session {what}", compare(KILLED, sessions, FAULTS), True)
    cut = [["ann", 1, 28, None, None, 28.1, False]]
    expect("a handshake without an answer", compare(cut, []), True)
    expect("a handshake that a reload cut", compare(cut, [], replace(QUIET, reloads=[(1, 28 * SECOND)])), False)
    late = [["ann", 1, 28, 28.1, None, 30.05, False]]
    expect("what a killed node had not told", compare(late, [], FAULTS), False)
    paused = [["ann", 2, 50, 50.1, 65, 65, True]]
    expect("who left a paused node", compare(paused, [("ann", 50.05, 69.9)], FAULTS), False)
    expect("who left a paused node, never", compare(paused, [("ann", 50.05, 75)], FAULTS), True)
    for what, lines, late in (("true events", TOLD, 0), ("told twice", TOLD + TOLD[:2], 0), ("a late leave", LATE, 1)):
        stream, wrong = told(lines)
        expect(what, wrong or stream.late != late, False)
    for what, lines in WRONG_EVENTS.items():
        expect(f"events, {what}", told(lines)[1], True)
    sys.exit("\n".join(faults) or 0)


if __name__ == "__main__":
    main()

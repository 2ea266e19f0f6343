"""What the sockets of the users allow to be true of the sessions, and where the database says something else.

For each socket there is a time within which it began for httpd, and one within which it ended. From these follows for each
session when it may have begun and ended; the distance of what the database has is its error.
"""

import json
import time
from collections import defaultdict
from dataclasses import dataclass, field

SECOND = 1_000_000
BUSY = 5 * SECOND  # for so long the clients may not notice that their node was killed


def now():
    """As the database has times: microseconds since 1970."""
    return time.time_ns() // 1000


@dataclass
class Socket:
    """It was open from between `sent` and `opened` to between `closing` and `ended`; None: it is open."""
    key: str
    node: int
    sent: int
    opened: int
    closing: int | None
    ended: int | None
    certain: bool = True
    killed: bool = False  # what its node knew of it may have died with the node

    def reaches(self, moment):
        return self.ended is None or self.ended >= moment


@dataclass
class Session:
    key: str
    joined: int
    ended: int | None
    sockets: int = 0


@dataclass
class Faults:
    """What happened to the nodes: (node, from, to) each."""
    kills: list  # of all processes; `to` is when the last of them was gone
    pauses: list
    lease: int
    grace: int
    reloads: list = field(default_factory=list)  # (node, when)


def read(files, faults):
    """The sockets, by key; the lines of those that ended though nobody ended them; how many handshakes a reload cut."""
    latest, cut = {}, 0
    for file in files:
        for line in file.read_text().splitlines():
            key, node, sent, *rest = json.loads(line)
            latest[key, node, sent] = rest  # one that was open while all rested has another line when it ends
    found, lost = defaultdict(list), []
    for (key, node, sent), (opened, closing, ended, rude) in latest.items():
        socket = Socket(key, node, sent, opened if opened is not None else ended, closing, ended, opened is not None)
        if closing is None and ended is not None:
            socket.closing = sent if opened is None else ended
            if opened is None and _reloading(socket, faults):
                cut += 1
            elif not _explained(socket, faults):
                lost.append([key, node, sent, opened, closing, ended, rude])
        for where, begin, end in faults.pauses:
            # A node that stands still learns of it, or notes it, when it goes on.
            if ended is not None and where == node and begin - SECOND <= socket.ended <= end:
                socket.ended = end
        for where, begin, end in faults.kills:
            if where == node and socket.sent <= end:
                _die(socket, begin, end, faults)
        found[key].append(socket)
    return found, lost, cut


def _reloading(socket, faults):
    """httpd closes a connection now and then that has come to a child in the moment in which it ends."""
    return any(socket.node == node and socket.sent <= at + SECOND and at <= socket.ended for node, at in faults.reloads)


def _explained(socket, faults):
    return any(socket.node == node and begin <= socket.ended <= end + BUSY for node, begin, end in faults.kills)


def _die(socket, begin, end, faults):
    """What the database had of it is a lease old at most."""
    old = begin - faults.lease
    if not socket.reaches(old - faults.grace - SECOND):
        return
    # A socket that its user had ended before may stand as open until the node's last renewal.
    socket.closing = min(socket.closing, old)
    socket.ended = max(min(socket.ended, end), end)
    socket.killed = True
    socket.certain = socket.certain and socket.opened < old


class Comparison:
    """Of all sessions of the database with the sockets."""

    def __init__(self, sockets, sessions, grace, tolerance):
        self._grace, self._tolerance = grace, tolerance
        self.compared = self.sockets = 0
        self.error = 0  # the largest, of sessions without a killed node
        self.killed_error = 0
        self.worst = None  # the session of it, and its sockets
        self.differences = []
        by_key = defaultdict(list)
        for session in sessions:
            by_key[session.key].append(session)
        for key in sorted(set(sockets) | set(by_key)):
            self._key(key, sorted(sockets.get(key, []), key=lambda socket: socket.sent),
                      sorted(by_key[key], key=lambda session: session.joined))

    def _wrong(self, key, what, *about):
        self.differences.append(f"{key}: {what}: {', '.join(map(str, about))}")

    def _key(self, key, sockets, sessions):
        for one, two in zip(sessions, sessions[1:]):
            if one.ended is None or two.joined - one.ended <= self._grace:
                self._wrong(key, "two sessions that are one", one, two)
        parts = [[] for _ in sessions]
        for socket in sockets:
            self.sockets += 1
            near = [number for number, session in enumerate(sessions) if _overlap(
                session, socket.sent, socket.ended) >= -self._tolerance]
            if not socket.certain:
                for number in near:
                    parts[number].append(socket)
            elif near:
                parts[max(near, key=lambda number: _overlap(
                    sessions[number], socket.opened, socket.closing))].append(socket)
            else:
                self._wrong(key, "a socket without a session", socket, *sessions)
        for session, part in zip(sessions, parts):
            self.compared += 1
            if part:
                self._session(key, session, part)
            else:
                self._wrong(key, "a session without a socket", session, *sockets)

    def _session(self, key, session, part):
        certain = [socket for socket in part if socket.certain]
        joined = _distance(session.joined, min(socket.sent for socket in part),
                           min((socket.opened for socket in certain), default=max(socket.opened for socket in part)))
        still = [socket for socket in certain if socket.ended is None]
        if session.ended is None or still:
            ended = 0 if session.ended is None and still else 10**15
        else:
            ended = _distance(session.ended, max((socket.closing for socket in certain), default=min(
                socket.sent for socket in part)), max(socket.ended for socket in part if socket.ended is not None))
        worst = max(joined, ended)
        if any(socket.killed for socket in part):
            self.killed_error = max(self.killed_error, worst)
        elif worst > self.error:
            self.error, self.worst = worst, (session, part)
        if max(joined, ended) > self._tolerance:
            self._wrong(key, f"begins {joined / 1000:.0f} ms and ends {ended / 1000:.0f} ms off", session, *part)
        reach = part[0].ended
        for socket in part[1:]:
            if reach is None:
                break
            if socket.sent - reach > self._grace + self._tolerance:
                self._wrong(key, "one session that is two", session, *part)
            reach = None if socket.ended is None else max(reach, socket.ended)


def _overlap(session, begin, end):
    """How long both were; negative: how far they are apart."""
    far = 1 << 62
    return (min(far if end is None else end, far if session.ended is None else session.ended) -
            max(begin, session.joined))


def _distance(value, low, high):
    return max(low - value, value - high, 0)

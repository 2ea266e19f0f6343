"""Short words for batches. Times are small numbers; a lease of LONG never ends in a test, one of OVER has ended."""

LONG, OVER = 10**17, -1
GRACE = 10


def row(key, opened, closed=None, sockets=1, peak=None, amount=0, name="viewers", route="", grace=GRACE):
    return [name, route, key, opened, closed, sockets, sockets if peak is None else peak, amount, grace]


class Process:
    """What one process of a node sends."""

    def __init__(self, store, process, node="n1"):
        self.store, self.process, self.node = store, process, node

    def send(self, *rows, now=0, lease=LONG, **more):
        """The answer, without what most tests do not look at."""
        return self.store.apply(node=self.node, process=self.process, now=now, lease=lease, rows=list(rows), **more)

    def events(self, *rows, **more):
        """(change, key, joined, ended) of the events that this makes; they are delivered."""
        answer = [each for each in self.send(*rows, events=True, take=1000, **more) if each[0] == "event"]
        if answer:
            self.send(delivered=[int(each[1]) for each in answer])
        return [(each[2], each[6], int(each[7]), None if each[8] is None else int(each[8])) for each in answer]


def times(store, text=""):
    """(key, joined, ended) of each session."""
    return [(row[2], row[3], row[4]) for row in store.sessions(text)]

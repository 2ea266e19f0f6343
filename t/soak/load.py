"""The tunnels of a run: which there are, how some are replaced, and what became of them."""

from dataclasses import dataclass

# Legs to the client and to the origin, what is done, and how many of sixteen tunnels are so.
KINDS = [("ws", "ws", "idle", 3), ("wss", "ws", "idle", 3), ("ws", "wss", "idle", 1), ("wss", "wss", "idle", 1),
         ("ws", "ws", "echo", 3), ("wss", "ws", "echo", 3), ("ws", "wss", "echo", 1), ("wss", "wss", "echo", 1)]
BULK = [("ws", "ws", "bulk"), ("wss", "ws", "bulk")]
DIRECT = "direct"  # tunnels beside the site: what they suffer is the machine's doing
PATIENCE = 20


class Broken(Exception):
    """A promise was not kept."""


def _shares(count):
    """COUNT as so many of each of KINDS."""
    begin = done = 0
    for client, origin, work, share in KINDS:
        done += share
        end = round(count * done / 16)
        yield client, origin, work, end - begin
        begin = end


@dataclass
class Seen:
    """What the client saw since the last look."""
    gap_ms: float  # the longest of the tunnels through the site
    gap_at: float
    late: int
    bulk_gap_ms: float
    bulk_gap_at: float
    direct_gap_ms: float
    echoes: int
    bulk_messages: int


class Load:
    def __init__(self, site, client):
        self._site, self._client = site, client
        self._before = {}  # messages of each group when seen() was called last
        self.count = 0  # tunnels that should be open through the site

    def open_direct(self, count=20):
        self._client.open(DIRECT, f"ws://127.0.0.1:{self._site.origin.port}/", "echo", count, PATIENCE)

    def _open(self, client, origin, work, count):
        opened = self._client.open(f"{client}-{origin}-{work}", self._site.leg(client, origin), work, count, PATIENCE)
        self.count += opened
        return count - opened

    def open(self, count):
        """Opens COUNT of all kinds; returns how many could not be opened."""
        return sum(self._open(*kind) for kind in _shares(count))

    def open_bulk(self):
        return sum(self._open(*kind, 1) for kind in BULK)

    def replace(self, count):
        """Closes COUNT of the oldest and opens as many, which the newest children get; returns how many could not be
        opened."""
        missing = 0
        for client, origin, work, some in _shares(count):
            if not some:
                continue
            name = f"{client}-{origin}-{work}"
            some = min(some, self._client.status()["groups"][name]["open"])
            left = self._client.close(name, some, PATIENCE) if some else 0
            if left:
                raise Broken(f"{left} tunnels of {name} did not end in order when their client closed them")
            self.count -= some
            missing += self._open(client, origin, work, some)
        return missing

    def close_all(self):
        """Returns how many did not end in order."""
        names = [name for name in self._client.status()["groups"] if name != DIRECT]
        left = sum(self._client.close(name, 0, PATIENCE) for name in names)
        self.count = left
        return left

    def open_now(self):
        return sum(group["open"] for name, group in self._client.status()["groups"].items() if name != DIRECT)

    def ends(self):
        """How tunnels through the site have ended, those left out that the client closed."""
        found = {}
        for name, group in self._client.status()["groups"].items():
            for how, count in group["ends"].items():
                if name != DIRECT and how != "closed":
                    found[how] = found.get(how, 0) + count
        return found

    def seen(self):
        groups = self._client.status()["groups"]
        self._client.reset()
        echoing = [group for name, group in groups.items() if name.endswith("-echo")]
        bulk = [group for name, group in groups.items() if name.endswith("-bulk")]
        worst, worst_bulk = (max(some, key=lambda group: group["gap_ms"]) for some in (echoing, bulk))
        fresh = {name: group["messages"] - self._before.get(name, 0) for name, group in groups.items()}
        self._before = {name: group["messages"] for name, group in groups.items()}
        return Seen(gap_ms=worst["gap_ms"], gap_at=worst["gap_at"], late=sum(group["late"] for group in echoing),
                    bulk_gap_ms=worst_bulk["gap_ms"], bulk_gap_at=worst_bulk["gap_at"],
                    direct_gap_ms=groups[DIRECT]["gap_ms"],
                    echoes=sum(count for name, count in fresh.items() if name.endswith("-echo")),
                    bulk_messages=sum(count for name, count in fresh.items() if name.endswith("-bulk")))

    def bulk_under_way(self, size):
        """Whether each long message is in its middle."""
        return all(0 < sent < size for sent in self._client.status()["bulk_sent"])

"""One library in one phase: a site, an origin, the clients, and what came of it."""

import contextlib
import statistics
import time
from collections import Counter
from dataclasses import asdict, dataclass, field

from programs import Clients, Origin
from server import Httpd
from wait import wait_until

PATIENCE_S = 60  # for all to be connected at the beginning
SETTLED_S = 1  # who stays for so long is back


def most_within(times, span):
    """The most of TIMES that fall into any SPAN."""
    return max((sum(first <= time <= first + span for time in times) for first in times), default=0)


@dataclass
class Result:
    library: str
    version: str
    phase: str
    advised: bool
    clients: int
    connected: int = 0
    told: dict = field(default_factory=dict)  # "code reason": connections
    left: int = 0
    closes: list = field(default_factory=list)  # seconds from the phase's trigger, sorted
    back: int = 0
    exchanging: int = 0
    returns: list = field(default_factory=list)  # seconds from the phase's zero, sorted
    away_s: float = 0.0  # from a client's own close to its return, the median
    refused: float = 0.0  # handshakes, for each client
    refusals: dict = field(default_factory=dict)
    failure: str = ""

    def most(self, span):
        return most_within(self.returns, span)

    def as_json(self):
        return {**asdict(self), "most_in_100ms": self.most(0.1), "most_in_1s": self.most(1)}


class Trial:
    """`with Trial(...) as trial:` all clients are connected; a phase then does what it does, and calls begin() and one of
    the two that judge."""

    def __init__(self, options, certs, library, phase, advised, version, conf):
        self._options, self._certs, self._library = options, certs, library
        self._conf = conf
        self.result = Result(library, version, phase, advised, options.clients)
        self.site = self.origin = self.clients = None
        self.zero = self.trigger = None

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.origin = Origin(self._options.packages)
            stack.callback(self.origin.kill)
            self.origin.start()
            self.site = self._site()
            stack.callback(self.site.remove)
            stack.callback(self._stop_site)
            self.site.start()
            self.clients = Clients(self._options.packages, self._library, self.site.url("ws", f"/clients/{self._library}"),
                                   self._options.clients, self.result.advised)
            stack.callback(self.clients.stop)
            wait_until(lambda: len(self.clients.inside()) == self._options.clients, "all clients are connected", PATIENCE_S,
                       report=lambda: f"{len(self.clients.inside())} are; {self.clients.complaints()}"
                                      f"{self.clients.events[-1:]}")
            self.result.connected = self._options.clients
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _site(self):
        route = f'WSFlowPass /clients "http://127.0.0.1:{self.origin.port}/clients" {self._options.route}\n'
        main, inside = self._conf
        return Httpd(self._certs, f'{route}<Location "/clients">\n{inside}\n</Location>\n', main=main, children=2,
                     module=self._options.module)

    def _stop_site(self):
        if self.site.running():
            self.site.stop()

    def begin(self):
        """What makes the clients leave begins now, and so does the time of their returns."""
        self.trigger = self.zero = time.time()

    def well(self):
        """The time of the returns begins now: before there was nothing to return to."""
        self.zero = time.time()

    def _ends(self):
        return [event for event in self.clients.since(self.trigger) if event["event"] == "close"]

    def all_stay(self, duration):
        """Nobody may leave in DURATION seconds."""
        end = self.trigger + duration
        while time.time() < end and not self._ends():
            time.sleep(0.05)
        self._count()

    def all_return(self, within):
        """Waits until everybody has left and is back for good, no longer than WITHIN seconds from zero."""
        end, since = self.zero + within, None
        while time.time() < end or since is not None:
            gone = {event["n"] for event in self._ends()}
            complete = len(gone) == len(self.clients.inside()) == self.clients.count
            since = (since or time.time()) if complete else None
            if since is not None and time.time() - since >= SETTLED_S:
                break
            time.sleep(0.05)
        self._count()

    def _count(self):
        result, ends = self.result, self._ends()
        inside = self.clients.inside()
        gone = {event["n"] for event in ends}
        result.left = len(gone)
        result.closes = sorted(event["t"] - self.trigger for event in ends)
        result.told = dict(Counter(f"{event['code']} {event['reason'] or ''}".strip() for event in ends))
        last_open, away = {}, []
        for event in self.clients.since(self.trigger):
            if event["event"] == "open":
                last_open[event["n"]] = event["t"]
        for n in gone & inside:
            result.returns.append(last_open[n] - self.zero)
            away.append(last_open[n] - min(event["t"] for event in ends if event["n"] == n))
        result.returns.sort()
        result.back = len(gone & inside)
        result.away_s = statistics.median(away) if away else 0.0
        refusals = [event for event in self.clients.since(self.trigger) if event["event"] == "refused"]
        result.refused = len(refusals) / self.clients.count
        result.refusals = dict(Counter(str(event["reason"] or event["code"]) for event in refusals))
        result.exchanging = len(self.clients.exchange())

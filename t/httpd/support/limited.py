"""A section with a limit, in front of an origin that the test plays: requests stay inside until it answers them."""

import pathlib
import struct

import frames
from wait import wait_until
from wire import RawClient

# The line of a limit that refuses.
REFUSES = "WSF0140"
# What mod_proxy says of an origin that does not listen.
NOBODY_THERE = "AH00957|AH01114"
# What httpd, without a fault, says of processes that were killed.
KILLED = ("AH00052.*Killed", "AH0004[56]")


def limits(site):
    """What the status tells of each limit, by name."""
    return {limit["name"]: limit for limit in site.status.json()["limits"]}


def wait_counts(site, name="x", timeout=10, **counts):
    """Returns when these counters of the limit have these values."""
    def told():
        limit = limits(site).get(name, {})
        return {key: limit.get(key) for key in counts}
    wait_until(lambda: told() == counts, f"limit {name} says {counts}", timeout, report=told)


def refused(site, name="x"):
    """Refusals by reason; reasons that never occurred are left out."""
    return {reason: count for reason, count in limits(site)[name]["refused_by"].items() if count}


def request(path, headers=(), method="GET", body=b""):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers)]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def answer(server, body=b"done", status="200 OK"):
    """The origin's answer, its last word."""
    server.send(b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status.encode(), len(body)) + body)
    server.close()


def read_answer(client):
    """(head, body) of an ordinary answer."""
    head = client.read_head()
    return head, client.read_body(head)


def status_of(client):
    return read_answer(client)[0].status


class Section:
    """`WSFlowLimit x …` for /x, and a route from there to the origin for requests and tunnels alike."""

    def __init__(self, httpd, raw_origin, resources, settings, conf="", **shape):
        self.origin = raw_origin()
        self._clients, self._requests, self._tunnels = [], [], []
        self.conf = (f'{conf}\n<Location "/x">\n  WSFlowLimit x {settings}\n</Location>\n'
                     f'WSFlowPass /x "{self.origin.url("/x", "http")}" disablereuse=on retry=0')
        self.site = httpd(self.conf, **shape)  # start=False: the test starts it
        self.site.log.allow(REFUSES)
        resources.append(self)

    def client(self, tls=None):
        client = RawClient(self.site.address(bool(tls)), tls)
        self._clients.append(client)
        return client

    def ask(self, path="/x", headers=(), tls=None, **shape):
        """A client that has sent a request."""
        client = self.client(tls)
        client.send(request(path, headers, **shape))
        return client

    def arrived(self):
        """The next request at the origin, as a wire with its .head."""
        server = self.origin.accept()
        self._requests.append(server)
        server.head = server.read_head()
        return server

    def enter(self, path="/x", headers=(), **shape):
        """A request that is inside, as (client, server)."""
        client = self.ask(path, headers, **shape)
        return client, self.arrived()

    def shake(self, path="/x/ws", headers=()):
        """A client that has sent a WebSocket handshake."""
        client = self.client()
        client.send_handshake(path, headers)
        return client

    def tunnel(self, client=None):
        """An open tunnel, as (client, server); of CLIENT, if it has shaken hands already."""
        client = client or self.shake()
        server = self.origin.accept_tunnel()
        self._tunnels.append(server)
        assert client.read_head().status == 101
        return client, server

    def refusal(self, path="/x", headers=(), **shape):
        """The head of the refusal that a request gets."""
        head, _ = read_answer(self.ask(path, headers, **shape))
        assert head.status == 503, head.raw
        assert head.get("wsflow-limit"), head.raw
        return head

    def queue_up(self, count, path="/x/{}", first=0, **shape):
        """COUNT clients that wait, each one sent when the one before is known to wait."""
        waiting = []
        for number in range(first, first + count):
            waiting.append(self.ask(path.format(number), **shape))
            wait_counts(self.site, waiting=number + 1)
        return waiting

    def close(self):
        """Answers what is still inside, so that nobody complains of its end. Whoever still waits may be let in now, on behalf
        of a client that is leaving, to an origin that is leaving."""
        if not self.site.log.lines(NOBODY_THERE):
            self.site.log.allow(NOBODY_THERE)
        for server in self._requests:
            try:
                answer(server)
            except OSError:
                pass  # it has its answer, or its proxy has gone
        for wire in self._clients + self._tunnels:
            wire.close()

    def wait(self, **counts):
        wait_counts(self.site, **counts)

    def limit(self):
        return limits(self.site)["x"]


def hang_up(client):
    """Ends a tunnel as its client does, in order."""
    client.send_frame(frames.CLOSE, struct.pack("!H", 1000), masked=True)


def write_page(site, name, text, mode=0o644):
    """A file below the document root."""
    path = pathlib.Path(site.root) / "htdocs" / name
    path.parent.mkdir(exist_ok=True)
    path.parent.chmod(0o755)
    path.write_text(text)
    path.chmod(mode)
    return path


"""Tunnels whose legs are plain or TLS in every combination, through one httpd; and what becomes of its processes."""

import frames
import processes
from wait import wait_until

KINDS = [(client, origin) for client in (False, True) for origin in (False, True)]


def talk(client, server, text=b"hello"):
    """A message there and another one back."""
    client.send_frame(frames.TEXT, text, masked=True)
    assert server.read_frame() == (True, frames.TEXT, text)
    server.send_frame(frames.BINARY, text + b" too")
    assert client.read_frame() == (True, frames.BINARY, text + b" too")


class Legs:
    """An httpd with a route to a plain origin and one to a TLS origin."""

    def __init__(self, httpd, raw_origin, tunnel, conf="", **shape):
        self._tunnel = tunnel
        self._origins = {tls: raw_origin(tls=tls) for tls in (False, True)}
        self.routes = "\n".join(f'WSFlowPass {self.path(tls)} "{origin.url("/")}"'
                                for tls, origin in self._origins.items())
        self.site = httpd(f"{conf}\n{self.routes}", **shape)

    @staticmethod
    def path(origin_tls):
        return "/tls" if origin_tls else "/plain"

    def open(self, client_tls=False, origin_tls=False, **shape):
        """A new tunnel as (client, server)."""
        return self._tunnel(self.site, self._origins[origin_tls], self.path(origin_tls), client_tls, **shape)

    def open_all(self, times=1, **shape):
        """Tunnels of every kind, each TIMES."""
        return [self.open(client, origin, **shape) for client, origin in KINDS * times]

    def begin_handshake(self, raw_client, client_tls=False, origin_tls=False, early=b""):
        """A handshake that waits for its origin, as (client, server, head of the request there)."""
        client = raw_client(self.site, client_tls)
        client.send_handshake(self.path(origin_tls), early=early)
        server = self.accept(origin_tls)
        return client, server, server.read_head()

    def accept_tunnel(self, origin_tls=False):
        """The next tunnel that httpd makes to an origin."""
        return self._origins[origin_tls].accept_tunnel()

    def waits(self, origin_tls=False):
        """True while a connection waits at an origin."""
        return not self._origins[origin_tls].untouched()

    def accept(self, origin_tls=False):
        """The next connection that httpd makes to an origin."""
        return self._origins[origin_tls].accept()


def told_processes(site, kind):
    """What the status tells of each process of this KIND: child or keeper."""
    return [process for process in site.status.json()["processes"] if process["kind"] == kind]


def keepers(site):
    return sorted(process["pid"] for process in told_processes(site, "keeper"))


def wait_keepers(site, count, timeout=20):
    """The pids of the keepers, once there are COUNT of them."""
    wait_until(lambda: len(keepers(site)) == count, f"there are {count} keepers", timeout,
               report=lambda: site.status.json()["processes"])
    return keepers(site)


def scoreboard(site):
    text = site.get("/server-status?auto").text
    (line,) = [line for line in text.splitlines() if line.startswith("Scoreboard: ")]
    return line.split(": ")[1]


def wait_left(site, pid):
    """Returns when a child has gone and none of its slots is still marked as finishing gracefully."""
    wait_until(lambda: pid not in processes.group_members(site.pid), f"child {pid} has gone", 20)
    wait_until(lambda: "G" not in scoreboard(site), "no slot is in state G", 5, report=lambda: scoreboard(site))


def close_all(ends):
    for wire in (wire for pair in ends for wire in pair):
        wire.close()

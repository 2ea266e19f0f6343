"""Nodes of a cluster, each an httpd of its own, before one origin that counts what is inside."""

import os
import pathlib
import signal
import struct
import threading
import time

import pytest

import frames
import handshake
import processes
from limited import limits
from prompt_origin import PromptOrigin
from redis_server import REDIS, RedisServer
from wait import TIME_FACTOR, wait_until
from wire import Closed, RawClient, Wire

# Short, so that tests end; long enough for slow builds to answer within a quarter of it.
LEASE = 2 if TIME_FACTOR <= 2 else 4
CLIENT = pathlib.Path(os.environ.get("WSFLOW_MODULE", "/")).parent / "mod_wsflow_redis.so"


class CountingOrigin(PromptOrigin):
    """Counts the tunnels that are open and the requests that came. A tunnel has ended for it when it learns that its client
    ends it, which is before the permit goes back."""

    def __init__(self):
        self.lock = threading.Lock()
        self.open, self.peak, self.times = 0, 0, []
        self.users = {}  # by the field X-User: [open, peak, times]
        super().__init__()

    def forget(self):
        """The peak counts from now on."""
        with self.lock:
            self.peak = self.open

    def _count(self, change, user):
        with self.lock:
            self.open += change
            self.peak = max(self.peak, self.open)
            if user:
                seen = self.users[user]
                seen[0] += change
                seen[1] = max(seen[:2])

    def peak_of_users(self):
        with self.lock:
            return max((seen[1] for seen in self.users.values()), default=0)

    def _talk(self, sock):
        with Wire(sock) as wire:
            inside = False
            try:
                sock.settimeout(None)
                head = wire.read_head()
                user = head.get("x-user")
                with self.lock:
                    self.times.append(time.monotonic())
                    if user:
                        self.users.setdefault(user, [0, 0, []])[2].append(time.monotonic())
                key = head.get("sec-websocket-key")
                if not key:
                    wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                    return
                self._count(1, user)
                inside = True
                wire.send(handshake.switching(key))
                while True:
                    _, opcode, payload = wire.read_frame()
                    if opcode == frames.CLOSE:
                        self._count(-1, user)
                        inside = False
                        wire.send(frames.encode(frames.CLOSE, payload))
                        return
            except (Closed, OSError):
                pass  # its client has left
            finally:
                if inside:
                    self._count(-1, user)


class Node:
    """One httpd of the cluster."""

    def __init__(self, cluster, settings, directive, start, **shape):
        self._cluster = cluster
        conf = (f'<Location "/x">\n  WSFlowLimit x {settings}\n</Location>\n'
                f'WSFlowPass /x "http://127.0.0.1:{cluster.origin.port}/x" disablereuse=on retry=0')
        main = f'LoadModule wsflow_redis_module "{CLIENT}"\n{directive}'
        self.site = cluster.httpd(conf, main=main, start=start, **shape)
        self.site.log.allow("WSF0140")
        self.inside = []

    def ask(self, user=None):
        """A client that has sent a handshake."""
        client = RawClient(self.site.address(), None)
        client.user = user
        self._cluster.resources.append(client)
        client.send_handshake("/x", [("X-User", user)] if user else [])
        return client

    def enter(self, user=None):
        """True: there is one more tunnel."""
        client = self.ask(user)
        if client.read_head().status == 101:
            self.inside.append(client)
            return True
        client.close()
        return False

    def fill(self, most=1000, user=None):
        """Opens tunnels until one is refused."""
        count = 0
        while count < most and self.enter(user):
            count += 1
        return count

    def leave(self, count=1, user=None):
        for _ in range(count):
            client = next(each for each in reversed(self.inside) if user in (None, each.user))
            self.inside.remove(client)
            client.send_frame(frames.CLOSE, struct.pack("!H", 1000), masked=True)
            client.read_until_closed()
            client.close()

    def limit(self):
        return limits(self.site)["x"]

    def cluster(self):
        return self.limit()["cluster"]

    def reasons(self):
        return {reason: count for reason, count in self.limit()["refused_by"].items() if count}

    def wait(self, what, condition, timeout=30):
        """Returns when CONDITION holds of what the status tells of the limit."""
        wait_until(lambda: condition(self.limit()), f"the limit {what}", timeout, report=self.limit)

    def wait_settled(self):
        self.wait("is settled", lambda limit: limit["cluster"]["nodes"] and not limit["cluster"]["by_floor"])

    def processes(self, number):
        """Sends a signal to each process of this httpd."""
        for pid in processes.group_members(self.site.pid):
            os.kill(pid, number)

    def kill(self):
        self.processes(signal.SIGKILL)
        self.site.log.allow("AH00052")
        for client in self.inside:
            client.close()
        self.inside.clear()


class Cluster:
    def __init__(self, httpd, resources, databases, password=None):
        if not REDIS or not CLIENT.exists():
            pytest.skip("no redis-server, or no hiredis when the module was built")
        self.httpd, self.resources = httpd, resources
        self.redis = RedisServer(password)
        databases.append(self.redis)
        self.origin = CountingOrigin()
        resources.append(self.origin)

    def node(self, settings="concurrency=10", url=None, start=True, **shape):
        directive = f'WSFlowCluster "{url or self.redis.url()}" lease={LEASE}s timeout={LEASE * 250}ms'
        return Node(self, f"{settings} cluster=app", directive, start, **shape)

    def nodes(self, count, settings="concurrency=10", **shape):
        self.redis.start()
        made = [self.node(settings, **shape) for _ in range(count)]
        for node in made:
            node.wait_settled()
        return made

#!/usr/bin/python3
"""An origin that takes its time, and counts how many requests are inside at once: open connections.

A process of its own, so that neither clients nor tests slow its counting. Requests: `/…?ms=N` are answered after N ms;
WebSocket handshakes at once, and their tunnels stay until the proxy closes them, with a Close frame or without.
"""

import heapq
import json
import os
import re
import select
import socket
import subprocess
import sys
import time

import handshake
from wait import wait_until

_MS = re.compile(rb"^\S+ \S*[?&]ms=(\d+)")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
_KEY = re.compile(rb"\r\nsec-websocket-key: *(\S+)", re.I)
_LEFT = select.POLLRDHUP | select.POLLHUP | select.POLLERR


class SlowOrigin:
    """The test's end of it. Use one connection a request towards it (disablereuse=on)."""

    def __init__(self, ms=100):
        self._process = subprocess.Popen([sys.executable, "-B", os.path.abspath(__file__), str(ms)], text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self._process.stdout.readline())

    def url(self, path="/", scheme="http"):
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    def take(self):
        """inside (now), peak (since the last call), peak_at, arrivals (the paths since the last call, in order)."""
        self._process.stdin.write("take\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def wait_inside(self, count):
        wait_until(lambda: self.take()["inside"] == count, f"{count} requests are inside", 20)

    def close(self):
        self._process.terminate()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


class _Guest:
    def __init__(self, sock):
        self.sock = sock
        self.arrived = time.monotonic()
        self.read = b""
        self.tunnel = self.answered = False


class _Server:
    def __init__(self, ms):
        self._ms = ms
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._listener.setblocking(False)
        self._epoll = select.epoll()
        for fd in (self._listener.fileno(), 0):
            self._epoll.register(fd, select.EPOLLIN)
        self._guests = {}
        self._due = []  # (when, fd, guest)
        self._peak, self._peak_at, self._arrivals = 0, 0.0, []
        print(self._listener.getsockname()[1], flush=True)

    def serve(self):
        while True:
            wait = max(self._due[0][0] - time.monotonic(), 0) if self._due else None
            for fd, events in self._epoll.poll(wait):
                if fd == 0 and not self._command():
                    return
                if fd == self._listener.fileno():
                    self._accept()
                elif guest := self._guests.get(fd):
                    self._talk(guest, events)
            while self._due and self._due[0][0] <= time.monotonic():
                _, fd, guest = heapq.heappop(self._due)
                if self._guests.get(fd) is guest:
                    self._answer(guest)

    def _command(self):
        if not os.read(0, 4096):
            return False
        print(json.dumps({"inside": self._inside(), "peak": self._peak, "peak_at": self._peak_at,
                          "arrivals": self._arrivals}), flush=True)
        self._peak, self._arrivals = 0, []
        return True

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except BlockingIOError:
                break
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._guests[sock.fileno()] = _Guest(sock)
            self._epoll.register(sock.fileno(), select.EPOLLIN | select.EPOLLRDHUP)
        if len(self._guests) > self._peak and (inside := self._inside()) > self._peak:
            self._peak, self._peak_at = inside, time.monotonic()

    def _inside(self):
        """Connections that their proxy has not closed, nor the kernel for a proxy that was killed: the news of it may
        still wait in the epoll instance."""
        look = select.poll()
        for fd in self._guests:
            look.register(fd, select.POLLRDHUP)
        return len(self._guests) - sum(1 for _, events in look.poll(0) if events & _LEFT)

    def _talk(self, guest, events):
        if events & _LEFT:
            self._leave(guest)
            return
        try:
            data = guest.sock.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._leave(guest)
        elif guest.tunnel:
            if data[0] & 0x0F == 8:
                self._bid_farewell(guest, b"\x88\x02\x03\xe8")
        elif not guest.answered:
            guest.read += data
            self._listen_to(guest)

    def _listen_to(self, guest):
        head, end, body = guest.read.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or length and len(body) < int(length[1]):
            return
        guest.answered = True
        self._arrivals.append(head.split(None, 2)[1].decode("latin-1"))
        if key := _KEY.search(head):
            guest.tunnel = True
            self._send(guest, handshake.switching(key[1].decode(), [("X-Arrived", repr(guest.arrived))]))
        else:
            said = _MS.search(head)
            due = time.monotonic() + (int(said[1]) if said else self._ms) / 1000
            heapq.heappush(self._due, (due, guest.sock.fileno(), guest))

    def _answer(self, guest):
        self._bid_farewell(guest, b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"
                           b"Connection: close\r\nX-Arrived: %r\r\n\r\nslow\n" % guest.arrived)

    def _bid_farewell(self, guest, data):
        # It is out before the proxy can know.
        del self._guests[guest.sock.fileno()]
        self._send(guest, data)
        guest.sock.close()

    def _leave(self, guest):
        del self._guests[guest.sock.fileno()]
        guest.sock.close()

    @staticmethod
    def _send(guest, data):
        try:
            guest.sock.send(data)
        except OSError:
            pass  # it has left; its end is found by epoll


if __name__ == "__main__":
    _Server(int(sys.argv[1])).serve()

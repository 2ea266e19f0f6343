"""Raw origins: what they answer is the test's business, byte by byte."""

import os
import select
import shutil
import socket
import tempfile
import threading

import frames
import handshake
from wait import seconds
from wire import Closed, Wire


class RawOrigin:
    """Listens on 127.0.0.1 (or a unix socket); accept() hands the proxy's connections to the test."""

    def __init__(self, tls=None, unix=False, backlog=512):
        self._tls = tls
        self.path = None
        if unix:
            self._folder = tempfile.mkdtemp(prefix="wsflow-origin-", dir="/tmp")
            os.chmod(self._folder, 0o755)
            self.path = f"{self._folder}/socket"
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(self.path)
            os.chmod(self.path, 0o777)
        else:
            self._listener = socket.socket()
            self._listener.bind(("127.0.0.1", 0))
            self.port = self._listener.getsockname()[1]
        self._listener.listen(backlog)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._listener.close()
        if self.path:
            shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, path="/", scheme=None):
        scheme = scheme or ("wss" if self._tls else "ws")
        if self.path:
            return f"unix:{self.path}|{scheme}://localhost{path}"
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    def accept(self, timeout=20):
        """The next connection of the proxy as a Wire."""
        self._listener.settimeout(seconds(timeout))
        sock, _ = self._listener.accept()
        sock.settimeout(seconds(20))
        return Wire(self._tls.wrap_socket(sock, server_side=True) if self._tls else sock)

    def accept_tunnel(self, headers=(), early=b""):
        """Accepts, answers the handshake with 101 (EARLY in the same piece) and returns the Wire."""
        wire = self.accept()
        head = wire.read_head()
        wire.send(handshake.switching(head.get("sec-websocket-key"), headers) + early)
        wire.head = head
        return wire

    def untouched(self):
        """True while nobody has tried to connect."""
        return not select.select([self._listener], [], [], 0)[0]


class RefusingOrigin:
    """An address that refuses connections for as long as this object lives."""

    def __init__(self):
        self._holder = socket.socket()
        self._holder.bind(("127.0.0.1", 0))
        self.port = self._holder.getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._holder.close()

    def url(self, path="/", scheme="ws"):
        return f"{scheme}://127.0.0.1:{self.port}{path}"


class ScriptedOrigin:
    """A raw origin that plays SCRIPT(wire, head) for every request that arrives, each in a thread."""

    def __init__(self, script, tls=None, unix=False):
        self._origin = RawOrigin(tls, unix)
        self._script = script
        self._open = []
        self.heads = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ending.set()
        self._thread.join()
        for wire in self._open:
            wire.close()
        self._origin.close()

    def url(self, path="/", scheme=None):
        return self._origin.url(path, scheme)

    def _serve(self):
        while not self._ending.is_set():
            try:
                wire = self._origin.accept(0.1)
            except (socket.timeout, OSError):
                continue
            self._open.append(wire)
            threading.Thread(target=self._play, args=(wire,), daemon=True).start()

    def _play(self, wire):
        try:
            head = wire.read_head()
            self.heads.append(head)
            self._script(wire, head)
        except (Closed, OSError):
            pass


def echo_frames(wire, head, headers=()):
    """A script: 101, then every frame back unmasked, until the client's Close."""
    wire.send(handshake.switching(head.get("sec-websocket-key"), headers))
    wire.sock.settimeout(None)
    while True:
        fin, opcode, payload = wire.read_frame()
        wire.send_frame(opcode, payload, fin=fin)
        if opcode == frames.CLOSE:
            wire.close()
            return

#!/usr/bin/python3
"""The peers find what a bad relay does to a tunnel: they would find it in httpd, too."""

import pathlib
import socket
import subprocess
import sys
import threading
import time

from programs import Client, Peer

SPOILT_AT = 20_000  # bytes that pass before
LATE_MS = 400


def kept(data):
    return data


def flipped(data):
    return bytes([data[0] ^ 1]) + data[1:]


def lost(data):
    return data[1:]


def doubled(data):
    return data[:1] + data


def late(data):
    time.sleep(LATE_MS / 1000)
    return data


class Relay:
    """One connection to the port; what goes to SPOILT_SIDE is spoilt once, in the middle."""

    def __init__(self, port, spoil, spoilt_side):
        self._spoil, self._spoilt_side = spoil, spoilt_side
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, args=(port,), daemon=True).start()

    def _serve(self, port):
        client, _ = self._listener.accept()
        origin = socket.create_connection(("127.0.0.1", port))
        for end in (client, origin):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for side, source, target in (("origin", client, origin), ("client", origin, client)):
            threading.Thread(target=self._pump, args=(side, source, target), daemon=True).start()

    def _pump(self, side, source, target):
        passed = 0
        try:
            while data := source.recv(100):
                if side == self._spoilt_side and passed <= SPOILT_AT < passed + len(data):
                    middle = SPOILT_AT - passed
                    target.sendall(data[:middle] + self._spoil(data[middle:]))
                else:
                    target.sendall(data)
                passed += len(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def outcome(tools, spoil, side, work):
    """What the client and the origin have to say of a tunnel through a relay that spoils it."""
    origin = Peer(tools / "soakorigin")
    client = Client(tools, period_ms=2, bulk=50_000, bulk_seconds=1)
    try:
        relay = Relay(int(origin.line()), spoil, side)
        if client.open("one", f"ws://127.0.0.1:{relay.port}/", work, 1, 10) != 1:
            return "not opened"
        end = time.monotonic() + 20
        while time.monotonic() < end:
            group = client.status()["groups"]["one"]
            if group["ends"]:
                return f"ended: {origin.said()}{client.said()}"
            if group["gap_ms"] >= LATE_MS * 3 / 4:
                return f"late by {group['gap_ms']:.0f} ms"
            if spoil is kept and group["messages"] * (50_000 if work == "bulk" else 125) > 2 * SPOILT_AT:
                return "well"
            time.sleep(0.02)
        return "nothing"
    finally:
        client.stop()
        origin.stop()


def main():
    tools = pathlib.Path(sys.argv[1])
    wrong = 0
    for work in ("echo", "bulk"):
        for spoil in (kept, flipped, lost, doubled, late):
            for side in ("origin", "client"):
                said = outcome(tools, spoil, side, work)
                # A byte too few leaves the reader waiting for it, if nothing follows.
                right = {kept: ("well",), late: ("late",), lost: ("late", "ended: ")}.get(spoil, ("ended: ",))
                found = said.startswith(right) and (not said.startswith("ended") or "bytes" in said)
                wrong += not found
                print(f"{'ok' if found else 'WRONG'}: {work}, a byte {spoil.__name__} on the way to the {side}: {said.strip()}")
    sys.exit(1 if wrong else 0)


try:
    main()
except (OSError, subprocess.SubprocessError) as error:
    sys.exit(f"cannot test: {error}")

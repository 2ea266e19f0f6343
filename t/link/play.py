"""One tunnel over one bad link: a message from one end to the other, whatever befalls the link meanwhile."""

import contextlib
import os
import select
import socket
import threading
import time

import frames
import link as links
from origin import RawOrigin
from wire import Closed, RawClient

# A prime number of bytes: whatever is lost or doubled is seen.
_BLOCK = os.urandom(1_000_003)
_PIECE = 100_000
_SLACK_S = 3  # of a deadline: the engine's ticks, a busy machine


class Failure(Exception):
    """A promise was not kept."""


def _pieces(size):
    """The message of SIZE bytes, in pieces."""
    at = 0
    while at < size:
        piece = _BLOCK[at % len(_BLOCK):][:min(_PIECE, size - at)]
        yield piece
        at += len(piece)


class Play:
    """NUMBER is its link's, and its route's name."""

    def __init__(self, case, direction, tls, number, certs):
        self.case, self.direction, self.tls, self.number = case, direction, tls, number
        self._certs = certs
        self._origin = RawOrigin()
        self._arrived = 0  # bytes of the message
        self._over = threading.Event()  # the receiver has seen the end, good or bad
        self._failure = None

    def name(self):
        return f"{self.case.name}, {'wss' if self.tls else 'ws'}, {self.direction}"

    def configuration(self):
        return f'WSFlowPass /{self.number} "{self._origin.url("/")}" {self.case.keys}'

    def run(self, site, outcome_of):
        """Raises Failure; returns how long it took, and OUTCOME_OF(self), for which the link is still there."""
        begin = time.monotonic()
        with links.Link(self.case.mtu, self.number) as self.link, self._origin:
            with self.link.client_side():
                client = RawClient(site.address(self.tls), self._certs.client_context() if self.tls else None)
            with client:
                client.send_handshake(f"/{self.number}")
                with self._origin.accept_tunnel() as server:
                    client.read_head()
                    self.link.set(both=self.case.link)
                    self._pass_message(client, server)
            taken, outcome = time.monotonic() - begin, outcome_of(self)
        if self._failure:
            raise Failure(f"{self._failure} ({outcome})")
        if outcome not in self.case.outcomes:
            raise Failure(f"{outcome} instead of {' or '.join(self.case.outcomes)}")
        return taken, outcome

    # What happens to the link asks for these.
    def wait_arrived(self, share):
        """Returns when the receiver has that share of the message, or has seen its end."""
        while self._arrived < share * self.case.size and not self._over.wait(0.01):
            pass

    def pause(self, duration):
        self._over.wait(duration)

    def _pass_message(self, client, server):
        sender, receiver = (server, client) if self.direction == "down" else (client, server)
        threads = [threading.Thread(target=self._send, args=(sender, sender is client)),
                   threading.Thread(target=self._receive, args=(receiver, receiver is client))]
        for wire in (client, server):
            wire.sock.settimeout(self.case.patience)
        for thread in threads:
            thread.start()
        self.case.happens(self)
        found_after = self._found_after(server) if self.case.found_within else None
        if not found_after and not self._over.wait(self.case.patience):
            self._fail(f"{self._arrived} of {self.case.size} bytes after {self.case.patience:.0f} s")
        for wire in (client, server):
            with contextlib.suppress(OSError):
                wire.sock.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
        if found_after:
            late = found_after > self.case.found_within + _SLACK_S
            self._failure = f"the origin heard of its dead client after {found_after:.1f} s" if late else None

    def _fail(self, what):
        self._failure = self._failure or what

    def _found_after(self, server):
        """Seconds until the origin hears of its dead client."""
        died_at = time.monotonic()
        if self.direction == "up":
            self._over.wait(self.case.patience)
        else:
            select.select([server.sock], [], [], self.case.patience)
        return time.monotonic() - died_at

    # The two ends
    def _send(self, wire, masked):
        head = frames.encode(frames.BINARY, bytes(self.case.size))[:10]
        try:
            # The mask is zeros.
            wire.send(bytes([head[0], head[1] | 0x80]) + head[2:] + bytes(4) if masked else head)
            for piece in _pieces(self.case.size):
                wire.send(piece)
            if not self.case.ends_at_once:
                self._next_frame(wire, masked)  # their Close
            wire.send(frames.close(1000, masked=masked))
            if masked:
                if not self.tls:  # behind a close_notify Python reads no ping any more, and would reset
                    wire.half_close()
                wire.read_until_closed()
        except (Closed, OSError):
            return  # the receiver tells what is missing
        wire.close()

    def _receive(self, wire, masked):
        try:
            self._receive_all(wire, masked)
        except (Closed, OSError) as reason:
            self._fail(f"{self._arrived} of {self.case.size} bytes, then: {reason}")
        except Failure as reason:
            self._fail(str(reason))
        self._over.set()

    def _receive_all(self, wire, masked):
        first, second = wire.read(2)
        while first == 0x80 | frames.PING:
            wire.send_frame(frames.PONG, wire.read(second & 0x7F), masked=masked)
            first, second = wire.read(2)
        if first != 0x80 | frames.BINARY:
            raise Failure(f"instead of the message: {first:#x} {wire.read(second & 0x7F)}")
        wire.read(12 if second & 0x80 else 8)
        for piece in _pieces(self.case.size):
            if wire.read(len(piece)) != piece:
                raise Failure(f"other bytes than were sent, behind {self._arrived}")
            self._arrived += len(piece)
        if not self.case.ends_at_once:
            wire.send(frames.close(1000, masked=masked))
        opcode, payload = self._next_frame(wire, masked)
        if (opcode, payload) != (frames.CLOSE, frames.code(1000)):
            raise Failure(f"behind the message: {opcode} {payload}")
        if self.case.ends_at_once:
            wire.send(frames.close(1000, masked=masked))
        wire.read_until_closed()

    @staticmethod
    def _next_frame(wire, masked):
        """The next one that is not a ping."""
        while (frame := wire.read_frame())[1] == frames.PING:
            wire.send_frame(frames.PONG, frame[2], masked=masked)
        return frame[1:]

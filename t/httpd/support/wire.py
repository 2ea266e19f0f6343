"""One end of a raw connection, client's or origin's, plain or TLS: nothing is sent or read behind the test's back."""

import select
import socket
import ssl
import struct

import frames
import handshake
import processes
from wait import seconds, wait_until


class Closed(Exception):
    """The other end has closed or reset the connection."""


class Wire:
    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(seconds(20))
        if sock.family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._read = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # Reading
    def _more(self):
        try:
            data = self.sock.recv(262144)
        except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError) as reason:
            raise Closed(str(reason)) from None
        if not data:
            raise Closed("end of stream")
        self._read += data

    def read(self, count):
        while len(self._read) < count:
            self._more()
        data = bytes(self._read[:count])
        del self._read[:count]
        return data

    def read_head(self):
        while (end := self._read.find(b"\r\n\r\n")) < 0:
            self._more()
        return handshake.Head(self.read(end + 4)[:-4])

    def read_frame(self):
        return frames.decode(self.read)

    def read_until_closed(self):
        """What still comes before the other end closes (orderly or not)."""
        try:
            while True:
                self._more()
        except Closed:
            return self.read(len(self._read))

    def read_body(self, head):
        """The body that belongs to a response HEAD."""
        if head.get("transfer-encoding"):
            body = b""
            while size := int(self._line(), 16):
                body += self.read(size)
                self._line()
            self._line()
            return body
        if head.get("content-length"):
            return self.read(int(head.get("content-length")))
        return self.read_until_closed()

    def _line(self):
        while (end := self._read.find(b"\r\n")) < 0:
            self._more()
        return self.read(end + 2)[:-2]

    def ended(self):
        """True once the other end's FIN or reset is here and everything before it was read."""
        if self._read:
            return False
        self.sock.setblocking(False)
        try:
            return not self._fill()
        finally:
            self.sock.settimeout(seconds(20))

    def _fill(self):
        try:
            data = self.sock.recv(65536)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except (OSError, ssl.SSLError):
            return False
        self._read += data
        return bool(data)

    def wait_ended(self, timeout=10):
        wait_until(self.ended, "the other end has closed", timeout)

    def readable(self):
        """True when something is here to be read, or the other end has closed."""
        return not self.stays_silent(0)

    def stays_silent(self, duration):
        """True when the other end neither sends nor closes for DURATION seconds."""
        return not self._read and not select.select([self.sock], [], [], duration)[0]

    # Writing
    def send(self, data):
        self.sock.sendall(data)

    def send_frame(self, opcode, payload=b"", **shape):
        self.send(frames.encode(opcode, payload, **shape))

    def send_until_blocked(self, data, limit):
        """Sends DATA again and again until nothing moves for a second or LIMIT bytes are out; returns the count."""
        sent, offset = 0, 0
        self.sock.setblocking(False)
        try:
            while sent < limit:
                _, writable, _ = select.select([], [self.sock], [], seconds(1))
                if not writable:
                    break
                try:
                    offset += (moved := self.sock.send(memoryview(data)[offset:]))
                    sent += moved
                    offset %= len(data)
                except (BlockingIOError, ssl.SSLWantWriteError):
                    pass
        finally:
            self.sock.settimeout(seconds(20))
        return sent

    def wait_taken(self):
        """Returns when the proxy has read all that was sent (TCP over 127.0.0.1 only)."""
        local, remote = self.sock.getsockname(), self.sock.getpeername()
        wait_until(lambda: not processes.unread_by(remote, local), "the proxy has read what was sent", pause=0.001)

    def exchange(self, data, count):
        """Sends DATA and reads COUNT bytes at the same time, in one thread: a TLS connection stands no two."""
        rest = memoryview(data)
        self.sock.setblocking(False)
        try:
            while rest or len(self._read) < count:
                ready = select.select([self.sock], [self.sock] if rest else [], [], seconds(20))
                assert any(ready), f"stalled: {len(rest)} bytes to send, {count - len(self._read)} to come"
                if rest:
                    try:
                        rest = rest[self.sock.send(rest[:65536]):]
                    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                        pass
                    except OSError as reason:
                        raise Closed(str(reason)) from None
                size = -1
                while size != len(self._read):
                    size = len(self._read)
                    if not self._fill():
                        raise Closed("end of stream")
        finally:
            self.sock.settimeout(seconds(20))
        return self.read(count)

    # Ending
    def half_close(self):
        if isinstance(self.sock, ssl.SSLSocket):
            # close_notify, and no wait for the other one's.
            self.sock.settimeout(0)
            try:
                self.sock.unwrap()
            except (ssl.SSLError, OSError):
                pass
            self.sock.settimeout(seconds(20))
        else:
            self.sock.shutdown(socket.SHUT_WR)

    def close(self):
        self.sock.close()

    def reset(self):
        """Ends the connection with a RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class RawClient(Wire):
    """A client that says exactly what it is told."""

    def __init__(self, address, tls=None, receive_buffer=0):
        sock = socket.socket()
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.settimeout(seconds(20))
        sock.connect(address)
        self.host = "%s:%d" % address
        super().__init__(tls.wrap_socket(sock, server_hostname="localhost") if tls else sock)

    def send_handshake(self, path, headers=(), early=b"", **shape):
        """Sends a handshake, with EARLY in the same piece."""
        self.send(handshake.request(path, self.host, headers, **shape) + early)

    def open(self, path, headers=(), **shape):
        """Handshake with an origin that answers by itself."""
        self.send_handshake(path, headers, **shape)
        head = self.read_head()
        assert head.status == 101, head.raw + self.read_until_closed()
        return head

"""The two heads of an opening handshake."""

import base64
import hashlib

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_of(key):
    return base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()


def request(path, host, headers=(), *, method="GET", version="HTTP/1.1", drop=(), replace=None):
    """A client's handshake; HEADERS are added, DROP are left out, REPLACE gives others' values."""
    fields = {"Host": host, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": KEY,
              "Sec-WebSocket-Version": "13"}
    fields.update(replace or {})
    lines = [f"{method} {path} {version}"]
    lines += [f"{name}: {value}" for name, value in fields.items() if name not in drop]
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def switching(key, headers=()):
    """An origin's 101 for the request's KEY."""
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
             f"Sec-WebSocket-Accept: {accept_of(key)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Head:
    """A parsed request or response head; names are lower case, repeated fields are kept apart."""

    def __init__(self, raw):
        self.raw = raw
        self.first, *lines = raw.decode("latin-1").split("\r\n")
        pairs = [line.split(":", 1) for line in lines if line]
        self.fields = [(name.strip().lower(), value.strip()) for name, value in pairs]

    @property
    def status(self):
        return int(self.first.split()[1])

    @property
    def path(self):
        return self.first.split()[1]

    def all(self, name):
        return [value for field, value in self.fields if field == name.lower()]

    def get(self, name, default=None):
        return (self.all(name) or [default])[0]

"""WebSocket frames (RFC 6455 section 5) as bytes."""

import os
import struct

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def apply_mask(data, mask):
    size = len(data)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


def encode(opcode, payload=b"", *, fin=True, masked=False, rsv=0):
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    size = len(payload)
    flag = 0x80 if masked else 0
    if size < 126:
        head = struct.pack("!BB", first, flag | size)
    elif size < 65536:
        head = struct.pack("!BBH", first, flag | 126, size)
    else:
        head = struct.pack("!BBQ", first, flag | 127, size)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + apply_mask(payload, mask)


class Code(bytes):
    """The payload of a Close frame without a reason. It equals each payload with this code, whatever the reason."""

    def __eq__(self, other):
        return bytes(other[:2]) == bytes(self)

    def __ne__(self, other):
        return not self == other

    __hash__ = bytes.__hash__


def code(number):
    return Code(struct.pack("!H", number))


def close(number, reason=b"", *, masked=False):
    return encode(CLOSE, bytes(code(number)) + reason, masked=masked)


def decode(read):
    """One frame from READ(n), as (fin, opcode, payload)."""
    first, second = read(2)
    size = second & 0x7F
    if size == 126:
        (size,) = struct.unpack("!H", read(2))
    elif size == 127:
        (size,) = struct.unpack("!Q", read(8))
    mask = read(4) if second & 0x80 else None
    payload = read(size)
    return bool(first & 0x80), first & 0x0F, apply_mask(payload, mask) if mask else payload

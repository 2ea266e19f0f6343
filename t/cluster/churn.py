#!/usr/bin/python3
"""The client of cost.py: tunnels of one key each, opened and closed as fast as it goes, or held.

    churn.py HOST PORT

Commands are lines: "go COUNT", "hold COUNT"; each is answered when all of it is done.
"""

import json
import sys
import socket
from itertools import count

from users import CLOSE, HANDSHAKE

KEYS = count()
AT_A_TIME = 20


def head(wire):
    got = b""
    while b"\r\n\r\n" not in got:
        data = wire.recv(4096)
        if not data:
            raise RuntimeError(f"closed within {got!r}")
        got += data
    if not got.startswith(b"HTTP/1.1 101"):
        raise RuntimeError(got.decode("latin-1"))


def open_some(place, most):
    wires = [socket.create_connection(place, 60) for _ in range(most)]
    for wire in wires:
        wire.sendall(HANDSHAKE.format(user=f"user-{next(KEYS):020}@example").encode())
    for wire in wires:
        head(wire)
    return wires


def close_all(wires):
    for wire in wires:
        wire.sendall(CLOSE)
    for wire in wires:
        while wire.recv(4096):
            pass
        wire.close()


def main():
    place = (sys.argv[1], int(sys.argv[2]))
    held = []
    for line in sys.stdin:
        word, wanted = line.split()
        for begin in range(0, int(wanted), AT_A_TIME):
            wires = open_some(place, min(AT_A_TIME, int(wanted) - begin))
            if word == "go":
                close_all(wires)
            else:
                held += wires
        print(json.dumps({"open": len(held)}), flush=True)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""Carries packets between two TUN devices, each direction under a policy of its own (way.py).

    relay.py SERVER CLIENT      descriptors of the devices on the server's and on the client's side

Each line of its input is a JSON object of changes, {"to_client": {…}, "to_server": {…}}, and is answered by a line of
counts. It ends with its input.
"""

import contextlib
import json
import os
import select
import sys
import time

from way import Way

LARGEST_PACKET = 65536
BATCH = 64  # packets of one side before the other one is looked at


def writer(device):
    def write(packet):
        try:
            os.write(device, packet)
            return True
        except OSError:  # the device's own queue is full, or it is down
            return False
    return write


class Relay:
    def __init__(self, server, client):
        self._ways = {"to_client": Way(writer(client)), "to_server": Way(writer(server))}
        self._from = {server: self._ways["to_client"], client: self._ways["to_server"]}
        self._input = b""
        # A relay that waits for the processor is a slower link than was asked for.
        with contextlib.suppress(PermissionError):
            os.nice(-10)
        self._poll = select.poll()
        for descriptor in (server, client, sys.stdin.fileno()):
            os.set_blocking(descriptor, False)
            self._poll.register(descriptor, select.POLLIN)

    def run(self):
        """Until the input ends."""
        while True:
            now = time.monotonic()
            for way in self._ways.values():
                way.run(now)
            for descriptor, _ in self._poll.poll(self._pause()):
                if descriptor in self._from:
                    self._carry(descriptor, self._from[descriptor])
                elif not self._obey(descriptor):
                    return

    def _pause(self):
        """Milliseconds until a packet is due; None: for ever."""
        due = [at for way in self._ways.values() if (at := way.next_event()) is not None]
        return max(1000 * (min(due) - time.monotonic()), 0) if due else None

    @staticmethod
    def _carry(device, way):
        try:
            for _ in range(BATCH):
                way.put(os.read(device, LARGEST_PACKET), time.monotonic())
        except BlockingIOError:
            pass

    def _obey(self, descriptor):
        data = os.read(descriptor, 65536)
        *lines, self._input = (self._input + data).split(b"\n")
        for line in lines:
            for name, changes in json.loads(line).items():
                self._ways[name].policy.change(**changes)
            print(json.dumps({name: {"arrived": way.arrived, "lost": way.lost, "bytes": way.bytes}
                              for name, way in self._ways.items()}), flush=True)
        return bool(data)


if __name__ == "__main__":
    Relay(int(sys.argv[1]), int(sys.argv[2])).run()

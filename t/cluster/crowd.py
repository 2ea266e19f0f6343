"""The users, shared out over processes, as one."""

import json
import pathlib
import sys
from collections import Counter

from programs import Peer

USERS = pathlib.Path(__file__).resolve().parent / "users.py"


class Crowd:
    def __init__(self, folder, nodes, options):
        places = ",".join(f"{node.http_port}@{node.host}" for node in nodes)
        self._peers = [Peer(sys.executable, "-B", USERS, folder, share, options.clients, options.users, options.rate,
                            options.seed, places) for share in range(options.clients)]
        self.files = [folder / f"users{share}.jsonl" for share in range(options.clients)]
        for peer in self._peers:
            peer.line()

    def _tell(self, words):
        for peer in self._peers:
            peer.process.stdin.write(words + "\n")
            peer.process.stdin.flush()
        return [json.loads(peer.line()) for peer in self._peers]

    def use(self, numbers):
        """These nodes are up."""
        self._tell("nodes " + ",".join(map(str, sorted(numbers))))

    def rest(self):
        """Nobody comes or goes any more: how many sockets are open, handshakes that were refused, connections that failed."""
        told = self._tell("rest")
        return (sum(each["open"] for each in told), [line for each in told for line in each["refused"]],
                sum(each["failed"] for each in told))

    def close(self):
        self._tell("close")
        for peer in self._peers:
            peer.process.wait()

    def said(self):
        return "".join(peer.said() for peer in self._peers)

    def stop(self):
        for peer in self._peers:
            peer.stop()


def open_by_key(sockets):
    return dict(Counter(socket.key for each in sockets.values() for socket in each if socket.ended is None))

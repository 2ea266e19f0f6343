"""The two programs of node: the origin, and the clients of one library."""

import json
import shutil
import subprocess
import tempfile
import threading
from collections import Counter

from server import free_port
from wait import wait_until

SOURCES = ("package.json", "package-lock.json", "client.mjs", "libraries.mjs", "origin.mjs", "protocols.mjs")


def install(source, folder):
    """Puts the programs beside their packages, where node looks for these; fetches the packages when the lock file is
    another one than that of the last time."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (source / "package-lock.json").read_bytes()
    mark = folder / "node_modules" / ".wsflow-lock"
    for name in SOURCES:
        shutil.copy(source / name, folder / name)
    if mark.exists() and mark.read_bytes() == lock:
        return
    # typescript, which @trpc/client asks for as a peer, is of no use here.
    subprocess.run(["npm", "ci", "--prefix", str(folder), "--omit=peer", "--ignore-scripts", "--no-audit", "--no-fund",
                    "--loglevel=error"], check=True)
    mark.write_bytes(lock)


def version(folder, package):
    return json.loads((folder / "node_modules" / package / "package.json").read_text())["version"]


class Program:
    def __init__(self, folder, *words):
        self._complaints = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(["node", *map(str, words)], cwd=folder, stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, stderr=self._complaints, text=True)

    def tell(self, word):
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def line(self):
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args[1]} ended with {self._process.wait()}: {self.complaints()}")
        return line.strip()

    def complaints(self):
        self._complaints.seek(0)
        return self._complaints.read()[-2000:]

    def kill(self):
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


class Origin:
    """It has the same port in all its lives."""

    def __init__(self, folder):
        self._folder, self.port, self._program = folder, free_port(), None

    def start(self):
        self._program = Program(self._folder, "origin.mjs", self.port)
        self._program.line()

    def kill(self):
        if self._program:
            self._program.kill()
        self._program = None

    def tell(self, word):
        self._program.tell(word)
        self._program.line()


class Clients:
    """What the clients of one library have told (client.mjs)."""

    def __init__(self, folder, library, url, count, advised):
        self.count = count
        self.events = []  # appended to by the thread alone
        self._program = Program(folder, "client.mjs", library, url, count, *(["--advised"] if advised else []))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        try:
            while True:
                self.events.append(json.loads(self._program.line()))
        except (RuntimeError, ValueError):
            pass  # it was killed

    def since(self, moment):
        return [event for event in list(self.events) if event["t"] >= moment]

    def inside(self):
        """The clients that are connected."""
        # Counted, since a library may have a new connection before the end of the old one is seen.
        sign = {"open": 1, "close": -1}
        balance = Counter()
        for event in list(self.events):
            balance[event["n"]] += sign.get(event["event"], 0)
        return {n for n, connections in balance.items() if connections > 0}

    def exchange(self):
        """The clients whose connections take a ping to the origin and its pong back."""
        begin, expected = len(self.events), len(self.inside())
        self._program.tell("exchange")

        def heard():
            return {event["n"] for event in self.events[begin:] if event["event"] == "exchange"}

        try:
            wait_until(lambda: len(heard()) >= expected, "all have exchanged", 5)
        except AssertionError:
            pass  # whoever calls judges how many
        return heard()

    def complaints(self):
        return self._program.complaints()

    def stop(self):
        self._program.kill()
        self._reader.join()

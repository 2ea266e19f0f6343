"""A client of an application: clients/main.mjs in a process of node."""

import json
import os
import subprocess
import threading

from application import PACKAGES
from wait import wait_until


class Client:
    def __init__(self, kind, url, options, ca):
        self.events = []  # appended to by the thread alone
        self._process = subprocess.Popen(
            ["node", "clients/main.mjs", kind, url, json.dumps(options)], cwd=PACKAGES, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "NODE_EXTRA_CA_CERTS": str(ca)})
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def _read(self):
        for line in self._process.stdout:
            try:
                self.events.append(json.loads(line))
            except ValueError:
                self.events.append({"event": "said", "line": line.strip()})

    def tell(self, word):
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def since(self, begin, *kinds):
        """The events of these kinds from the BEGIN-th on."""
        return [event for event in self.events[begin:] if event["event"] in kinds]

    def wait(self, begin, *kinds, timeout=40):
        """The first event of one of these kinds from the BEGIN-th on."""
        def first():
            if self._process.poll() is not None:
                raise AssertionError(f"the client ended: {self._process.stderr.read()[-2000:]}")
            return next(iter(self.since(begin, *kinds)), None)

        return wait_until(first, f"the client tells {' or '.join(kinds)}", timeout, report=lambda: self.events[-5:])

    def ask(self, word, *kinds, timeout=40):
        """Tells a word and returns the event that answers it."""
        begin = len(self.events)
        self.tell(word)
        return self.wait(begin, *kinds, timeout=timeout)

    def connected(self):
        told = self.wait(0, "connected", "refused")
        assert told["event"] == "connected", told

    def exchange(self):
        """What was exchanged with the application."""
        told = self.ask("exchange", "exchange")
        assert told["ok"], told
        return told["what"]

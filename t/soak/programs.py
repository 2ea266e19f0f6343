"""The client and the origin of the test: two programs of this folder, spoken to line by line."""

import json
import subprocess
import tempfile


class Peer:
    def __init__(self, *command):
        self.complaints = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.complaints, text=True)

    def line(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args[0]} ended with {self.process.wait()}: {self.said()}")
        return line

    def said(self):
        """What it complained of."""
        self.complaints.seek(0)
        return self.complaints.read()

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.complaints.close()


class Origin(Peer):
    def __init__(self, tools, certs):
        super().__init__(tools / "soakorigin", "--cert", certs.origin, "--key", certs.origin_key)
        self.port, self.tls_port = map(int, self.line().split())


class Client(Peer):
    """Holds the tunnels; soakclient.cpp says what the commands mean. For one thread."""

    def __init__(self, tools, **options):
        words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", value)]
        super().__init__(tools / "soakclient", *words)

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return json.loads(self.line())

    def open(self, group, url, work, count, seconds):
        """How many of COUNT have opened."""
        return self.ask("open", group, url, work, count, seconds)["opened"]

    def probe(self, seconds):
        """How many idle tunnels did not echo."""
        return self.ask("probe", seconds)["silent"]

    def close(self, group, count, seconds):
        """How many did not end in order when told to."""
        return self.ask("close", group, count, seconds)["left"]

    def reset(self):
        self.ask("reset")

    def status(self):
        return self.ask("status")

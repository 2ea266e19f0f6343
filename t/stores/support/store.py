"""A store as httpd sees it: the built module, in a program that plays httpd."""

import json
import os
import subprocess

SHELL, MODULE = os.environ.get("WSFLOW_STORE_SHELL"), os.environ.get("WSFLOW_PRESENCE")


class Failure(Exception):
    """What the store says of a call that fails."""


class Store:
    def __init__(self, driver, parameters=None, environment=None):
        self.process = subprocess.Popen([SHELL, MODULE, "wsflow_presence_module", driver], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env={**os.environ, **(environment or {})})
        if parameters is not None:
            self.open(parameters)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def send(self, word, argument=""):
        assert "\n" not in argument
        self.process.stdin.write(f"{word} {argument}\n".encode())
        self.process.stdin.flush()

    def answer(self):
        rows = []
        while True:
            line = self.process.stdout.readline().decode()
            assert line.endswith("\n"), "the program has ended"
            word, _, rest = line[:-1].partition(" ")
            if word == "ok":
                return rows
            if word == "error":
                raise Failure(rest)
            rows.append([self.value() for _ in range(int(rest))])

    def value(self):
        length = int(self.process.stdout.readline())
        return None if length < 0 else self.process.stdout.read(length).decode()

    def ask(self, word, argument=""):
        self.send(word, argument)
        return self.answer()

    def check(self, parameters):
        return self.ask("check", parameters)

    def open(self, parameters):
        return self.ask("open", parameters)

    def close(self):
        return self.ask("close")

    def apply(self, **batch):
        return self.ask("apply", json.dumps(batch))

    def find(self, text="", most=100000):
        return self.ask("find", json.dumps({"text": text, "most": most}))

    def sessions(self, text=""):
        """(name, route, key, joined, ended, sockets, peak, bytes), sorted."""
        rows = [(*row[1:4], *(None if value is None else int(value) for value in row[4:])) for row in self.find(text)]
        return sorted(rows, key=lambda row: (row[:3], row[3]))

"""A redis-server of the test: empty at each start, on a port of its own, ended by its pid."""

import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile

from server import free_port
from wait import wait_until

REDIS = shutil.which("redis-server")


class RedisServer:
    def __init__(self, password=None):
        self.port, self.password = free_port(), password
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="wsflow-redis-", dir="/tmp"))
        self._process = None

    def url(self, password=None):
        password = password or self.password
        return f"redis://{f':{password}@' if password else ''}127.0.0.1:{self.port}"

    def start(self):
        secret = ["--requirepass", self.password] if self.password else []
        self._process = subprocess.Popen(
            [REDIS, "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no", "--dir",
             str(self._folder), "--logfile", str(self._folder / "log"), *secret], start_new_session=True)
        wait_until(self.answers, "redis-server answers", 20)
        return self

    def answers(self):
        try:
            return self.command("PING") == b"PONG"
        except OSError:
            return False

    def stop(self):
        if self._process:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait(20)
            self._process = None

    def pause(self):
        self._process.send_signal(signal.SIGSTOP)

    def resume(self):
        self._process.send_signal(signal.SIGCONT)

    def close(self):
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def command(self, *words):
        """The answer: bytes, a number, None, or a list of these. An error is an AssertionError."""
        with socket.create_connection(("127.0.0.1", self.port), 5) as wire, wire.makefile("rb") as answer:
            if self.password:
                self._send(wire, "AUTH", self.password)
                self._read(answer)
            self._send(wire, *words)
            return self._read(answer)

    @staticmethod
    def _send(wire, *words):
        words = [str(word).encode() for word in words]
        wire.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))

    @classmethod
    def _read(cls, answer):
        line = answer.readline().rstrip(b"\r\n")
        if not line:
            raise ConnectionError("redis-server has closed the connection")
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise AssertionError(rest.decode())
        if kind == b"+":
            return rest
        if kind == b":":
            return int(rest)
        if kind == b"*":
            return [cls._read(answer) for _ in range(int(rest))]
        return None if rest == b"-1" else answer.read(int(rest) + 2)[:-2]

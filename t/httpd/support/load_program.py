"""wsflow-load, the program beside the module, and an origin in a process of its own, which can be stopped."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from wait import seconds

PROGRAM = pathlib.Path(os.environ.get("WSFLOW_LOAD") or pathlib.Path(os.environ["WSFLOW_MODULE"]).parent / "wsflow-load")

ECHO = """
import asyncio, websockets
async def echo(connection):
    try:
        async for message in connection:
            await connection.send(message)
    except websockets.ConnectionClosed:
        pass
async def main():
    async with websockets.serve(echo, "127.0.0.1", 0, compression=None, ping_interval=None, max_size=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()
asyncio.run(main())
"""


class Load:
    """A run that is under way; OPTIONS are keywords: in_flight=3 is --in-flight=3, True an option without a value."""

    def __init__(self, url, **options):
        self._folder = tempfile.TemporaryDirectory(prefix="wsflow-load-", dir="/tmp")
        self.report = pathlib.Path(self._folder.name) / "report.html"
        self.json = pathlib.Path(self._folder.name) / "result.json"
        words = [f"--{name.replace('_', '-')}" + ("" if value is True else f"={value}")
                 for name, value in {"json": self.json, "report": self.report, **options}.items()]
        self.process = subprocess.Popen([PROGRAM, *words, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        stdin=subprocess.DEVNULL, text=True)

    def wait(self):
        """Its result, with `status`, `said` and `progress`."""
        said, progress = self.process.communicate(timeout=seconds(60))
        result = json.loads(self.json.read_text())
        return {**result, "status": self.process.returncode, "said": said, "progress": progress.splitlines()}

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        self._folder.cleanup()


def run(*words):
    """(exit status, standard output, standard error) of a run that ends by itself."""
    done = subprocess.run([PROGRAM, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds(30),
                          check=False)
    return done.returncode, done.stdout, done.stderr


class EchoProcess:
    def __init__(self):
        self._process = subprocess.Popen([sys.executable, "-c", ECHO], stdout=subprocess.PIPE, text=True)
        self.port = int(self._process.stdout.readline())

    def url(self, path="/"):
        return f"ws://127.0.0.1:{self.port}{path}"

    def stand_still(self):
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self._process.send_signal(signal.SIGCONT)

    def kill(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def close(self):
        if self._process.poll() is None:
            self.kill()

"""A headless Chromium with a fresh profile that opens one page."""

import os
import shutil
import signal
import subprocess
import tempfile

from devtools import endpoint
from wait import seconds

FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --disable-extensions --disable-dev-shm-usage --mute-audio
    --no-default-browser-check --ignore-certificate-errors --password-store=basic --remote-debugging-port=0""".split()


class Chromium:
    def __init__(self, url):
        self._profile = tempfile.mkdtemp(prefix="wsflow-chromium-", dir="/tmp")
        self._process = subprocess.Popen(
            ["chromium", *FLAGS, f"--user-data-dir={self._profile}", url], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, "HOME": self._profile})

    def __enter__(self):
        return self

    @property
    def devtools(self):
        """Where Tab (devtools.py) finds it."""
        return endpoint(self._profile)

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(seconds(10))
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait(10)
        shutil.rmtree(self._profile, ignore_errors=True)

    def close(self):
        self.__exit__()

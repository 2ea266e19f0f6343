"""Clients that are real WebSocket libraries, for tests that are plain functions."""

import json
import os
import pathlib
import subprocess

import websockets

from wait import seconds

HERE = pathlib.Path(__file__).parent


class WsClient:
    """python3-websockets behind blocking calls."""

    def __init__(self, loop, url, tls=None, **options):
        self._loop = loop
        options = {"max_size": None, "ping_interval": None, "open_timeout": seconds(20), "close_timeout": seconds(10),
                   **options}
        if url.startswith("wss:"):
            options.update(ssl=tls, server_hostname="localhost")
        self._connection = loop.run(self._connect(url, options))

    @staticmethod
    async def _connect(url, options):
        return await websockets.connect(url, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, message, timeout=60):
        """A list is sent as one fragmented message."""
        self._loop.run(self._connection.send(message), timeout)

    def recv(self, timeout=60):
        return self._loop.run(self._connection.recv(), timeout)

    def echo(self, message, timeout=60):
        """Sends and receives at the same time: large messages need both."""
        async def both():
            sending = self._loop.loop.create_task(self._connection.send(message))
            answer = await self._connection.recv()
            await sending
            return answer
        return self._loop.run(both(), timeout)

    def ping(self, payload=b"ping"):
        async def there_and_back():
            await (await self._connection.ping(payload))
        self._loop.run(there_and_back())

    def wait_closed(self):
        self._loop.run(self._connection.wait_closed())
        return self.close_code

    def close(self, code=1000, reason=""):
        self._loop.run(self._connection.close(code, reason))

    @property
    def close_code(self):
        return self._connection.close_code

    @property
    def close_reason(self):
        return self._connection.close_reason

    @property
    def subprotocol(self):
        return self._connection.subprotocol

    @property
    def extensions(self):
        return [type(extension).__name__ for extension in self._connection.extensions]

    @property
    def response_headers(self):
        return self._connection.response_headers


def run_npm_client(url, ca, sizes):
    """npm's ws sends a text and a binary message of each size and tells what came back."""
    modules = os.environ["WSFLOW_NODE_MODULES"]
    done = subprocess.run(["node", str(HERE / "npm_client.js"), url, str(ca), *map(str, sizes)],
                          env={**os.environ, "NODE_PATH": modules}, capture_output=True, text=True,
                          timeout=seconds(60))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)

"""An origin made of python3-websockets: echoes messages, answers plain HTTP too, remembers the requests."""

import http
import logging
import os
import shutil
import socket
import tempfile

import websockets

logging.getLogger("websockets").setLevel(logging.CRITICAL)


class EchoOrigin:
    """`/…` echoes; `/close/4001/why` closes so; `/http/…` is answered as ordinary HTTP."""

    def __init__(self, loop, tls=None, *, unix=False, name="origin", subprotocols=None, deflate=True,
                 port=0):
        self._loop, self._tls, self.name = loop, tls, name
        self.requests = []
        self.closed = []
        self.path = None
        options = dict(ssl=tls, max_size=None, subprotocols=subprotocols, ping_interval=None,
                       compression="deflate" if deflate else None, process_request=self._http, close_timeout=5)
        if unix:
            self._folder = tempfile.mkdtemp(prefix="wsflow-origin-", dir="/tmp")
            os.chmod(self._folder, 0o755)
            self.path = f"{self._folder}/socket"
            self._server = loop.run(self._serve(websockets.unix_serve, path=self.path, **options))
            os.chmod(self.path, 0o777)
        else:
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("127.0.0.1", port))
            self.port = sock.getsockname()[1]
            self._server = loop.run(self._serve(websockets.serve, sock=sock, backlog=1024, **options))

    async def _serve(self, serve, **options):
        return await serve(self._handle, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        async def end():
            self._server.close()
            await self._server.wait_closed()
        self._loop.run(end())
        if self.path:
            shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, path="/", scheme=None):
        scheme = scheme or ("wss" if self._tls else "ws")
        if self.path:
            return f"unix:{self.path}|{scheme}://localhost{path}"
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    async def _http(self, path, headers):
        self.requests.append((path, headers))
        if "/http" in path:
            return http.HTTPStatus.OK, {"Content-Type": "text/plain"}, f"{self.name} {path}\n".encode()
        return None

    async def _handle(self, connection):
        try:
            if "/close/" in connection.path:
                code, _, reason = connection.path.split("/close/")[1].partition("/")
                await connection.close(int(code), reason)
                return
            if "/name" in connection.path:
                await connection.send(self.name)
            async for message in connection:
                await connection.send(message)
        except websockets.ConnectionClosed:
            pass
        finally:
            self.closed.append(connection.close_code)

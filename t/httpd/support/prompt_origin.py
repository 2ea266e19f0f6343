"""An origin that answers at once by itself: `/NNN…` with that status, `…chunked` in chunks, `…size=N` with N bytes.

Tunnels answer a Close and end behind it; a text is answered by a Close of the origin's own.
"""

import re
import socket
import threading

import frames
import handshake
from wire import Closed, Wire


class PromptOrigin:
    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def url(self, path="/", scheme="http"):
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(sock,), daemon=True).start()

    def _talk(self, sock):
        with Wire(sock) as wire:
            try:
                head = wire.read_head()
                if head.get("sec-websocket-key"):
                    self._tunnel(wire, head)
                else:
                    self._answer(wire, *head.first.split()[:2])
            except (Closed, OSError):
                pass  # its client has left

    @staticmethod
    def _tunnel(wire, head):
        wire.send(handshake.switching(head.get("sec-websocket-key")))
        _, opcode, payload = wire.read_frame()
        wire.send(frames.encode(frames.CLOSE, payload if opcode == frames.CLOSE else frames.code(1000)))
        while opcode != frames.CLOSE:
            _, opcode, _ = wire.read_frame()

    @staticmethod
    def _answer(wire, method, path):
        status = re.search(r"/(\d{3})\b", path)
        status = int(status[1]) if status else 200
        size = re.search(r"size=(\d+)", path)
        body = b"x" * (int(size[1]) if size else 5)
        head = f"HTTP/1.1 {status} So\r\nConnection: close\r\n"
        if status in (204, 304):
            wire.send(f"{head}\r\n".encode())
        elif method == "HEAD":
            wire.send(f"{head}Content-Length: {len(body)}\r\n\r\n".encode())
        elif "chunked" in path:
            wire.send(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
            for part in (body[:2], body[2:], b""):
                wire.send(b"%x\r\n%s\r\n" % (len(part), part))
        else:
            wire.send(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

"""Locust on a WebSocket that echoes: each user holds one socket and sends a message a second (docs/load-testing.md).

    locust -f t/load/locustfile.py --headless -u 200 -r 50 -t 60s --host ws://www.example.com/ws

Locust knows no WebSocket: the socket is that of websocket-client, and this file tells Locust each time. A time counts from the
moment at which its message was due, not from when the user got to send it.
"""
import time

import gevent
import websocket
from locust import User, task

EVERY = 1.0  # seconds from one message of a user to its next
TEXT = "x" * 125


class Client(User):
    def report(self, name, begun, failure=None, size=0):
        self.environment.events.request.fire(
            request_type="WS", name=name, response_time=1000 * (time.monotonic() - begun), response_length=size,
            exception=failure, context={})

    def on_start(self):
        begun = time.monotonic()
        try:
            self.socket = websocket.create_connection(self.host, timeout=30)
            self.report("handshake", begun)
        except (OSError, websocket.WebSocketException) as failure:
            self.socket = None
            self.report("handshake", begun, failure)
        self.due = time.monotonic()

    @task
    def echo(self):
        if self.socket is None:
            gevent.sleep(EVERY)
            return
        gevent.sleep(max(self.due - time.monotonic(), 0))
        try:
            self.socket.send(TEXT)
            answer = self.socket.recv()
            wrong = None if answer == TEXT else ValueError("another message came back")
            self.report("echo", self.due, wrong, len(answer))
        except (OSError, websocket.WebSocketException) as failure:
            self.report("echo", self.due, failure)
            self.socket = None
        self.due += EVERY

    def on_stop(self):
        if self.socket is not None:
            self.socket.close()

"""One HTTP/2 connection, by python3-h2: WebSockets (RFC 8441) and ordinary requests on its streams."""

import socket

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings
import hyperframe.frame

import frames
from wait import seconds


def h2_connect(site, certs, resources):
    """An H2Client of that httpd."""
    sock = socket.create_connection(site.address(True), seconds(20))
    resources.append(sock)
    return H2Client(certs.client_context(alpn=["h2"]).wrap_socket(sock, server_hostname="localhost"),
                    "127.0.0.1:%d" % site.https_port)


class H2Client:
    def __init__(self, sock, authority):
        assert sock.selected_alpn_protocol() == "h2"
        self._sock, self._authority = sock, authority
        sock.settimeout(seconds(20))
        self.state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        # The library knows no streams that go on behind a GOAWAY, and httpd announces each reload with one.
        self.state._frame_dispatch_table[hyperframe.frame.GoAwayFrame] = lambda frame: ([], [])
        self.state.initiate_connection()
        self._streams = {}
        self.flush()

    def flush(self):
        self._sock.sendall(self.state.data_to_send())

    def more(self):
        """Takes what comes next."""
        data = self._sock.recv(65536)
        assert data, "the server closed the connection"
        for event in self.state.receive_data(data):
            stream = self._streams.get(getattr(event, "stream_id", None))
            if stream is not None:
                stream.take(event)
        self.flush()

    def open(self, method, path, fields=(), end_stream=False):
        """A stream whose request has been sent."""
        number = self.state.get_next_available_stream_id()
        stream = self._streams[number] = H2Stream(self, number)
        self.state.send_headers(number, [(":method", method), (":scheme", "https"), (":path", path),
                                         (":authority", self._authority), *fields], end_stream=end_stream)
        self.flush()
        return stream

    def get(self, path):
        return self.open("GET", path, end_stream=True)

    def begin(self, path, fields=()):
        """A stream that asks for a tunnel."""
        while not self.state.remote_settings.get(h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL):
            self.more()
        return self.open("CONNECT", path, [(":protocol", "websocket"), ("sec-websocket-version", "13"), *fields])

    def tunnel(self, path, fields=()):
        """The same, when it has its answer."""
        stream = self.begin(path, fields)
        stream.wait_head()
        return stream

    def close(self):
        self._sock.close()


class H2Stream:
    """What is read of it opens the window for as much, unless it is told to hold that back."""

    def __init__(self, client, number):
        self._client, self.number = client, number
        self.head = self.fields = None  # the second one with all of several values
        self.ended = False
        self.reset = None  # the error code of a RST_STREAM
        self.opens_window = True
        self._data = bytearray()

    def take(self, event):
        if isinstance(event, h2.events.ResponseReceived):
            self.fields = event.headers
            self.head = dict(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            self._data += event.data
            if self.opens_window:
                self._client.state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self.reset, self.ended = event.error_code, True
        elif isinstance(event, h2.events.StreamEnded):
            self.ended = True

    @property
    def status(self):
        return int(self.head[":status"])

    def wait_head(self):
        while self.head is None:
            self._client.more()

    def wait_ended(self):
        while not self.ended:
            self._client.more()

    def read(self, count):
        while len(self._data) < count:
            assert not self.ended, f"the stream has ended behind {len(self._data)} bytes"
            self._client.more()
        data = bytes(self._data[:count])
        del self._data[:count]
        return data

    def read_frame(self):
        return frames.decode(self.read)

    def send(self, data):
        """BrokenPipeError where the stream has ended meanwhile, as a socket's."""
        try:
            self._send(data)
        except h2.exceptions.StreamClosedError as ended:
            raise BrokenPipeError(f"the stream {self.number} has ended") from ended

    def _send(self, data):
        state = self._client.state
        while data:
            while not (window := min(state.local_flow_control_window(self.number), state.max_outbound_frame_size)):
                self._client.more()
            state.send_data(self.number, data[:window])
            data = data[window:]
            self._client.flush()

    def send_frame(self, opcode, payload=b"", masked=True, **shape):
        self.send(frames.encode(opcode, payload, masked=masked, **shape))

    def half_close(self):
        self._client.state.end_stream(self.number)
        self._client.flush()

    def cancel(self):
        """What a browser does with the socket of a page that it leaves."""
        self._client.state.reset_stream(self.number, h2.errors.ErrorCodes.CANCEL)
        self._client.flush()

    def close(self):
        self._client.close()

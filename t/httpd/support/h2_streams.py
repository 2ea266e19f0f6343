"""Ordinary requests over one HTTP/2 connection, by python3-h2."""

import h2.config
import h2.connection
import h2.events

from wait import seconds


class H2Streams:
    """Requests on a TLS socket that has negotiated h2; answers are read while one waits for them."""

    def __init__(self, sock, authority, headers=()):
        assert sock.selected_alpn_protocol() == "h2"
        self._sock, self._authority, self._headers = sock, authority, list(headers)
        sock.settimeout(seconds(20))
        self._state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        self._state.initiate_connection()
        self._flush()
        self._heads = {}  # by stream
        self._ended = set()

    def send(self, path, headers=()):
        """The number of the stream of a GET."""
        stream = self._state.get_next_available_stream_id()
        self._state.send_headers(stream, [(":method", "GET"), (":scheme", "https"), (":path", path),
                                          (":authority", self._authority), *self._headers, *headers], end_stream=True)
        self._flush()
        return stream

    def head(self, stream):
        """The head of its answer, as a dict, once the whole answer is here."""
        while stream not in self._ended:
            self._more()
        return self._heads[stream]

    def answered(self):
        """The streams that have their whole answer."""
        return set(self._ended)

    def _flush(self):
        self._sock.sendall(self._state.data_to_send())

    def _more(self):
        data = self._sock.recv(65536)
        assert data, "the server closed the connection"
        for event in self._state.receive_data(data):
            if isinstance(event, h2.events.ResponseReceived):
                self._heads[event.stream_id] = dict(event.headers)
            elif isinstance(event, h2.events.DataReceived):
                self._state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
                self._ended.add(event.stream_id)
            elif isinstance(event, h2.events.ConnectionTerminated):
                raise AssertionError("the server ended the connection")
        self._flush()

    def close(self):
        self._sock.close()

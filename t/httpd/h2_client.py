"""A WebSocket over an HTTP/2 stream (RFC 8441), by python3-h2."""

import h2.config
import h2.connection
import h2.events
import h2.settings

import frames
from wait import seconds


class H2Tunnel:
    """One extended CONNECT on a TLS socket that has negotiated h2."""

    def __init__(self, sock, authority, path):
        assert sock.selected_alpn_protocol() == "h2"
        self._sock = sock
        sock.settimeout(seconds(20))
        self._state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        self._state.initiate_connection()
        self.status = None
        self.ended = False
        self._data = bytearray()
        self._flush()
        while not self._state.remote_settings.get(h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL):
            self._more()
        self._stream = self._state.get_next_available_stream_id()
        self._state.send_headers(self._stream, [
            (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", path),
            (":authority", authority), ("sec-websocket-version", "13")])
        self._flush()
        while self.status is None:
            self._more()

    def _flush(self):
        self._sock.sendall(self._state.data_to_send())

    def _more(self):
        data = self._sock.recv(65536)
        assert data, "the server closed the connection"
        for event in self._state.receive_data(data):
            if isinstance(event, h2.events.ResponseReceived):
                self.status = int(dict(event.headers)[":status"])
            elif isinstance(event, h2.events.DataReceived):
                self._data += event.data
                self._state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset, h2.events.ConnectionTerminated)):
                self.ended = True
        self._flush()

    def _read(self, count):
        while len(self._data) < count:
            self._more()
        data = bytes(self._data[:count])
        del self._data[:count]
        return data

    def send_frame(self, opcode, payload):
        data = frames.encode(opcode, payload, masked=True)
        while data:
            while not (window := min(self._state.local_flow_control_window(self._stream),
                                     self._state.max_outbound_frame_size)):
                self._more()
            self._state.send_data(self._stream, data[:window])
            data = data[window:]
            self._flush()

    def read_frame(self):
        return frames.decode(self._read)

    def wait_ended(self):
        while not self.ended:
            self._more()

    def close(self):
        self._sock.close()

"""TLS ends whose records the test makes one by one, key updates and late session tickets among them: Python's ssl cannot.

It calls the libssl that Python has loaded already."""

import ctypes
import socket
import ssl  # noqa: F401 (loads libssl)

_lib = ctypes.CDLL("libssl.so.3")
_crypto = ctypes.CDLL("libcrypto.so.3")
NOT_REQUESTED, REQUESTED = 0, 1  # of a key update: whether the other end must change its key too
_PEM, _WANT_READ, _ZERO_RETURN = 1, 2, 6


def _function(library, name, result, *arguments):
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments
    return function


_pointer, _text, _int = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
TLS_client_method = _function(_lib, "TLS_client_method", _pointer)
TLS_server_method = _function(_lib, "TLS_server_method", _pointer)
SSL_CTX_new = _function(_lib, "SSL_CTX_new", _pointer, _pointer)
SSL_CTX_free = _function(_lib, "SSL_CTX_free", None, _pointer)
SSL_CTX_use_certificate_chain_file = _function(_lib, "SSL_CTX_use_certificate_chain_file", _int, _pointer, _text)
SSL_CTX_use_PrivateKey_file = _function(_lib, "SSL_CTX_use_PrivateKey_file", _int, _pointer, _text, _int)
SSL_new = _function(_lib, "SSL_new", _pointer, _pointer)
SSL_free = _function(_lib, "SSL_free", None, _pointer)
SSL_set_bio = _function(_lib, "SSL_set_bio", None, _pointer, _pointer, _pointer)
SSL_set_accept_state = _function(_lib, "SSL_set_accept_state", None, _pointer)
SSL_set_connect_state = _function(_lib, "SSL_set_connect_state", None, _pointer)
SSL_do_handshake = _function(_lib, "SSL_do_handshake", _int, _pointer)
SSL_get_error = _function(_lib, "SSL_get_error", _int, _pointer, _int)
SSL_read = _function(_lib, "SSL_read", _int, _pointer, _pointer, _int)
SSL_write = _function(_lib, "SSL_write", _int, _pointer, _text, _int)
SSL_key_update = _function(_lib, "SSL_key_update", _int, _pointer, _int)
SSL_new_session_ticket = _function(_lib, "SSL_new_session_ticket", _int, _pointer)
ERR_clear_error = _function(_crypto, "ERR_clear_error", None)
BIO_s_mem = _function(_crypto, "BIO_s_mem", _pointer)
BIO_new = _function(_crypto, "BIO_new", _pointer, _pointer)
BIO_read = _function(_crypto, "BIO_read", _int, _pointer, _pointer, _int)
BIO_write = _function(_crypto, "BIO_write", _int, _pointer, _text, _int)


class RecordContext:
    """Stands in for an ssl.SSLContext (TLS 1.3; it trusts everybody) where a Wire is made."""

    def __init__(self, certificate=None, key=None):
        self._server = certificate is not None
        self.handle = SSL_CTX_new(TLS_server_method() if self._server else TLS_client_method())
        if self._server:
            assert SSL_CTX_use_certificate_chain_file(self.handle, str(certificate).encode()) == 1
            assert SSL_CTX_use_PrivateKey_file(self.handle, str(key).encode(), _PEM) == 1

    def __del__(self):
        SSL_CTX_free(self.handle)

    def wrap_socket(self, sock, server_side=False, server_hostname=None):
        assert server_side == self._server
        return RecordSocket(self, sock)

    @property
    def server(self):
        return self._server


class RecordSocket:
    """A socket with TLS on it. What makes records returns them, for the test to send when and how it likes."""

    def __init__(self, context, sock):
        self._context = context  # lives as long as its connections
        self._sock = sock
        self._ssl = SSL_new(context.handle)
        self._in, self._out = BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem())
        SSL_set_bio(self._ssl, self._in, self._out)
        (SSL_set_accept_state if context.server else SSL_set_connect_state)(self._ssl)
        while (done := SSL_do_handshake(self._ssl)) != 1:
            assert SSL_get_error(self._ssl, done) == _WANT_READ, "the TLS handshake fails"
            self._sock.sendall(self._records())
            self._feed()
        self._sock.sendall(self._records())

    def __del__(self):
        SSL_free(self._ssl)

    def __getattr__(self, name):
        return getattr(self._sock, name)

    # Records
    def data(self, data):
        """DATA in records."""
        assert SSL_write(self._ssl, data, len(data)) == len(data)
        return self._records()

    def key_update(self, asked=NOT_REQUESTED):
        assert SSL_key_update(self._ssl, asked) == 1 and SSL_do_handshake(self._ssl) == 1
        return self._records()

    def ticket(self):
        """A session ticket of its own, as a server may send at any time."""
        assert SSL_new_session_ticket(self._ssl) == 1 and SSL_do_handshake(self._ssl) == 1
        return self._records()

    def send_records(self, records):
        self._sock.sendall(records)

    # Of a socket
    def sendall(self, data):
        self._sock.sendall(self.data(data))

    def recv(self, size):
        into = ctypes.create_string_buffer(size)
        while True:
            ERR_clear_error()
            got = SSL_read(self._ssl, into, size)
            if got > 0:
                return into.raw[:got]
            error = SSL_get_error(self._ssl, got)
            if error == _ZERO_RETURN:
                return b""
            if error != _WANT_READ:
                raise ConnectionError(f"TLS is broken: error {error}")
            if not self._feed():
                return b""

    def _feed(self):
        raw = self._sock.recv(65536)
        if raw:
            BIO_write(self._in, raw, len(raw))
        return len(raw)

    def _records(self):
        into, records = ctypes.create_string_buffer(65536), b""
        while (got := BIO_read(self._out, into, len(into))) > 0:
            records += into.raw[:got]
        return records

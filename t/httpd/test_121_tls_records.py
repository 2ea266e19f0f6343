"""TLS records that are no data (key updates, late session tickets) come at any place and change nothing: no byte is lost, no
end of stream is overlooked, nobody else waits."""

import socket

import pytest

import frames
import handshake
from tls_records import NOT_REQUESTED, REQUESTED, RecordContext

HELLO = frames.encode(frames.TEXT, b"hello", masked=True) + frames.encode(frames.BINARY, bytes(range(256)) * 20,
                                                                         masked=True)
NEWS = frames.encode(frames.TEXT, b"news") + frames.encode(frames.BINARY, bytes(range(256)) * 20)
QUIET = "WSFlowTimeout close=60\nWSFlowPing client=0 origin=0"


@pytest.fixture
def record_client(raw_client):
    """A client whose TLS records the test makes."""
    return lambda site: raw_client(site, True, context=RecordContext())


@pytest.fixture
def record_origin(raw_origin, certs):
    """An origin whose TLS records the test makes."""
    return lambda: raw_origin(tls=True, context=RecordContext(certs.origin, certs.origin_key))


def updates(wire, count, asked):
    return b"".join(wire.sock.key_update(asked) for _ in range(count))


def news_of(wire, count, kind):
    """Records that are no data, as an origin may send them."""
    make = wire.sock.ticket if kind == "tickets" else wire.sock.key_update
    return b"".join(make() for _ in range(count))


@pytest.mark.parametrize("asked", [NOT_REQUESTED, REQUESTED])
@pytest.mark.parametrize("count", [1, 3, 200])
def test_a_new_key_between_request_and_frames(httpd, raw_origin, record_client, count, asked):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    for _ in range(5):
        with record_client(site) as client:
            sock = client.sock
            piece = sock.data(handshake.request("/x", client.host)) + updates(client, count, asked) + sock.data(HELLO)
            sock.send_records(piece + updates(client, count, asked) + sock.data(HELLO))
            with origin.accept_tunnel() as server:
                assert client.read_head().status == 101
                assert server.read(2 * len(HELLO)) == 2 * HELLO
                server.send(NEWS)
                assert client.read(len(NEWS)) == NEWS
                client.send(HELLO)
                assert server.read(len(HELLO)) == HELLO


@pytest.mark.parametrize("asked", [NOT_REQUESTED, REQUESTED])
def test_a_new_key_in_pieces_of_its_own(httpd, raw_origin, record_client, asked):
    """Cut at any place of the key update and of the record behind it, before the 101 and after it."""
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    for place in range(1, 60, 4):
        with record_client(site) as client:
            client.send_handshake("/x")
            with origin.accept() as server:
                head = server.read_head()
                records = updates(client, 1, asked) + client.sock.data(HELLO)
                client.sock.send_records(records[:place])
                server.send(handshake.switching(head.get("sec-websocket-key")))
                assert client.read_head().status == 101
                client.wait_taken()
                client.sock.send_records(records[place:])
                assert server.read(len(HELLO)) == HELLO, f"cut at {place}"
                # Answers to what was asked for, and the next key.
                server.send(NEWS)
                assert client.read(len(NEWS)) == NEWS
                client.sock.send_records(updates(client, 2, asked))
                client.send(HELLO)
                assert server.read(len(HELLO)) == HELLO


@pytest.mark.parametrize("kind", ["keys", "tickets"])
@pytest.mark.parametrize("count", [1, 3, 30])
def test_records_of_the_origin_between_its_101_and_its_frames(httpd, record_origin, raw_client, kind, count):
    origin = record_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    for _ in range(5):
        with raw_client(site) as client:
            client.send_handshake("/x")
            with origin.accept() as server:
                head = server.read_head()
                records = server.sock.data(handshake.switching(head.get("sec-websocket-key")))
                records += news_of(server, count, kind) + server.sock.data(NEWS)
                server.sock.send_records(records)
                assert client.read_head().status == 101
                assert client.read(len(NEWS)) == NEWS
                server.sock.send_records(news_of(server, count, kind) + server.sock.data(NEWS))
                assert client.read(len(NEWS)) == NEWS
                client.send(HELLO)
                assert server.read(len(HELLO)) == HELLO


@pytest.mark.parametrize("last", [b"", HELLO], ids=["alone", "behind frames"])
@pytest.mark.parametrize("asked", [NOT_REQUESTED, REQUESTED])
def test_a_new_key_right_before_the_clients_end(httpd, raw_origin, record_client, asked, last):
    origin = raw_origin()
    site = httpd(QUIET + f'\nWSFlowPass /x "{origin.url("/x")}"')
    for _ in range(20):
        with record_client(site) as client:
            client.send_handshake("/x")
            with origin.accept_tunnel() as server:
                assert client.read_head().status == 101
                client.sock.send_records((client.sock.data(last) if last else b"") + updates(client, 1, asked))
                client.sock.shutdown(socket.SHUT_WR)
                if last:
                    assert server.read(len(last)) == last
                assert server.read_frame()[1] == frames.CLOSE
                server.wait_ended()


@pytest.mark.parametrize("kind", ["keys", "tickets"])
def test_a_record_right_before_the_origins_end(httpd, record_origin, raw_client, kind):
    origin = record_origin()
    site = httpd(QUIET + f'\nWSFlowPass /x "{origin.url("/x")}"')
    for _ in range(20):
        with raw_client(site) as client:
            client.send_handshake("/x")
            with origin.accept_tunnel() as server:
                assert client.read_head().status == 101
                server.sock.send_records(news_of(server, 1, kind))
                server.sock.shutdown(socket.SHUT_WR)
                assert client.read_frame()[1] == frames.CLOSE
                client.wait_ended()


@pytest.mark.parametrize("asked", [NOT_REQUESTED, REQUESTED])
def test_a_flood_of_new_keys(httpd, echo, raw_client, record_client, asked):
    """Its sender reads no answer meanwhile, others are served, and the frame behind it arrives."""
    origin = echo()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    other = raw_client(site, True)
    other.open("/x")
    client = record_client(site)
    client.open("/x")
    flood = updates(client, 20_000, asked) + client.sock.data(HELLO)
    sent = 0
    while sent < len(flood):
        client.sock.send_records(flood[sent:sent + 60_000])
        sent += 60_000
        other.send_frame(frames.TEXT, b"and we?", masked=True)
        assert other.read_frame()[2] == b"and we?"
    assert client.read_frame()[2] == b"hello"
    assert len(client.read_frame()[2]) == 5120


def test_both_legs_of_a_tunnel_on_its_worker(httpd, record_origin, record_client):
    origin = record_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"', mpm="prefork")
    site.log.expect("WSF0081", "WSF0075")
    for _ in range(5):
        with record_client(site) as client:
            sock = client.sock
            records = sock.data(handshake.request("/x", client.host)) + updates(client, 3, REQUESTED) + sock.data(HELLO)
            sock.send_records(records)
            with origin.accept() as server:
                head = server.read_head()
                records = server.sock.data(handshake.switching(head.get("sec-websocket-key")))
                records += news_of(server, 3, "tickets") + updates(server, 3, REQUESTED) + server.sock.data(NEWS)
                server.sock.send_records(records)
                assert server.read(len(HELLO)) == HELLO
                assert client.read_head().status == 101
                assert client.read(len(NEWS)) == NEWS
                client.sock.send_records(updates(client, 1, NOT_REQUESTED))
                client.sock.shutdown(socket.SHUT_WR)
                assert server.read_frame() == (True, frames.CLOSE, frames.code(1001))
                server.wait_ended()

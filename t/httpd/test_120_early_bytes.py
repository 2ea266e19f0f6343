"""Bytes that come with the handshake, or right behind it, are part of the tunnel: none is lost, none comes twice."""

import concurrent.futures
import hashlib
import os

import pytest

import frames
import handshake
from origin import ScriptedOrigin

LEGS = [(client, origin) for client in (False, True) for origin in (False, True)]
HELLO = frames.encode(frames.TEXT, "grüße".encode()) + frames.encode(frames.PING, b"?") + frames.encode(
    frames.BINARY, bytes(range(200)))


@pytest.mark.memcheck(client_tls=True)
@pytest.mark.parametrize("client_tls,origin_tls", LEGS)
def test_frames_in_one_piece_with_the_101(httpd, raw_origin, raw_client, client_tls, origin_tls):
    origin = raw_origin(tls=origin_tls)
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    client = raw_client(site, client_tls)
    client.send_handshake("/x")
    with origin.accept_tunnel(early=HELLO) as server:
        assert client.read_head().status == 101
        assert client.read(len(HELLO)) == HELLO
        server.send(HELLO)
        assert client.read(len(HELLO)) == HELLO


@pytest.mark.parametrize("origin_tls", [False, True])
def test_an_answer_split_anywhere(httpd, raw_origin, raw_client, origin_tls):
    origin = raw_origin(tls=origin_tls)
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    answer = handshake.switching(handshake.KEY) + HELLO
    # Every place around the end of the head, every seventh elsewhere.
    end = len(answer) - len(HELLO)
    places = sorted({*range(1, len(answer), 7), *range(end - 5, end + 12)})
    for place in places:
        with raw_client(site) as client:
            client.send_handshake("/x")
            with origin.accept() as server:
                server.read_head()
                server.send(answer[:place])
                server.wait_taken()
                server.send(answer[place:])
                assert client.read_head().status == 101
                assert client.read(len(HELLO)) == HELLO, f"split at {place}"
    assert site.status.total() == len(places)


@pytest.mark.parametrize("origin_tls", [False, True])
def test_an_answer_in_pieces_of_one_byte(httpd, raw_origin, raw_client, origin_tls):
    origin = raw_origin(tls=origin_tls)
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    client = raw_client(site)
    client.send_handshake("/x")
    with origin.accept() as server:
        server.read_head()
        for byte in handshake.switching(handshake.KEY) + HELLO:
            server.send(bytes([byte]))
            server.wait_taken()
        assert client.read_head().status == 101
        assert client.read(len(HELLO)) == HELLO


@pytest.mark.parametrize("client_tls,origin_tls", LEGS)
def test_frames_in_one_piece_with_the_request(httpd, raw_origin, raw_client, client_tls, origin_tls):
    early = frames.encode(frames.TEXT, b"impatient", masked=True)
    early += frames.encode(frames.BINARY, b"x" * 3000, masked=True)
    origin = raw_origin(tls=origin_tls)
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    client = raw_client(site, client_tls)
    client.send_handshake("/x", early=early)
    with origin.accept() as server:
        head = server.read_head()
        # The origin must not see them before it has agreed.
        assert server.stays_silent(0.2)
        server.send(handshake.switching(head.get("sec-websocket-key")))
        assert client.read_head().status == 101
        assert server.read(len(early)) == early
        client.send(early)
        assert server.read(len(early)) == early


@pytest.mark.parametrize("client_tls", [False, True])
def test_frames_sent_while_the_origin_still_thinks(httpd, raw_origin, raw_client, client_tls):
    early = [frames.encode(frames.BINARY, os.urandom(size), masked=True) for size in (1, 1000, 20_000)]
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    client = raw_client(site, client_tls)
    client.send_handshake("/x")
    with origin.accept() as server:
        head = server.read_head()
        for frame in early:
            client.send(frame)
        server.send(handshake.switching(head.get("sec-websocket-key")))
        assert client.read_head().status == 101
        assert server.read(sum(map(len, early))) == b"".join(early)


@pytest.mark.parametrize("client_tls,origin_tls", LEGS)
def test_a_flood_right_behind_the_101(httpd, raw_client, certs, client_tls, origin_tls):
    block = os.urandom(1 << 20)
    count = 50

    def flood(wire, head):
        wire.send(handshake.switching(head.get("sec-websocket-key")) + block[:777])
        wire.send(block[777:])
        for _ in range(count - 1):
            wire.send(block)

    with ScriptedOrigin(flood, certs.origin_context() if origin_tls else None) as origin:
        site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
        client = raw_client(site, client_tls)
        client.send_handshake("/x")
        assert client.read_head().status == 101
        got = hashlib.sha256()
        for _ in range(count):
            got.update(client.read(len(block)))
        assert got.digest() == hashlib.sha256(block * count).digest()


@pytest.mark.parametrize("client_tls", [False, True])
def test_a_flood_of_the_client_before_its_101_is_bounded(httpd, raw_origin, raw_client, client_tls):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    site.log.allow(r"wsflow:(warn|error)")
    client = raw_client(site, client_tls)
    client.send_handshake("/x")
    flood = frames.encode(frames.BINARY, os.urandom(60_000), masked=True) * 200
    with origin.accept() as server, concurrent.futures.ThreadPoolExecutor() as pool:
        head = server.read_head()
        pushing = pool.submit(client.exchange, flood, 12)
        server.send(handshake.switching(head.get("sec-websocket-key")))
        assert server.read(len(flood)) == flood
        assert pushing.result().startswith(b"HTTP/1.1 101")
    assert site.status.total() == 1

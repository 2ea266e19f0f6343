"""The tunnel passes bytes, whatever they are, and both halves of a connection live on their own."""

import concurrent.futures
import os
import threading

import pytest

import frames
from wait import wait_until
from wire import Closed

LEGS = [(client, origin) for client in (False, True) for origin in (False, True)]


@pytest.fixture
def pair(httpd, raw_origin, tunnel):
    """pair(client_tls, origin_tls) is (site, client, origin) with a tunnel between the two wires."""
    def make(client_tls=False, origin_tls=False):
        origin = raw_origin(tls=origin_tls)
        site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
        return (site, *tunnel(site, origin, "/x", client_tls))
    return make


@pytest.mark.memcheck(client_tls=True)
@pytest.mark.parametrize("client_tls,origin_tls", LEGS)
def test_frames_of_every_shape_pass_unchanged(pair, client_tls, origin_tls):
    _, client, server = pair(client_tls, origin_tls)
    for size in (0, 1, 125, 126, 127, 32767, 32768, 65535, 65536, 200_000):
        for opcode in (frames.TEXT, frames.BINARY):
            frame = frames.encode(opcode, os.urandom(size), masked=True, rsv=4, fin=size % 2 == 0)
            client.send(frame)
            assert server.read(len(frame)) == frame
            server.send(frame)
            assert client.read(len(frame)) == frame
    for opcode in range(16):
        frame = frames.encode(opcode, b"reserved ones too", rsv=opcode % 8)
        server.send(frame)
        assert client.read(len(frame)) == frame


@pytest.mark.parametrize("client_tls,origin_tls", LEGS)
def test_frames_in_pieces_of_one_byte_pass(pair, client_tls, origin_tls):
    _, client, server = pair(client_tls, origin_tls)
    frame = frames.encode(frames.BINARY, os.urandom(130), masked=True)
    for byte in frame:
        client.send(bytes([byte]))
        assert server.read(1) == bytes([byte])
        server.send(bytes([byte]))
        assert client.read(1) == bytes([byte])


def test_what_is_no_websocket_passes_too_and_is_counted(pair):
    site, client, server = pair()
    noise = b"\xff" * 7 + os.urandom(100_000)
    client.send(noise)
    assert server.read(len(noise)) == noise
    server.send(noise)
    assert client.read(len(noise)) == noise
    wait_until(lambda: site.status.json()["tunnels"]["not_websocket"] == 2, "both directions are counted as noise")


@pytest.mark.parametrize("client_tls,origin_tls", LEGS)
def test_large_streams_pass_both_ways_at_once(pair, client_tls, origin_tls):
    _, client, server = pair(client_tls, origin_tls)
    data = os.urandom(1 << 20) * 24
    with concurrent.futures.ThreadPoolExecutor() as pool:
        ends = [pool.submit(wire.exchange, data, len(data)) for wire in (client, server)]
        assert ends[0].result() == data
        assert ends[1].result() == data


@pytest.mark.memcheck
def test_a_half_closed_client_still_receives(pair):
    site, client, server = pair()
    client.send_frame(frames.TEXT, b"last words", masked=True)
    client.half_close()
    assert server.read_frame() == (True, frames.TEXT, b"last words")
    assert server.read_frame() == (True, frames.CLOSE, frames.code(1001))
    server.wait_ended()
    for _ in range(20):
        data = os.urandom(100_000)
        server.send(data)
        assert client.read(len(data)) == data
    assert site.status.active() == 1
    server.close()
    client.wait_ended()
    site.status.wait_active(0)


@pytest.mark.parametrize("client_tls", [False, True])
def test_a_half_closed_origin_still_receives(pair, client_tls):
    site, client, server = pair(client_tls)
    server.send_frame(frames.TEXT, b"last words")
    server.half_close()
    assert client.read_frame() == (True, frames.TEXT, b"last words")
    assert client.read_frame() == (True, frames.CLOSE, frames.code(1012))
    if not client_tls:
        client.wait_ended()
    for _ in range(20):
        data = os.urandom(100_000)
        client.send(data)
        assert server.read(len(data)) == data
    client.close()
    server.wait_ended()
    site.status.wait_active(0)


@pytest.mark.parametrize("client_tls,origin_tls", LEGS)
def test_data_before_a_close_arrives_before_the_end(pair, client_tls, origin_tls):
    site, client, server = pair(client_tls, origin_tls)
    data = os.urandom(3_000_000)

    def say_and_leave():
        server.send(data)
        server.close()

    thread = threading.Thread(target=say_and_leave)
    thread.start()
    assert client.read(len(data)) == data
    thread.join()
    client.wait_ended()
    client.close()
    site.status.wait_active(0)


@pytest.mark.parametrize("client_tls,origin_tls", LEGS)
@pytest.mark.parametrize("who", ["client", "origin"])
def test_a_reset_of_one_end_ends_the_other(pair, client_tls, origin_tls, who):
    site, client, server = pair(client_tls, origin_tls)
    leaving, staying = (client, server) if who == "client" else (server, client)
    leaving.reset()
    with pytest.raises(Closed):
        while True:
            staying.read(1)
    staying.close()
    site.status.wait_active(0)
    assert sum(site.status.ended().values()) == 1


@pytest.mark.parametrize("client_tls,origin_tls", LEGS)
def test_the_closing_handshake_ends_the_tunnel_for_both(pair, client_tls, origin_tls):
    site, client, server = pair(client_tls, origin_tls)
    client.send(frames.close(1000, b"done", masked=True))
    assert server.read_frame() == (True, frames.CLOSE, b"\x03\xe8done")
    server.send(frames.close(1000, b"done"))
    assert client.read_frame() == (True, frames.CLOSE, b"\x03\xe8done")
    client.wait_ended()
    server.wait_ended()
    client.close()
    server.close()
    site.status.wait_active(0)
    assert site.status.ended() == {"closed": 1}


@pytest.mark.parametrize("client_tls,origin_tls", LEGS)
def test_an_end_that_does_not_follow_a_close_is_cut_off(httpd, raw_origin, tunnel, client_tls, origin_tls):
    origin = raw_origin(tls=origin_tls)
    site = httpd(f'WSFlowTimeout close=3s\nWSFlowPass /x "{origin.url("/x")}"')
    client, server = tunnel(site, origin, "/x", client_tls)
    server.send(frames.close(1000))
    client.send(frames.close(1000, masked=True))
    assert client.read_frame()[1] == server.read_frame()[1] == frames.CLOSE
    # Both ends stay open for all they are concerned.
    site.status.wait_active(0, 10)
    client.wait_ended()
    server.wait_ended()

"""WSFlowMessageLimit: what is too big or too fast, and what strict=on does not let pass."""

import time

import pytest

import frames
from wait import seconds


@pytest.fixture
def pair(httpd, raw_origin, tunnel):
    """pair(limit) is (site, client, origin) with a tunnel between the two wires."""
    def make(limit):
        origin = raw_origin()
        site = httpd(f'WSFlowPass /x "{origin.url("/x")}"\nWSFlowMessageLimit {limit}')
        return (site, *tunnel(site, origin, "/x"))
    return make


def check_end(site, outcome, client, to_client, server, to_origin):
    assert client.read_frame() == (True, frames.CLOSE, frames.code(to_client))
    assert server.read_frame() == (True, frames.CLOSE, frames.code(to_origin))
    client.close()
    server.close()
    site.status.wait_active(0)
    assert site.status.ended() == {outcome: 1}


def test_a_message_of_the_client_that_is_too_big(pair):
    site, client, server = pair("from=client frame=1k message=2k")
    for size in (1024, 1000):
        frame = frames.encode(frames.CONTINUATION if size == 1000 else frames.TEXT, bytes(size), masked=True, fin=False)
        client.send(frame)
        assert server.read(len(frame)) == frame
    client.send_frame(frames.CONTINUATION, bytes(25), masked=True)
    check_end(site, "too-big", client, 1009, server, 1001)


def test_a_frame_of_the_origin_that_is_too_big(pair):
    site, client, server = pair("from=origin frame=1k")
    client.send_frame(frames.BINARY, bytes(5000), masked=True)
    assert server.read_frame()[2] == bytes(5000)
    server.send_frame(frames.BINARY, bytes(5000))
    check_end(site, "too-big", client, 1012, server, 1009)


def test_a_side_that_is_too_fast_is_slowed_down(pair):
    site, client, server = pair("from=client bytes=100k/s")
    frame = frames.encode(frames.BINARY, bytes(25_000), masked=True)
    began = time.monotonic()
    for _ in range(10):
        client.send(frame)
    for _ in range(10):
        assert server.read(len(frame)) == frame
    # 102,400 bytes at once, then as many a second.
    assert 1.3 < time.monotonic() - began < seconds(10)
    assert site.status.active() == 1


def test_a_side_that_is_too_fast_can_be_closed(pair):
    site, client, server = pair("from=client rate=5/s action=close")
    for _ in range(5):
        client.send_frame(frames.TEXT, b"quick", masked=True)
    for _ in range(5):
        assert server.read_frame() == (True, frames.TEXT, b"quick")
    for _ in range(20):
        client.send_frame(frames.TEXT, b"too quick", masked=True)
    passed = 0
    while (frame := server.read_frame())[1] == frames.TEXT:
        passed += 1
    assert passed < 20
    assert frame == (True, frames.CLOSE, frames.code(1001))
    assert client.read_frame() == (True, frames.CLOSE, frames.code(1008))
    client.close()
    server.close()
    site.status.wait_active(0)
    assert site.status.ended() == {"too-fast": 1}


@pytest.mark.parametrize("opcode", [frames.PING, frames.PONG, frames.CONTINUATION])
@pytest.mark.parametrize("action", ["slow", "close"])
def test_frames_that_are_hardly_messages_count_too(pair, opcode, action):
    site, client, server = pair(f"from=client rate=5/s action={action}")
    one = frames.encode(opcode, b"", masked=True, fin=opcode != frames.CONTINUATION)
    client.send(frames.encode(frames.TEXT, b"begun", masked=True, fin=opcode != frames.CONTINUATION) + one * 2000)
    if action == "close":
        passed = 0
        while (frame := server.read_frame())[1] not in (frames.CLOSE,):
            passed += 1
        assert passed <= 5
        assert client.read_frame() == (True, frames.CLOSE, frames.code(1008))
        return
    server.read_frame()
    began = time.monotonic()
    for _ in range(60):
        server.read_frame()
    # What was read at once, some five times eleven frames, is a debt that time pays off.
    assert time.monotonic() - began > 5


@pytest.mark.parametrize("bad", [
    frames.encode(frames.TEXT, b"not masked"), frames.encode(3, b"", masked=True),
    frames.encode(frames.PING, b"", masked=True, fin=False), frames.encode(frames.PING, bytes(126), masked=True),
    frames.encode(frames.TEXT, b"", masked=True, rsv=4), frames.close(1005, masked=True),
    b"\x82\xff\x80" + bytes(11),
], ids=["unmasked", "reserved", "fragmented", "long", "bits", "code", "length"])
def test_strict_ends_what_breaks_the_rules(pair, bad):
    site, client, server = pair("strict=on")
    client.send_frame(frames.TEXT, b"good", masked=True)
    assert server.read_frame() == (True, frames.TEXT, b"good")
    client.send(bad)
    check_end(site, "not-websocket", client, 1002, server, 1001)

"""WSFlowDrain: what is left in a keeper behind the deadline is closed, between frames and spread over the window."""

import os
import select
import time

import pytest

import frames
from legs import close_all, keepers, talk, wait_keepers
from wait import seconds


def expect_close(client, server, code):
    """A Close of CODE comes to both ends, as a server and as a client has to send it; then the end of stream."""
    payload = code.to_bytes(2, "big") + b"draining"
    assert client.read(12) == b"\x88\x0a" + payload
    head, mask, masked = server.read(2), server.read(4), server.read(10)
    assert (head, frames.apply_mask(masked, mask)) == (b"\x88\x8a", payload)
    for wire in (client, server):
        wire.wait_ended()


@pytest.mark.parametrize("directive,code", [("deadline=1s window=0", 1012),
                                            ("deadline=1 window=100ms code=4321", 4321)])
def test_what_is_left_is_closed(legs, directive, code):
    opened = legs(main=f"WSFlowDrain {directive}")
    site = opened.site
    ends = opened.open_all()
    site.status.wait_active(4)
    site.graceful()
    wait_keepers(site, 1)
    later = opened.open_all()
    for client, server in ends:
        expect_close(client, server, code)
    close_all(ends)
    wait_keepers(site, 0)
    assert site.status.ended() == {"drained": 4}
    # Tunnels of living children have no deadline.
    for pair in later:
        talk(*pair)
    site.log.wait_for(f"WSF0132: keeper [0-9]+: the drain deadline has passed: Close {code} to 4 tunnels")


def test_a_frame_that_is_half_way_is_finished_first(legs):
    opened = legs(main="WSFlowDrain deadline=500ms window=0")
    up = frames.encode(frames.BINARY, os.urandom(1000), masked=True)
    down = frames.encode(frames.BINARY, os.urandom(1000))
    ways = [(client, server, up) for client, server in opened.open_all()]
    ways += [(server, client, down) for client, server in opened.open_all()]
    for writer, reader, frame in ways:
        writer.send(frame[:600])
        assert reader.read(600) == frame[:600]
    opened.site.graceful()
    for writer, _, _ in ways:
        # The direction towards it is between frames: it gets the Close at once, and has time to finish.
        assert writer.read_frame() == (True, frames.CLOSE, b"\x03\xf4draining")
    for writer, reader, frame in ways:
        assert reader.stays_silent(0.02)
        writer.send(frame[600:] + frames.encode(frames.TEXT, b"too late", masked=frame is up))
        assert reader.read(len(frame) - 600) == frame[600:]
        assert reader.read_frame() == (True, frames.CLOSE, b"\x03\xf4draining")
        assert reader.read_until_closed() == b""


def test_a_frame_that_is_never_finished_is_cut(legs):
    opened = legs("WSFlowTimeout close=300ms", main="WSFlowDrain deadline=500ms window=0")
    client, server = opened.open()
    half = frames.encode(frames.BINARY, b"x" * 1000)[:600]
    server.send(half)
    assert client.read(600) == half
    opened.site.graceful()
    assert server.read_frame() == (True, frames.CLOSE, b"\x03\xf4draining")
    assert client.read_until_closed() == b""
    wait_keepers(opened.site, 0)


def test_the_ends_are_spread_over_the_window(legs):
    opened = legs(main="WSFlowDrain deadline=1s window=2s")
    ends = opened.open_all(10)
    opened.site.status.wait_active(40)
    before = time.monotonic()
    opened.site.graceful()
    waiting = {client.sock: (client, server) for client, server in ends}
    ended = []
    while waiting:
        ready, _, _ = select.select(list(waiting), [], [], seconds(20))
        assert ready, f"{len(waiting)} tunnels were not closed"
        for sock in ready:
            client, server = waiting.pop(sock)
            ended.append(time.monotonic() - before)
            assert client.read_frame() == server.read_frame() == (True, frames.CLOSE, b"\x03\xf4draining")
            client.close()
            server.close()
    assert ended[0] >= 1.0, "before the deadline"
    assert ended[-1] - ended[0] > 0.5, ended
    opened.site.status.wait_active(0)
    assert opened.site.status.ended() == {"drained": 40}


def test_no_deadline(legs):
    opened = legs(main="WSFlowDrain deadline=0 window=0")
    client, server = opened.open()
    opened.site.graceful()
    # Longer than the keeper takes to look at its deadline.
    assert client.stays_silent(1.8)
    talk(client, server)
    assert len(keepers(opened.site)) == 1


BAD = [
    ("WSFlowDrain deadline=soon", "deadline=soon"),
    ("WSFlowDrain deadline=-1s", "deadline=-1s"),
    ("WSFlowDrain deadline=", "deadline="),
    ("WSFlowDrain deadline", "deadline"),
    ("WSFlowDrain deadline=9000h", "deadline=9000h"),
    ("WSFlowDrain deadline=5parsecs", "deadline=5parsecs"),
    ("WSFlowDrain window=wide", "window=wide"),
    ("WSFlowDrain window=-5", "window=-5"),
    ("WSFlowDrain deadline=1h window=9000h", "window=9000h"),
    ("WSFlowDrain code=", "code="),
    ("WSFlowDrain code=going-away", "code=going-away"),
    ("WSFlowDrain code=999", "code=999"),
    ("WSFlowDrain code=1005", "code=1005"),
    ("WSFlowDrain code=1006", "code=1006"),
    ("WSFlowDrain code=1015", "code=1015"),
    ("WSFlowDrain code=2000", "code=2000"),
    ("WSFlowDrain code=5000", "code=5000"),
    ("WSFlowDrain code=1012x", "code=1012x"),
    ("WSFlowDrain colour=blue", "colour=blue"),
    ("WSFlowDrain", "WSFlowDrain"),
]


@pytest.mark.parametrize("line,word", BAD, ids=[line for line, _ in BAD])
def test_nonsense_is_named(httpd, line, word):
    status, said = httpd(main=line, start=False).configtest()
    assert status != 0 and "Syntax error" in said
    assert "WSFlowDrain" in said and word in said


def test_it_is_for_the_server_only(httpd):
    status, said = httpd(plain_conf="WSFlowDrain deadline=1h", start=False).configtest()
    assert status != 0 and "WSFlowDrain" in said and "<VirtualHost>" in said


def test_sense_is_accepted(httpd):
    for words in ("deadline=8760h window=0 code=3000", "code=4999", "deadline=0", "window=1500ms"):
        assert httpd(main=f"WSFlowDrain {words}", start=False).configtest() == (0, "Syntax OK\n")

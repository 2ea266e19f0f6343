"""A tunnel that holds its worker has the times, the limits and the ends of all others, and not those of httpd."""

import contextlib
import os
import time

import pytest

import frames
from legs import talk
from wait import seconds
from worker_tunnel import KINDS, WorkerSite


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def pair(kind, httpd, raw_origin, certs, resources, tunnel):
    """pair(conf) is (site, client, origin) with a tunnel on a worker between the two wires."""
    def make(conf, receive_buffer=0, httpd_waits=1):
        made = WorkerSite(kind, httpd, raw_origin, certs, resources, tunnel,
                          f"Timeout {httpd_waits}\nProxyTimeout {httpd_waits}\n{conf}")
        return (made.site, *made.open(receive_buffer))
    return make


def closed_with(code):
    return True, frames.CLOSE, frames.code(code)


def end(site, outcome, *wires):
    for wire in wires:
        wire.wait_ended()
        wire.close()
    site.status.wait_active(0)
    assert site.status.ended() == {outcome: 1}


def expect_end(site, outcome, client, to_client, server, to_origin):
    assert client.read_frame() == closed_with(to_client)
    assert server.read_frame() == closed_with(to_origin)
    end(site, outcome, client, server)


def test_silence_ends_it(pair):
    site, client, server = pair("WSFlowTimeout idle=400ms\nWSFlowPing client=0")
    talk(client, server)
    expect_end(site, "idle-timeout", client, 1001, server, 1001)


@pytest.mark.parametrize("busy", [False, True])
def test_age_ends_it_and_httpds_time_outs_do_not(pair, busy):
    site, client, server = pair("WSFlowTimeout lifetime=2500ms jitter=0% close=100ms")
    began = time.monotonic()
    while busy and time.monotonic() - began < seconds(10):
        client.send_frame(frames.TEXT, b"hello", masked=True)
        if (frame := server.read_frame())[1] == frames.CLOSE:
            assert frame == closed_with(1001)
            break
    if not busy:
        assert server.read_frame() == closed_with(1001)
    assert time.monotonic() - began > 2.3
    assert client.read_frame() == closed_with(1012)
    end(site, "lifetime", client)
    server.close()


def test_its_end_waits_for_the_end_of_a_frame(pair):
    site, client, server = pair("WSFlowTimeout lifetime=500ms jitter=0%")
    frame = frames.encode(frames.BINARY, os.urandom(50_000))
    server.send(frame[:20_000])
    assert client.read(20_000) == frame[:20_000]
    assert server.read_frame() == closed_with(1001)
    server.send(frame[20_000:])
    assert client.read(len(frame) - 20_000) == frame[20_000:]
    assert client.read_frame() == closed_with(1012)
    end(site, "lifetime", client, server)


def test_a_client_that_ends_is_not_taken_for_its_origin(pair):
    site, client, server = pair("")
    talk(client, server)
    client.half_close()
    assert server.read_frame() == closed_with(1001)
    server.wait_ended()
    server.send_frame(frames.TEXT, b"a last word")
    assert client.read_frame() == (True, frames.TEXT, b"a last word")
    server.close()
    end(site, "client-eof", client)


def test_a_side_that_does_not_follow_is_cut_off(pair):
    site, client, server = pair("WSFlowTimeout close=300ms")
    client.half_close()
    assert server.read_frame() == closed_with(1001)
    server.wait_ended()
    site.status.wait_active(0)
    assert site.status.ended() == {"close-timeout": 1}


def test_an_origin_that_ends(pair):
    site, client, server = pair("")
    server.close()
    assert client.read_frame() == closed_with(1012)
    end(site, "origin-eof", client)


def test_an_origin_that_breaks_off(pair):
    site, client, server = pair("")
    talk(client, server)
    server.reset()
    assert client.read_frame() == closed_with(1012)
    end(site, "origin-reset", client)


def test_a_client_that_breaks_off(pair, kind):
    site, client, server = pair("")
    talk(client, server)
    client.cancel() if kind == "http2" else client.reset()
    assert server.read_frame() == closed_with(1001)
    server.close()
    site.status.wait_active(0)
    # mod_http2 may show the end of a stream that was reset as an ordinary one.
    assert set(site.status.ended()) <= ({"client-reset", "client-eof"} if kind == "http2" else {"client-reset"})


def test_an_operator_closes_it(pair):
    site, client, server = pair("")
    (tunnel,) = site.status.connections()
    assert site.status.act(action="close", id=tunnel, code=4321).status == 200
    expect_end(site, "ordered", client, 4321, server, 4321)


def test_an_operator_drains_its_route(pair):
    site, client, server = pair("")
    (tunnel,) = site.status.json()["connections"]
    assert site.status.act(action="drain", server=tunnel["server"], route="/x", pace=20).status == 200
    expect_end(site, "ordered", client, 1012, server, 1012)


def test_a_silent_origin_is_pinged(pair):
    site, client, server = pair("WSFlowPing client=0 origin=200ms timeout=600ms")
    fin, opcode, payload = server.read_frame()
    assert (fin, opcode, len(payload)) == (True, frames.PING, 8)
    server.send_frame(frames.PONG, payload)
    # The next one it does not answer.
    assert server.read_frame()[1] == frames.PING
    assert client.read_frame() == closed_with(1012)
    end(site, "ping-timeout", client)


def test_a_message_that_is_too_big_ends_it(pair):
    site, client, server = pair("WSFlowMessageLimit from=client frame=1k message=2k")
    frame = frames.encode(frames.TEXT, bytes(1024), masked=True, fin=False)
    client.send(frame)
    assert server.read(len(frame)) == frame
    client.send_frame(frames.CONTINUATION, bytes(1025), masked=True)
    expect_end(site, "too-big", client, 1009, server, 1001)


def test_a_frame_of_the_origin_that_is_too_big_ends_it(pair):
    site, client, server = pair("WSFlowMessageLimit from=origin frame=1k")
    client.send_frame(frames.BINARY, bytes(5000), masked=True)
    assert server.read_frame()[2] == bytes(5000)
    server.send_frame(frames.BINARY, bytes(5000))
    expect_end(site, "too-big", client, 1012, server, 1009)


def test_a_side_that_is_too_fast_is_closed(pair):
    site, client, server = pair("WSFlowMessageLimit from=client rate=5/s action=close")
    for _ in range(50):
        client.send_frame(frames.TEXT, b"quick", masked=True)
    passed = 0
    while (frame := server.read_frame())[1] == frames.TEXT:
        passed += 1
    assert passed < 50 and frame == closed_with(1001)
    assert client.read_frame() == closed_with(1008)
    end(site, "too-fast", client, server)


def test_a_side_that_is_too_fast_is_slowed_down(pair):
    site, client, server = pair("WSFlowMessageLimit from=client bytes=100k/s")
    frame = frames.encode(frames.BINARY, bytes(25_000), masked=True)
    began = time.monotonic()
    for _ in range(10):
        client.send(frame)
    for _ in range(10):
        assert server.read(len(frame)) == frame
    # 102,400 bytes at once, then as many a second.
    assert 1.3 < time.monotonic() - began < seconds(10)
    assert site.status.active() == 1


def test_strict_ends_what_breaks_the_rules(pair):
    site, client, server = pair("WSFlowMessageLimit strict=on")
    talk(client, server)
    client.send_frame(frames.TEXT, b"not masked", masked=False)
    expect_end(site, "not-websocket", client, 1002, server, 1001)


def test_a_client_that_takes_nothing_holds_its_worker_no_longer_than_stall(pair, kind):
    site, client, server = pair("WSFlowTimeout stall=1s close=300ms\nWSFlowPing client=0", receive_buffer=4096, httpd_waits=60)
    talk(client, server)
    client.opens_window = False
    frame = frames.encode(frames.BINARY, bytes(100_000))
    began = time.monotonic()
    with contextlib.suppress(ConnectionError):
        server.send_until_blocked(frame, 50_000_000)
    site.status.wait_active(0)
    assert time.monotonic() - began < seconds(10)
    assert site.status.ended() == {"stalled": 1}
    assert site.get("/index.html").status == 200


def test_an_end_that_is_decided_waits_for_no_client_that_takes_nothing(pair):
    site, client, server = pair("WSFlowTimeout lifetime=1s jitter=0% close=500ms stall=60s\nWSFlowPing client=0",
                                receive_buffer=4096, httpd_waits=60)
    talk(client, server)
    client.opens_window = False
    with contextlib.suppress(ConnectionError):
        server.send_until_blocked(frames.encode(frames.BINARY, bytes(100_000)), 50_000_000)
    site.status.wait_active(0)
    assert site.status.ended() == {"lifetime": 1}
    assert site.get("/index.html").status == 200


def test_an_origin_that_takes_nothing_is_given_up(pair):
    site, client, server = pair("WSFlowTimeout stall=1s close=300ms", httpd_waits=60)
    try:
        for _ in range(500):
            client.send_frame(frames.BINARY, bytes(100_000), masked=True)
            if site.status.active() == 0:
                break
    except (OSError, AssertionError):
        pass  # it has been told meanwhile
    site.status.wait_active(0)
    assert site.status.ended() == {"stalled": 1}
    server.close()


def test_a_slow_client_gets_everything(pair):
    site, client, server = pair("WSFlowTimeout stall=2s close=300ms\nWSFlowPing client=300ms timeout=300ms",
                                receive_buffer=4096, httpd_waits=2)
    payload = os.urandom(600_000)
    frame = frames.encode(frames.BINARY, payload)
    server.send(frame + frames.close(1000))
    server.half_close()
    received = b""
    while len(received) < len(frame):
        time.sleep(0.02)
        piece = min(16_384, len(frame) - len(received))
        received += client.read(piece)
    assert received == frame
    assert client.read_frame() == closed_with(1000)
    with contextlib.suppress(BrokenPipeError):  # as it was told: that is the end
        client.send_frame(frames.CLOSE, frames.code(1000), masked=True)
    end(site, "closed", client)


def test_a_quiet_client_is_pinged(pair):
    site, client, server = pair("WSFlowPing client=200ms timeout=600ms")
    for _ in range(3):
        fin, opcode, payload = client.read_frame()
        assert (fin, opcode, len(payload)) == (True, frames.PING, 8)
        client.send_frame(frames.PONG, payload, masked=True)
    assert server.stays_silent(0)
    # The next one it does not answer.
    assert server.read_frame() == closed_with(1001)
    server.close()
    site.status.wait_active(0)
    assert site.status.ended() == {"ping-timeout": 1}

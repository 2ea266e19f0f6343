"""What time does to a tunnel: silence, a peer that takes nothing, age. Both sides are told why."""

import time

import pytest

import frames
from wait import seconds


@pytest.fixture
def pair(httpd, raw_origin, tunnel):
    """pair(directive, …) is (site, client, origin) with a tunnel between the two wires."""
    def make(directive, **shape):
        origin = raw_origin()
        site = httpd(f'WSFlowPass /x "{origin.url("/x")}"\n{directive}')
        return (site, *tunnel(site, origin, "/x", **shape))
    return make


def closed_with(code):
    return True, frames.CLOSE, frames.code(code)


def end(site, outcome, *wires):
    for wire in wires:
        wire.wait_ended()
        wire.close()
    site.status.wait_active(0)
    assert site.status.ended() == {outcome: 1}


def test_every_frame_of_the_ends_keeps_a_tunnel_alive(pair):
    site, client, server = pair("WSFlowTimeout idle=1s\nWSFlowPing client=0")
    for opcode in (frames.TEXT, frames.PING, frames.PONG) * 2:
        assert client.stays_silent(0.5)
        client.send_frame(opcode, b"here", masked=True)
        assert server.read_frame() == (True, opcode, b"here")
    assert client.read_frame() == closed_with(1001)
    assert server.read_frame() == closed_with(1001)
    end(site, "idle-timeout", client, server)


def test_answers_to_our_pings_do_not_keep_a_tunnel_alive(pair):
    site, client, server = pair("WSFlowTimeout idle=1s\nWSFlowPing client=200ms timeout=500ms")
    pongs = 0
    while (frame := client.read_frame())[1] == frames.PING:
        client.send_frame(frames.PONG, frame[2], masked=True)
        pongs += 1
    assert pongs > 1
    assert frame == server.read_frame() == closed_with(1001)
    end(site, "idle-timeout", client, server)


def test_a_reader_that_stops_is_given_up_and_the_origin_is_told(pair):
    site, client, server = pair("WSFlowTimeout stall=1s", receive_buffer=4096)
    frame = frames.encode(frames.BINARY, bytes(1000))
    server.send(frame)
    assert client.read(len(frame)) == frame
    server.send_until_blocked(frame, 50_000_000)
    assert server.read_frame() == closed_with(1001)
    end(site, "stalled", server)


def test_an_origin_that_stops_reading_is_given_up_and_the_client_is_told(pair):
    site, client, server = pair("WSFlowTimeout stall=1s")
    client.send_until_blocked(frames.encode(frames.BINARY, bytes(100_000), masked=True), 50_000_000)
    assert client.read_frame() == closed_with(1012)
    end(site, "stalled", client)
    server.close()


def test_a_tunnel_ends_with_its_lifetime_however_busy(pair):
    site, client, server = pair("WSFlowTimeout lifetime=1s jitter=0%")
    said = 0
    while client.stays_silent(0.05):
        client.send_frame(frames.TEXT, b"busy", masked=True)
        said += 1
        assert said < 200 * seconds(1)
    assert client.read_frame() == closed_with(1012)
    heard = [server.read_frame()]
    while heard[-1][1] == frames.TEXT:
        heard.append(server.read_frame())
    assert heard[-1] == closed_with(1001)
    end(site, "lifetime", client, server)


def test_a_tunnel_whose_time_is_up_is_told_in_a_keeper_too(pair):
    site, client, server = pair("WSFlowTimeout lifetime=4s jitter=0%")
    site.graceful()
    assert client.read_frame() == closed_with(1012)
    assert server.read_frame() == closed_with(1001)
    end(site, "lifetime", client, server)


def test_a_peer_that_goes_on_sending_one_frame_does_not_outlive_its_time(pair):
    site, client, server = pair("WSFlowTimeout lifetime=1s jitter=0% close=2s")
    client.send(b"\x82\xff" + (1 << 40).to_bytes(8, "big") + bytes(4))
    began = time.monotonic()
    while client.stays_silent(0.1):
        client.send(b"x")
    assert client.read_frame() == closed_with(1012)
    with pytest.raises(OSError):
        while time.monotonic() - began < seconds(20):
            client.send(b"x")
            time.sleep(0.05)  # it drips
    server.read_until_closed()
    server.close()
    site.status.wait_active(0)
    assert site.status.ended() == {"lifetime": 1}


def test_a_client_that_has_ended_gets_no_more_when_its_time_is_up(pair):
    site, client, server = pair("WSFlowTimeout lifetime=1s jitter=0% close=2s")
    client.half_close()
    heard = []
    while not heard or heard[-1][1] == frames.TEXT:
        server.send_frame(frames.TEXT, b"news")
        heard.append(client.read_frame())
        assert len(heard) < 1_000_000
        time.sleep(0.02)  # it goes on for as long as it may
    assert heard[-1] == closed_with(1012)
    client.wait_ended()
    server.close()
    site.status.wait_active(0)

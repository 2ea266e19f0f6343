"""What time does to a tunnel: silence, a peer that takes nothing, age. Both sides are told why."""

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


def test_data_keeps_a_tunnel_alive_and_control_frames_do_not(pair):
    site, client, server = pair("WSFlowTimeout idle=1s")
    for _ in range(4):
        assert client.stays_silent(0.5)
        client.send_frame(frames.TEXT, b"here", masked=True)
        assert server.read_frame() == (True, frames.TEXT, b"here")
    pings = 0
    while client.stays_silent(0.1):
        client.send_frame(frames.PING, b"?", masked=True)
        pings += 1
        assert pings < 100 * seconds(1)
    assert pings > 3
    assert client.read_frame() == closed_with(1001)
    while server.read_frame()[1] != frames.CLOSE:
        pass
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
    assert client.read_frame() == closed_with(1011)
    end(site, "stalled", client)
    server.close()


def test_a_tunnel_ends_with_its_lifetime_however_busy(pair):
    site, client, server = pair("WSFlowTimeout lifetime=1s jitter=0%")
    said = 0
    while client.stays_silent(0.05):
        client.send_frame(frames.TEXT, b"busy", masked=True)
        said += 1
        assert said < 200 * seconds(1)
    assert client.read_frame() == closed_with(1001)
    heard = [server.read_frame()]
    while heard[-1][1] == frames.TEXT:
        heard.append(server.read_frame())
    assert heard[-1] == closed_with(1001)
    end(site, "lifetime", client, server)


def test_a_tunnel_whose_time_is_up_is_told_in_a_keeper_too(pair):
    site, client, server = pair("WSFlowTimeout lifetime=4s jitter=0%")
    site.graceful()
    assert client.read_frame() == closed_with(1001)
    assert server.read_frame() == closed_with(1001)
    end(site, "lifetime", client, server)

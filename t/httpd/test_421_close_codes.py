"""WSFlowCloseCode: what clients are told of which end, in code and reason, and over what time."""

import signal
import struct
import time

import pytest

import frames
from legs import close_all, talk, wait_keepers
from wait import seconds, wait_until


@pytest.fixture
def opened(httpd, raw_origin, tunnel):
    """opened(conf, count) is (site, [(client, server)]) with that many tunnels."""
    def make(conf="", count=1, **shape):
        origin = raw_origin()
        site = httpd(f'WSFlowPass /x "{origin.url("/x")}"\n{conf}', **shape)
        return site, [tunnel(site, origin, "/x") for _ in range(count)]
    return make


def told(wire):
    """Code and reason of the Close frame that comes, and what is behind it."""
    fin, opcode, payload = wire.read_frame()
    assert (fin, opcode) == (True, frames.CLOSE)
    return struct.unpack("!H", payload[:2])[0], payload[2:], wire.read_until_closed()


@pytest.mark.parametrize("client_says, server_says, to_client, to_origin", [
    ("close", None, None, (1001, b"client lost", b"")),
    (None, "close", (1012, b"origin lost", b""), None),
    (None, "reset", (1012, b"origin lost", b""), None),
    ("big", None, (1009, b"message too big", b""), (1001, b"client fault", b"")),
    (None, "big", (1012, b"origin fault", b""), (1009, b"message too big", b"")),
    ("garbage", None, (1002, b"not WebSocket", b""), (1001, b"client fault", b"")),
])
def test_codes_and_reasons_by_default(opened, client_says, server_says, to_client, to_origin):
    _, [(client, server)] = opened("WSFlowMessageLimit frame=100 strict=on")

    def do(wire, what, masked):
        if what == "big":
            wire.send_frame(frames.TEXT, bytes(101), masked=masked)
        elif what == "garbage":
            wire.send(frames.encode(3, b"no such opcode", masked=masked))
        else:
            getattr(wire, what)()
    if client_says:
        do(client, client_says, True)
    else:
        do(server, server_says, False)
    if to_client:
        assert told(client) == to_client
    if to_origin:
        assert told(server) == to_origin


def test_each_code_may_be_another_or_none_by_section(opened):
    for line, expected in (("origin-lost=4321", (4321, b"origin lost", b"")), ("origin-lost=none", None)):
        _, [(client, server)] = opened(f'<Location "/x">\nWSFlowCloseCode {line}\n</Location>')
        talk(client, server)
        server.close()
        if expected:
            assert told(client) == expected
        else:
            assert client.read_until_closed() == b""


def test_no_close_frame_is_sent_where_we_end_a_tunnel_either(opened):
    """… and the stream ends at once, not behind the time of close=."""
    site, [(client, server)] = opened("WSFlowTimeout lifetime=500ms jitter=0%\nWSFlowCloseCode lifetime=none")
    began = time.monotonic()
    assert client.read_until_closed() == b""
    assert time.monotonic() - began < seconds(2)
    assert told(server)[:2] == (1001, b"lifetime over")
    close_all([(client, server)])
    site.status.wait_active(0)
    assert site.status.ended() == {"lifetime": 1}


def test_who_has_said_close_gets_his_code_back_without_a_reason(opened):
    _, [(client, server)] = opened("WSFlowCloseCode origin-lost=4321")
    client.send(frames.close(4001, b"bye", masked=True))
    assert server.read_frame()[1] == frames.CLOSE
    server.close()
    assert told(client) == (4001, b"", b"")


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("number, expected, origin_reason", [
    (signal.SIGTERM, (1001, b"server stop", b""), b"server stop"),
    (signal.SIGHUP, (1012, b"server restart", b""), b"server restart"),
])
def test_a_restart_is_told_from_a_stop(opened, kept, number, expected, origin_reason):
    """… in children and in keepers: what serves again is worth coming back to."""
    site, ends = opened(count=3)
    # A client has its 101 a moment before its tunnel is the loop's.
    for pair in ends:
        talk(*pair)
    if kept:
        site.graceful()
        wait_keepers(site, 1)
    site.signal(number)
    for client, server in ends:
        assert told(client) == expected
        assert told(server)[:2] == (1001, origin_reason)
    close_all(ends)
    if number == signal.SIGTERM:
        site.wait_gone()
    else:
        wait_until(lambda: ended_or_none(site) == {"server-restart": 3}, "the new children count them", 20)


def ended_or_none(site):
    try:
        return site.status.ended()
    except (OSError, AssertionError):  # nobody serves yet
        return None


def close_times(ends, timeout=10):
    """When each client got its Close frame, in seconds after the first."""
    times, waiting, end = [], [client for client, _ in ends], time.monotonic() + seconds(timeout)
    while waiting:
        assert time.monotonic() < end, f"{len(waiting)} clients were told nothing"
        for client in [each for each in waiting if each.readable()]:
            assert told(client)[:2] == (1012, b"origin lost")
            times.append(time.monotonic())
            waiting.remove(client)
        time.sleep(0.005)
    return sorted(each - min(times) for each in times)


def test_the_clients_of_an_origin_that_dies_are_told_one_by_one(opened):
    site, ends = opened("WSFlowCloseCode spread=2s", count=40)
    for _, server in ends:
        server.send_frame(frames.TEXT, b"last words")
    for _, server in ends:
        server.close()
    for client, _ in ends:
        assert client.read_frame() == (True, frames.TEXT, b"last words")  # not held back
    times = close_times(ends)
    assert times[-1] > 0.5
    assert max(sum(1 for each in times if at <= each < at + 0.1) for at in times) < 20
    close_all(ends)
    site.status.wait_active(0)
    assert site.status.ended() == {"origin-eof": 40}


def test_without_a_spread_all_are_told_at_once(opened):
    _, ends = opened("WSFlowCloseCode spread=0", count=40)
    for _, server in ends:
        server.close()
    assert close_times(ends)[-1] < seconds(0.5)
    close_all(ends)


def test_a_tunnel_that_waits_to_be_told_ends_with_its_client_and_with_httpd(opened):
    site, ends = opened("WSFlowCloseCode spread=60s\nWSFlowTimeout close=500ms", count=60)
    for _, server in ends:
        server.close()
    wait_until(lambda: site.status.active() < 60, "the first are told")
    assert site.status.active() > 20
    waiting = [pair for pair in ends if not pair[0].readable()]
    waiting[0][0].send(frames.close(1000, masked=True))
    assert told(waiting[0][0]) == (1000, b"", b"")
    waiting[1][0].reset()
    began = time.monotonic()
    site.stop()
    assert time.monotonic() - began < seconds(4)
    for client, _ in waiting[2:]:
        assert told(client)[0] in (1001, 1012)


@pytest.mark.parametrize("line, wrong", [
    ("origin-lost=1005", "origin-lost= needs none or a Close code that may be sent"),
    ("drained=1012", "drained=1012: unknown; expected one or more of origin-lost= origin-fault= idle-timeout="),
    ("spread=2mi", "spread= needs 0 (at once) or a time to 60s"),
    ("", "needs one or more of origin-lost="),
])
def test_configtest_says_what_is_legal(httpd, line, wrong):
    status, said = httpd(f"WSFlowCloseCode {line}", start=False).configtest()
    assert status != 0 and "WSFlowCloseCode" in said and wrong in said, said

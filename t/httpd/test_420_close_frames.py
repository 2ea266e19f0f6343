"""When one side goes without a Close frame, the other one gets ours, with the code that docs/close-codes.md gives."""

import pytest

import frames
from wire import Closed

LEGS = [(client, origin) for client in (False, True) for origin in (False, True)]
CODES = {"client": 1001, "origin": 1012}


@pytest.fixture
def pair(httpd, raw_origin, tunnel):
    """pair(client_tls, origin_tls) is (site, {who: wire}) with a tunnel between the two wires."""
    def make(client_tls, origin_tls):
        origin = raw_origin(tls=origin_tls)
        site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
        client, server = tunnel(site, origin, "/x", client_tls)
        return site, {"client": client, "origin": server}
    return make


def other(who):
    return "origin" if who == "client" else "client"


def rest_of(wire):
    """The frames that still come, and what is behind the last whole one."""
    data, whole = wire.read_until_closed(), []
    while data:
        rest = bytearray(data)

        def read(count):
            if len(rest) < count:
                raise Closed
            taken = bytes(rest[:count])
            del rest[:count]
            return taken
        try:
            whole.append(frames.decode(read))
        except Closed:
            break
        data = bytes(rest)
    return whole, data


@pytest.mark.parametrize("client_tls,origin_tls", LEGS)
@pytest.mark.parametrize("who", ["client", "origin"])
@pytest.mark.parametrize("how", ["close", "reset"])
def test_who_is_left_is_told(pair, client_tls, origin_tls, who, how):
    site, wires = pair(client_tls, origin_tls)
    wires[who].send_frame(frames.TEXT, b"last", masked=who == "client")
    left = wires[other(who)]
    assert left.read_frame() == (True, frames.TEXT, b"last")
    getattr(wires[who], how)()
    assert rest_of(left) == ([(True, frames.CLOSE, frames.code(CODES[who]))], b"")
    left.close()
    site.status.wait_active(0)


@pytest.mark.parametrize("who", ["client", "origin"])
def test_in_the_middle_of_a_frame_nobody_is_told(pair, who):
    site, wires = pair(False, False)
    begun = frames.encode(frames.TEXT, b"never whole", masked=who == "client")[:9]
    wires[who].send(begun)
    wires[who].close()
    assert rest_of(wires[other(who)]) == ([], begun)
    wires[other(who)].close()
    site.status.wait_active(0)


def test_a_close_frame_of_the_client_is_answered_for_an_origin_that_only_hangs_up(pair):
    site, wires = pair(False, False)
    wires["client"].send(frames.close(4001, b"bye", masked=True))
    assert wires["origin"].read_frame()[1] == frames.CLOSE
    wires["origin"].close()
    assert rest_of(wires["client"]) == ([(True, frames.CLOSE, frames.code(4001))], b"")
    wires["client"].close()
    site.status.wait_active(0)
    assert site.status.ended() == {"closed": 1}

"""Tunnels to a member of a balancer that is taken out of service, or has failed: closed at a pace, if asked."""

import re
import struct
import time
import urllib.parse

import pytest

import frames
from wait import wait_until

MANAGER = "/balancer-manager"


def conf(names, origins):
    pools = "".join(f'<Proxy "balancer://{name}">\nBalancerMember "{origin.url("")}" retry=3600\n</Proxy>\n'
                    f'WSFlowPass /{name} "balancer://{name}/x"\n' for name, origin in zip(names, origins))
    return f"{pools}<Location {MANAGER}>\nSetHandler balancer-manager\n</Location>\n"


def set_status(site, balancer, origin, flag, on, member=""):
    """What an operator does in the balancer-manager."""
    headers = {"Referer": site.url("http", MANAGER)}
    nonce = re.search(rf"b={balancer}&(?:amp;)?[^\"']*nonce=([-0-9a-f]+)", site.get(MANAGER, headers).text)[1]
    form = {"b": balancer, "w": origin.url("") + member, "nonce": nonce, f"w_status_{flag}": int(on)}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    answer = site.request("POST", MANAGER, headers, urllib.parse.urlencode(form))
    assert answer.status == 200, answer


def closed(client):
    """The code of a Close frame, when it has come; else None."""
    if client.stays_silent(0):
        return None
    fin, opcode, payload = client.read_frame()
    assert (fin, opcode) == (True, frames.CLOSE)
    return struct.unpack("!H", payload[:2])[0]


def closes(clients):
    """The codes that the CLIENTS get, in the order in which they come."""
    waiting, codes = list(clients), []

    def look():
        for client in list(waiting):
            code = closed(client)
            if code is not None:
                codes.append(code)
                waiting.remove(client)
        return not waiting

    wait_until(look, "all get their Close frame", 20, report=lambda: codes)
    return codes


def test_drained_and_failed_members_lose_their_tunnels_at_a_pace(httpd, raw_origin, tunnel, raw_client):
    origins = [raw_origin() for _ in range(3)]
    names = ("drained", "failed", "other")
    site = httpd(plain_conf=conf(names, origins), main="WSFlowDrain on-worker-down=close:4/s\n")
    clients = {name: [tunnel(site, origin, f"/{name}")[0] for _ in range(3)] for name, origin in zip(names, origins)}
    # Those of a keeper too.
    site.graceful()
    clients["drained"] += [tunnel(site, origins[0], "/drained")[0] for _ in range(3)]
    begin = time.monotonic()
    set_status(site, "drained", origins[0], "N", True)
    origins[1].close()
    site.log.allow("AH01114")
    site.log.expect("WSF0031")
    late = raw_client(site)
    late.send_handshake("/failed")
    assert late.read_head().status == 502
    assert closes(clients["drained"]) == [1012] * 6
    assert time.monotonic() - begin >= 6 / 4
    assert closes(clients["failed"]) == [1014] * 3
    assert all(client.stays_silent(0) for client in clients["other"])
    assert site.log.lines("WSF0176: the worker .* of balancer://drained is drained: Close 1012 to its 6 tunnels, 4 a second")
    assert site.log.lines("WSF0176: .* balancer://failed is in error: Close 1014 to its 3 ")


def test_a_member_that_comes_back_keeps_the_rest(httpd, raw_origin, tunnel):
    origin = raw_origin()
    site = httpd(plain_conf=conf(("pool",), [origin]), main="WSFlowDrain on-worker-down=close:1/s\n")
    clients = [tunnel(site, origin, "/pool")[0] for _ in range(8)]
    set_status(site, "pool", origin, "S", True)
    wait_until(lambda: not all(client.stays_silent(0) for client in clients), "one is closed")
    set_status(site, "pool", origin, "S", False)
    site.log.wait_for("WSF0177")
    # The last ones were the farthest from being told.
    assert all(client.stays_silent(0) for client in clients[5:]) and clients[-1].stays_silent(1.5)


def large_pool(origin, count, name="m"):
    """A balancer with COUNT members, all of them the same origin; only the last one is in use."""
    members = "".join(f'BalancerMember "{origin.url("")}/{name}{number:04}" retry=3600{"" if number == count - 1 else " status=+D"}\n'
                      for number in range(count))
    return f'<Proxy "balancer://pool">\n{members}</Proxy>\nWSFlowPass /pool "balancer://pool"\n' \
           f"<Location {MANAGER}>\nSetHandler balancer-manager\n</Location>\n"


def test_a_balancer_may_have_three_hundred_members(httpd, raw_origin, tunnel):
    origin = raw_origin()
    site = httpd(plain_conf=large_pool(origin, 300), main="WSFlowDrain on-worker-down=close:100/s\n")
    clients = [tunnel(site, origin, "/pool")[0] for _ in range(3)]
    set_status(site, "pool", origin, "D", True, member="/m0299")
    assert closes(clients) == [1012] * 3


def test_members_that_are_gone_make_room_for_others(httpd, raw_origin, tunnel):
    """Four configurations name more members than there are places; each one's are found."""
    origin = raw_origin()
    site = httpd(plain_conf=large_pool(origin, 400, "a"), main="WSFlowDrain on-worker-down=close:100/s\n")
    kept, _ = tunnel(site, origin, "/pool")
    for name in "bcd":
        site.write_conf(plain_conf=large_pool(origin, 400, name))
        site.graceful()
        wait_until(lambda: sum(process["kind"] == "child" for process in site.status.json()["processes"]) == 1,
                   "the children of the generation before are gone")
    client, _ = tunnel(site, origin, "/pool")
    set_status(site, "pool", origin, "D", True, member="/d0399")
    assert closes([client]) == [1012]
    assert kept.stays_silent(0)
    assert not site.log.lines("WSF0211")


def test_members_without_a_place_are_told_of(httpd, raw_origin):
    site = httpd(plain_conf=large_pool(raw_origin(), 1100))
    site.log.expect("WSF0211: 76 of 1100 members")
    assert len(site.log.lines("WSF0211")) == 1


@pytest.mark.parametrize("value", ["close", "close:0/s", "close:5", "close:-1/s", "stay", ""])
def test_nonsense_is_named(httpd, value):
    status, said = httpd(main=f"WSFlowDrain on-worker-down={value}", start=False).configtest()
    assert status != 0 and "WSFlowDrain on-worker-down=" in said and "keep, or close:N/s" in said

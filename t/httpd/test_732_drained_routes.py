"""A drained route takes no new tunnels, and loses those that it has, until it is undrained."""

import json
import os
import signal
import struct

import frames
import handshake
from test_651_worker_down import closes
from test_731_close_actions import FAST
from wait import wait_until


def act(site, action, status=200, **fields):
    told = site.status.act(action=action, **fields)
    assert told.status == status, told
    return json.loads(told.body)


def route_of(site, route):
    """All lines of the route, by origin."""
    return {each["origin"]: each for each in site.status.json()["routes"] if each["route"] == route}


def refusal(site, raw_client, path):
    client = raw_client(site)
    client.send_handshake(path)
    head = client.read_head()
    client.close()
    return head


def test_a_drained_route_refuses_until_it_is_undrained(httpd, raw_origin, raw_client, tunnel):
    drained, other = raw_origin(), raw_origin()
    site = httpd(f'{FAST}WSFlowPass /x "{drained.url("/x")}"\nWSFlowPass /y "{other.url("/y")}"', children=2)
    site.log.allow("WSF0151", "AH00052.*Killed", "AH0004[56]")
    pairs = [tunnel(site, drained, "/x") for _ in range(3)]
    tunnel(site, other, "/y")
    wait_until(lambda: site.status.json()["connections"][3:], "the tunnels are shown")
    server = site.status.json()["connections"][0]["server"]
    assert not any(each["drained"] for each in route_of(site, "/x").values())

    for wrong in ({"server": server, "route": "/nothing"}, {"server": "nobody", "route": "/x"}):
        assert "there is no route" in act(site, "drain", 404, **wrong)["error"]
    act(site, "drain", 400, route="/x")
    act(site, "undrain", 404, server=server, route="/x")

    assert act(site, "drain", server=server, route="/x", pace=20) == {
        "ok": True, "matched": 3, "told": 0, "pace": 20, "drained": True}
    head = refusal(site, raw_client, "/x")
    assert head.status == 503 and 10 <= int(head.get("retry-after")) < 30
    assert closes(client for client, _ in pairs) == [1012] * 3
    for client, server_end in pairs:
        client.send_frame(frames.CLOSE, struct.pack("!H", 1012), masked=True)
        assert server_end.read_frame()[1] == frames.CLOSE
        server_end.send_frame(frames.CLOSE, struct.pack("!H", 1012))
        server_end.close()
    site.status.wait_active(1)
    assert site.status.refused() == {"route-drained": 1}
    assert all(each["drained"] for each in route_of(site, "/x").values())
    assert not any(each["drained"] for each in route_of(site, "/y").values())

    # It stays so through a reload and the death of a child, and its neighbour works.
    site.graceful()
    assert refusal(site, raw_client, "/x").status == 503
    victim = site.children()[0]
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: victim not in site.children(), "the child is gone")
    assert refusal(site, raw_client, "/x").status == 503
    assert drained.untouched()
    tunnel(site, other, "/y")

    assert act(site, "undrain", server=server, route="/x")["drained"] is False
    tunnel(site, drained, "/x")
    assert not any(each["drained"] for each in route_of(site, "/x").values())
    act(site, "undrain", 404, server=server, route="/x")
    site.log.wait_for(r"WSF0153: route /x of \S+ drained by an unnamed user at 127\.0\.0\.1: Close 1012 to its 3 tunnels")
    site.log.wait_for(r"WSF0154: route /x of \S+ undrained by an unnamed user at 127\.0\.0\.1")


def test_a_handshake_that_is_late_gets_no_tunnel(httpd, raw_origin, raw_client, resources):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    client = raw_client(site)
    client.send_handshake("/x")
    late = origin.accept()
    resources.append(late)
    key = late.read_head().get("sec-websocket-key")
    act(site, "drain", server="localhost", route="/x")
    late.send(handshake.switching(key, ()))
    head = client.read_head()
    assert head.status == 503 and head.get("retry-after")
    assert site.status.total() == 0 and site.status.refused() == {"route-drained": 1}


def test_a_route_that_nobody_has_used_is_shown_when_it_is_drained(httpd, raw_origin, raw_client):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    told = site.status.act(action="drain", server="localhost", route="/x", pace=0, confirmed="yes",
                           **{"from": "page", "back": "sort=age"})
    assert told.status == 303 and told.headers["location"] == "?sort=age#routes"
    assert [each["drained"] for each in route_of(site, "/x").values()] == [True]
    assert refusal(site, raw_client, "/x").status == 503
    assert origin.untouched()

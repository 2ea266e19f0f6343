"""A POST to the status ends tunnels: one, or all of a client, user, route, origin or key; at once or at a pace."""

import base64
import hashlib
import json
import struct
import threading
import time

import pytest

import frames
from test_651_worker_down import closes
from wait import wait_until


# Nobody waits for peers that do not answer.
FAST = "WSFlowTimeout close=200ms\n"


def close(site, **fields):
    """What the answer says was done."""
    told = site.status.act(action="close", **fields)
    assert told.status == 200, told
    assert told.headers["content-type"] == "application/json"
    done = json.loads(told.body)
    assert done.pop("ok") is True
    return done


def code_at(wire, masked):
    """The Close code that a peer gets; it answers, as peers do."""
    fin, opcode, payload = wire.read_frame()
    assert (fin, opcode) == (True, frames.CLOSE)
    wire.send_frame(frames.CLOSE, payload[:2], masked=masked)
    return struct.unpack("!H", payload[:2])[0]


def all_at_once(count):
    return {"matched": count, "told": count, "pace": 0}


def ids(site, **wanted):
    return [each["id"] for each in site.status.json()["connections"]
            if all(each[key] == value for key, value in wanted.items())]


def test_one_tunnel_ends_with_the_code_at_both_ends_and_no_other(httpd, raw_origin, tunnel):
    origin = raw_origin()
    site = httpd(f'{FAST}WSFlowPass /x "{origin.url("/x")}"', children=2)
    site.log.allow("WSF0151")
    pairs = [tunnel(site, origin, "/x") for _ in range(3)]
    wait_until(lambda: len(ids(site)) == 3, "the tunnels are shown")
    # No change without the nonce, nor by GET.
    assert site.status.act(action="close", id=ids(site)[1], nonce="0" * 32).status == 403
    assert site.get(f'/wsflow-status?action=close&route=/x&nonce={site.status.json()["nonce"]}').status in (200, 400)
    chosen = ids(site)[1]
    assert close(site, id=chosen, code=4321) == all_at_once(1)
    (ended,) = wait_until(lambda: [pair for pair in pairs if not pair[0].stays_silent(0)], "a client hears of it")
    client, server = ended
    assert code_at(client, True) == 4321 and code_at(server, False) == 4321
    server.close()
    site.status.wait_active(2)
    assert site.status.ended() == {"ordered": 1} and chosen not in ids(site)
    for client, server in (pair for pair in pairs if pair is not ended):
        assert client.stays_silent(0) and server.stays_silent(0)
    gone = site.status.act(action="close", id=chosen)
    assert gone.status == 404 and "there is no such tunnel" in gone.text
    site.log.wait_for(rf"\[wsflow:notice\].*WSF0152: tunnels closed by an unnamed user at 127\.0\.0\.1: Close 4321 to "
                      rf"id {chosen}: 1 match, 1 told")


def test_all_of_a_user_a_key_a_route_and_an_origin(httpd, raw_origin, tunnel):
    one, two = raw_origin(), raw_origin()
    site = httpd(start=False, children=2)
    site.log.allow("WSF0151")
    users = site.root / "users"
    users.write_text("".join(f"{name}:{{SHA}}{base64.b64encode(hashlib.sha1(b'x').digest()).decode()}\n"
                             for name in ("alice", "bob")))
    site.write_conf(conf=f"""\
{FAST}WSFlowPass /one "{one.url("/")}"
WSFlowPass /hidden "{one.url("/")}"
WSFlowPass /two "{two.url("/")}"
<LocationMatch "^/(one|two|hidden)">
  AuthType Basic
  AuthName x
  AuthUserFile "{users}"
  Require valid-user
  WSFlowLimit room "key=%{{HTTP:Room}}" concurrency=50 show-key=on
</LocationMatch>
<Location "/one">
  WSFlowShowUser On
</Location>
<Location "/two">
  WSFlowShowUser On
</Location>""")
    site.start()

    def enter(path, user, room, count):
        headers = [("Authorization", "Basic " + base64.b64encode(f"{user}:x".encode()).decode()), ("Room", room)]
        origin = two if path == "/two" else one
        return [tunnel(site, origin, path, headers=headers)[0] for _ in range(count)]

    tunnels = {"alice": enter("/one", "alice", "red", 2), "bob": enter("/one", "bob", "blue", 2),
               "hidden": enter("/hidden", "alice", "green", 1), "two": enter("/two", "bob", "green", 2)}
    wait_until(lambda: len(ids(site)) == 7, "the tunnels are shown")
    shown = site.status.json()["connections"]
    assert {(each["route"], each["user"]) for each in shown} == {
        ("/one", "alice"), ("/one", "bob"), ("/hidden", None), ("/two", "bob")}
    assert {each["keys"][0]["key"] for each in shown if each["route"] == "/one"} == {"red", "blue"}

    assert close(site, user="carol") == all_at_once(0)
    assert close(site, user="alice") == all_at_once(2)  # not the one that is not shown
    assert closes(tunnels["alice"]) == [1001, 1001]
    assert close(site, limit="room", key="blue", code=1008) == all_at_once(2)
    assert closes(tunnels["bob"]) == [1008, 1008]
    assert close(site, limit="room", key="green", origin=ids_origin(shown, "/hidden")) == all_at_once(1)
    assert closes(tunnels["hidden"]) == [1001]
    assert close(site, client="127.0.0.2") == all_at_once(0)
    assert close(site, client="127.0.0.1", route="/two") == all_at_once(2)
    assert closes(tunnels["two"]) == [1001, 1001]
    site.status.wait_active(0)
    for status, fields in ((404, {"limit": "nothing", "key": "x"}), (400, {"key": "x"}), (400, {}),
                           (400, {"route": "/x", "code": 1006}), (400, {"client": "here"})):
        assert site.status.act(action="close", **fields).status == status, fields


def ids_origin(shown, route):
    return next(each["origin"] for each in shown if each["route"] == route)


def test_many_end_at_a_pace_from_all_children_and_none_that_came_later(httpd, raw_origin, tunnel):
    origin = raw_origin()
    site = httpd(f'{FAST}WSFlowPass /x "{origin.url("/x")}"', children=2)
    before = [tunnel(site, origin, "/x")[0] for _ in range(20)]
    wait_until(lambda: len(ids(site)) == 20, "the tunnels are shown")
    started = time.monotonic()
    assert close(site, route="/x", pace=10) == {"matched": 20, "told": 0, "pace": 10}
    later = tunnel(site, origin, "/x")[0]
    assert closes(before) == [1001] * 20
    assert time.monotonic() - started >= 1
    site.log.wait_for("WSF0155: closing tunnels at 10 a second is done")
    assert later.stays_silent(0)


def test_only_so_many_orders_are_worked_off_at_a_time(httpd, raw_origin, tunnel):
    origin = raw_origin()
    site = httpd(f'{FAST}WSFlowPass /x "{origin.url("/x")}"')
    site.log.allow("WSF0151")
    clients = [tunnel(site, origin, "/x")[0] for _ in range(60)]
    wait_until(lambda: len(ids(site)) == 60, "the tunnels are shown")
    told = [site.status.act(action="close", route="/x", pace=1) for _ in range(17)]
    assert [each.status for each in told] == [200] * 16 + [503]
    assert "16 other orders" in told[-1].text
    assert close(site, route="/x")["matched"] == 60
    assert closes(clients) == [1001] * 60


@pytest.mark.parametrize("how", ["idle", "busy", "pace"])
def test_tunnels_that_hold_a_worker_obey_too(httpd, raw_origin, tunnel, how):
    origin = raw_origin()
    site = httpd(f'{FAST}WSFlowPass /x "{origin.url("/x")}"', mpm="prefork")
    site.log.expect("WSF0081", "WSF0075")
    client, server = tunnel(site, origin, "/x")
    wait_until(lambda: [each["mode"] for each in site.status.json()["connections"]] == ["worker"], "it is shown")
    over = threading.Event()

    def talk():
        while not over.wait(0.005):
            server.send_frame(frames.BINARY, b"x" * 10)

    talker = threading.Thread(target=talk)
    if how == "busy":
        talker.start()
    try:
        done = close(site, route="/x", code=4002, **({"pace": 5} if how == "pace" else {}))
        assert done["matched"] == 1
        while (frame := client.read_frame())[1] == frames.BINARY:
            pass
    finally:
        over.set()
        if how == "busy":
            talker.join()
    assert frame == (True, frames.CLOSE, frames.code(4002))
    assert server.read_frame() == frame
    site.status.wait_active(0)
    assert site.status.ended() == {"ordered": 1}

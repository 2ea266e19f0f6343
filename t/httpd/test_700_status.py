"""The status adds up to what happened, in every format."""

import datetime
import http.client
import os
import re
import signal
import subprocess
import time

import pytest

import frames
import sanitizers
from server import free_port
from wait import wait_until


def play(site, origin, tunnel):
    """One tunnel with known traffic; returns the bytes of (client, origin)."""
    client, server = tunnel(site, origin, "/x")
    up = [frames.encode(frames.TEXT, b"one", masked=True), frames.encode(frames.BINARY, b"2" * 70_000, masked=True),
          frames.encode(frames.TEXT, b"frag", masked=True, fin=False), frames.encode(frames.PING, b"!", masked=True),
          frames.encode(frames.CONTINUATION, b"ment", masked=True), frames.close(4567, masked=True)]
    down = [frames.encode(frames.PONG, b"!"), frames.encode(frames.TEXT, b"answer"), frames.close(1000)]
    for frame in up:
        client.send(frame)
    assert server.read(sum(map(len, up))) == b"".join(up)
    for frame in down:
        server.send(frame)
    assert client.read(sum(map(len, down))) == b"".join(down)
    client.close()
    server.close()
    site.status.wait_active(0)
    return sum(map(len, up)), sum(map(len, down))


def used(frames_by_opcode):
    return {opcode: count for opcode, count in frames_by_opcode.items() if count}


@pytest.mark.memcheck
def test_the_counters_add_up(httpd, raw_origin, tunnel):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    up, down = play(site, origin, tunnel)
    told = site.status.json()
    assert told["tunnels"]["total"] == 1 and told["tunnels"]["active"] == 0 and told["tunnels"]["refused"] == 0
    assert site.status.ended() == {"closed": 1}
    sent = told["relayed"]["client_to_origin"]
    assert (sent["bytes"], sent["messages"]) == (up, 3)
    assert used(sent["frames"]) == {"text": 2, "binary": 1, "continuation": 1, "ping": 1, "close": 1}
    received = told["relayed"]["origin_to_client"]
    assert (received["bytes"], received["messages"]) == (down, 1)
    assert used(received["frames"]) == {"text": 1, "pong": 1, "close": 1}
    assert told["close_codes"] == {"client": {"4xxx": 1}, "origin": {"1000": 1}}


def test_processes_add_up_to_the_sum(httpd, raw_origin, raw_client, resources):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"', children=3, threads=5)
    ends = []
    for _ in range(24):
        client = raw_client(site)
        client.send_handshake("/x")
        server = origin.accept_tunnel()
        resources.append(server)
        assert client.read_head().status == 101
        ends.append((client, server))
    site.status.wait_active(24)
    told = site.status.json()
    assert {process["pid"] for process in told["processes"]} <= set(site.children())
    assert sum(process["tunnels_active"] for process in told["processes"]) == 24
    assert sum(process["tunnels_total"] for process in told["processes"]) == 24
    for client, server in ends[:10]:
        client.close()
        server.close()
    site.status.wait_active(14)
    assert site.status.total() == 24


def test_a_killed_child_leaves_numbers_that_are_right_at_once(httpd, raw_origin, raw_client, resources):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"', children=2, threads=5)
    for _ in range(20):
        client = raw_client(site)
        client.send_handshake("/x")
        resources.append(origin.accept_tunnel())
        assert client.read_head().status == 101
    site.status.wait_active(20)
    victim = max(site.status.json()["processes"], key=lambda process: process["tunnels_active"])
    os.kill(victim["pid"], signal.SIGKILL)
    # Whoever answers: its own request finds the dead.
    wait_until(lambda: not os.path.exists(f"/proc/{victim['pid']}"), "the parent has waited for the child")
    told = site.status.json()
    assert victim["pid"] not in [process["pid"] for process in told["processes"]]
    assert site.status.ended() == {"process-lost": victim["tunnels_active"]}
    assert told["tunnels"]["active"] == 20 - victim["tunnels_active"]
    assert told["tunnels"]["total"] == 20


def test_connections_are_the_live_tunnels(httpd, raw_origin, tunnel):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    before = datetime.datetime.now(datetime.timezone.utc)
    ends = [tunnel(site, origin, f"/x/{number}") for number in range(5)]
    wait_until(lambda: len(site.status.connections()) == 5, "five tunnels have rows")
    told = site.status.json()
    assert told["connections_total"] == 5 and told["keepers"] == 0
    for number, connection in site.status.connections().items():
        assert re.fullmatch("[0-9a-f]{16}", number)
        assert connection["pid"] == site.child() and connection["kind"] == "child"
        assert connection["generation"] == told["generation"]
        assert connection["client"].startswith("127.0.0.1")
        assert connection["route"] == "/x"
        assert connection["origin"] in origin.url("/x") and "127.0.0.1" in connection["origin"]
        started = datetime.datetime.fromisoformat(connection["started"].replace("Z", "+00:00"))
        assert before - datetime.timedelta(seconds=1) <= started <= datetime.datetime.now(datetime.timezone.utc)
        assert 0 <= connection["age_seconds"] <= time.time() - before.timestamp() + 1
    for client, server in ends[:2]:
        client.close()
        server.close()
    wait_until(lambda: len(site.status.connections()) == 3, "three tunnels are left")
    logged = {re.search(r"id=([0-9a-f]{16})", line)[1] for line in site.wait_access('"GET /x/. HTTP/1.1" 101', 5)}
    assert set(site.status.connections()) < logged


def test_a_keeper_and_its_tunnels_are_told_from_children(httpd, raw_origin, tunnel):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    tunnel(site, origin, "/x/old")
    (old,) = wait_until(site.status.connections, "the tunnel has a row").values()
    site.graceful()
    told = wait_until(lambda: found if (found := site.status.json())["keepers"] == 1 else None, "there is a keeper")
    tunnel(site, origin, "/x/new")
    (keeper,) = [process for process in told["processes"] if process["kind"] == "keeper"]
    assert keeper["pid"] not in site.children() and keeper["tunnels_active"] == 1
    assert keeper["generation"] == old["generation"] < told["generation"]
    now = wait_until(lambda: found if len(found := site.status.connections()) == 2 else None, "two tunnels have rows")
    kept = now[old["id"]]
    assert kept == old | {"pid": keeper["pid"], "kind": "keeper", "age_seconds": kept["age_seconds"],
                          "idle_seconds": kept["idle_seconds"]}
    (new,) = [connection for number, connection in now.items() if number != old["id"]]
    assert (new["kind"], new["generation"]) == ("child", told["generation"])
    lines = site.status.auto()
    assert lines["WSFlowKeepers"] == "1"
    assert {lines[f"WSFlowProcess[{i}]Kind"] for i in range(int(lines["WSFlowProcesses"]))} == {"child", "keeper"}
    assert ">keeper</td>" in site.get("/wsflow-status").text


def test_connections_come_in_pages(httpd, raw_origin, tunnel):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    for number in range(5):
        tunnel(site, origin, f"/x/{number}")
    wait_until(lambda: len(site.status.connections()) == 5, "five tunnels have rows")
    pages = [set(site.status.connections(f"&from={first}&count=2")) for first in (0, 2, 4, 6)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert set.union(*pages) == set(site.status.connections())
    told = site.status.json("&count=0")
    assert told["connections"] == [] and told["connections_total"] == 5
    assert len(site.status.connections("&count=99999999")) == 5


@pytest.mark.parametrize("page", ["from=x", "from=-1", "count=", "count=1x", "from=99999999999999999999999"])
def test_a_page_that_is_no_number_is_refused(httpd, page):
    assert httpd().get("/wsflow-status?json&" + page).status == 400


def test_auto_says_the_same_as_json(httpd, raw_origin, raw_client, tunnel):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    up, down = play(site, origin, tunnel)
    client = raw_client(site)
    client.send_handshake("/x", drop=["Sec-WebSocket-Key"])
    assert client.read_head().status == 400
    lines = {key: value for key, value in site.status.auto().items() if key.startswith("WSFlow")}
    assert lines["WSFlowTunnelsActive"] == "0"
    assert lines["WSFlowTunnelsTotal"] == "1"
    assert lines["WSFlowRefused"] == lines["WSFlowRefusedBadKey"] == "1"
    assert lines["WSFlowBytesClientToOrigin"] == str(up)
    assert lines["WSFlowBytesOriginToClient"] == str(down)
    assert lines["WSFlowFramesClientToOrigin"] == "6"
    assert lines["WSFlowProcess[0]Kind"] == "child"
    assert lines["WSFlowKeepers"] == "0"


def test_the_page_for_people(httpd):
    answer = httpd().get("/wsflow-status")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert re.search(r"(?i)<html", answer.text) and "WSFlow" in answer.text


@pytest.mark.parametrize("query,kind", [("?json", "application/json"), ("?auto", "text/plain"), ("", "text/html"),
                                        ("?manual", "text/html")])
def test_status_pages_are_not_stored(httpd, query, kind):
    answer = httpd().get("/wsflow-status" + query)
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["cache-control"] == "no-store"


def test_the_manual_has_every_directive(httpd):
    site = httpd(start=False)
    listed = subprocess.run(site.program("-L"), capture_output=True, text=True, check=True,
                            env=sanitizers.environment(site.root)).stdout
    known = re.findall(r"^(WSFlow\w*) \(mod_wsflow\.", listed, re.M)
    site.start()
    text = site.get("/wsflow-status?manual").text
    assert len(known) > 20 and re.findall(r'<div id="(\w+)">', text) == known
    assert re.search(r'id="WSFlowThreads">.*?<code>WSFlowThreads number</code><br>Default: <code>1</code>'
                     r'<br>Context: server config</dd>', text)
    assert '<a href="?manual">' in site.get("/wsflow-status").text


def test_the_status_takes_get_head_and_post(httpd):
    site = httpd()
    assert site.request("HEAD", "/wsflow-status?json").body == b""
    for method in ("PUT", "DELETE", "OPTIONS"):
        answer = site.request(method, "/wsflow-status", body=b"x")
        assert answer.status == 405
        assert {"GET", "HEAD", "POST"} <= set(re.split(", *", answer.headers["allow"]))


def test_the_access_log_names_a_tunnel(httpd, raw_origin, tunnel):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    play(site, origin, tunnel)
    (line,) = site.wait_access('"GET /x HTTP/1.1" 101')
    number = re.search(r"id=([0-9a-f]{16}) outcome=tunnel refused=-$", line)[1]
    assert site.log.wait_for(f"WSF0103: tunnel {number} ended: closed")


@pytest.mark.bulk
def test_more_routes_than_there_are_labels_are_told_of(httpd):
    """4,200 routes: 70 hosts with 60 each."""
    port = free_port()
    routes = "".join(f'WSFlowPass /r{number}/ "ws://127.0.0.1:9/"\n' for number in range(60))
    hosts = "".join(f"<VirtualHost 127.0.0.1:{port}>\nServerName h{host}\n{routes}</VirtualHost>\n" for host in range(70))
    site = httpd(main=f"Listen 127.0.0.1:{port}\n{hosts}")
    # Handshakes without a key are refused, and counted for their route.
    client = http.client.HTTPConnection("127.0.0.1", port)
    for host in range(70):
        for number in range(60):
            client.request("GET", f"/r{number}/", headers={"Host": f"h{host}", "Connection": "Upgrade", "Upgrade": "websocket",
                                                           "Sec-WebSocket-Version": "13"})
            answer = client.getresponse()
            answer.read()
            assert answer.status == 400
    assert site.status.refused() == {"bad-key": 4200}
    # Whoever looks after httpd does so every ten seconds.
    site.log.wait_for("WSF0212: all 4096 labels are taken: [1-9][0-9]* tunnels or refusals", timeout=30)
    site.log.expect("WSF0212")

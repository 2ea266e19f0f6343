"""?metrics, read with Prometheus's own parser: what it says is what happened, and what the other formats say."""

import os
import pathlib
import signal
import struct
import subprocess
import sys
import time

import pytest
from prometheus_client import parser
from prometheus_client.openmetrics import parser as open_parser

import frames
import handshake
from legs import talk
from limited import KILLED, Section, answer, status_of, wait_counts
from wait import wait_until

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "checks"))
import tree as checks  # noqa: E402

OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT = "text/plain; version=0.0.4; charset=utf-8"
PARSERS = {OPEN: open_parser.text_string_to_metric_families, TEXT: parser.text_string_to_metric_families}


def families(site, kind=OPEN):
    """The families by the names that the catalogue gives them."""
    got = site.get("/wsflow-status?metrics=", {"Accept": kind})
    assert got.status == 200 and got.headers["content-type"] == kind
    found = list(PARSERS[kind](got.text))
    ends = {"counter": "_total", "info": "_info"}
    by_name = {family.name + ends.get(family.type, ""): family for family in found}
    assert len(by_name) == len(found)
    return by_name


def samples(site, kind=OPEN):
    """Every sample by its name and labels."""
    all_samples = [sample for family in families(site, kind).values() for sample in family.samples]
    values = {(sample.name, frozenset(sample.labels.items())): sample.value for sample in all_samples}
    assert len(values) == len(all_samples)
    return values


def value(found, name, **labels):
    return found[(name, frozenset(labels.items()))]


def by_label(found, name, label):
    """The values of a family of one label, without the zeros."""
    return {dict(labels)[label]: number for (one, labels), number in found.items() if one == name and number}


@pytest.fixture
def section(httpd, raw_origin, resources):
    def make(settings, **shape):
        return Section(httpd, raw_origin, resources, settings, main="AsyncRequestWorkerFactor 30", **shape)
    return make


def end(client, server):
    client.close()
    server.close()


@pytest.mark.parametrize("kind", PARSERS)
def test_the_official_parser_finds_the_table(section, kind):
    x = section("concurrency=7 key=%{REMOTE_ADDR}")
    x.enter()  # a limit is there once it is needed
    end(*x.tunnel())
    wait_until(lambda: x.site.status.ended(), "a tunnel has ended")
    tree = checks.Tree(checks.ROOT)
    found = families(x.site, kind)
    tables = {table: {name: set(filter(None, labels.split(","))) for name, labels, _ in
                      checks.metric_families(tree, table)}
              for table in ("kFamilies", "kHistograms", "kReadingFamilies")}
    assert set(found) == set().union(*tables.values())
    for table, named in tables.items():
        for name, labels in named.items():
            family = found[name]
            if name.startswith("wsflow_cluster_") and labels:
                assert family.samples == []  # of limits that nodes share: test_750
                continue
            if name == "wsflow_route_close_codes_total":
                assert family.samples == []  # its tunnel had no Close frame
                continue
            assert {sample.name for sample in family.samples} == (
                {f"{name}_bucket", f"{name}_count", f"{name}_sum"} if table == "kHistograms" else {name})
            for sample in family.samples:
                assert set(sample.labels) - {"le"} == labels
            if name.endswith("_total"):
                assert family.type == "counter"
            assert family.documentation.endswith(".")
    assert {sample.value for sample in found["wsflow_permits_key_limit"].samples} == {7}
    assert {sample.value for sample in found["wsflow_permits_key_max_in_use"].samples} == {1}
    assert 0 < found["wsflow_descriptors_share"].samples[0].value < 1
    assert abs(found["wsflow_start_time_seconds"].samples[0].value - time.time()) < 600
    if kind == TEXT:
        told = subprocess.run(["promtool", "check", "metrics"], input=x.site.get("/wsflow-status?metrics").text,
                              text=True, capture_output=True, check=False)
        assert told.returncode == 0 and not told.stdout + told.stderr, told


def test_each_route_and_origin_has_its_own_numbers(httpd, raw_origin, raw_client, tunnel):
    one, other = raw_origin(), raw_origin()
    site = httpd(f'WSFlowPass /a "{one.url("/a")}"\nWSFlowPass /b "{other.url("/b")}"')
    client, server = tunnel(site, one, "/a")
    tunnel(site, other, "/b")
    broken = raw_client(site)
    broken.send_handshake("/b", drop=["Sec-WebSocket-Key"])
    assert broken.read_head().status == 400
    client.send_frame(frames.TEXT, b"hello", masked=True)
    assert server.read_frame()[2] == b"hello"
    for side, masked in ((client, True), (server, False)):
        side.send_frame(frames.CLOSE, struct.pack("!H", 4001 if masked else 1000), masked=masked)
    site.status.wait_active(1)
    names = {route["route"]: route["origin"] for route in site.status.json()["routes"] if route["origin"]}
    a = {"server": "localhost", "route": "/a", "origin": names["/a"]}
    b = {"server": "localhost", "route": "/b", "origin": names["/b"]}

    def settled():
        found = samples(site)
        key = ("wsflow_route_close_codes_total", frozenset({**a, "from": "client", "code": "4xxx"}.items()))
        return found if key in found and found[("wsflow_route_tunnels_active", frozenset(a.items()))] == 0 else None

    found = wait_until(settled, "the tunnel of /a has ended", report=lambda: samples(site))
    assert value(found, "wsflow_route_tunnels_active", **b) == 1
    assert value(found, "wsflow_route_handshakes_total", **a, result="upgraded") == 1
    assert value(found, "wsflow_route_handshakes_total", server="localhost", route="/b", origin="", result="bad-key") == 1
    assert value(found, "wsflow_route_handshake_seconds_total", **a) > 0
    assert value(found, "wsflow_route_bytes_total", **a, direction="client_to_origin") == 11 + 8
    assert value(found, "wsflow_route_bytes_total", **b, direction="client_to_origin") == 0
    assert value(found, "wsflow_route_close_codes_total", **a, **{"from": "client"}, code="4xxx") == 1
    assert value(found, "wsflow_route_close_codes_total", **a, **{"from": "origin"}, code="1000") == 1
    (route,) = [each for each in site.status.json()["routes"] if each["origin"] == names["/a"]]
    assert route["close_codes"] == {"client": {"4xxx": 1}, "origin": {"1000": 1}} and route["refused_by"] == {}


def test_beyond_a_hundred_routes_the_others_are_one(httpd, raw_client):
    routes = "".join(f'WSFlowPass /r{number} "ws://127.0.0.1:9/"\n' for number in range(110))
    site = httpd(routes)
    for number in range(110):
        client = raw_client(site)
        client.send_handshake(f"/r{number}", drop=["Sec-WebSocket-Key"])
        assert client.read_head().status == 400
        client.close()
    found = {labels: number for (name, labels), number in samples(site).items() if name == "wsflow_route_handshakes_total"}
    others = frozenset({"server": "others", "route": "others", "origin": "others", "result": "bad-key"}.items())
    assert len(found) == 102  # the sum of the others has its result "upgraded", too
    assert found[others] == 10 and sum(found.values()) == 110


def test_both_formats_and_the_json_say_the_same(section, raw_client):
    x = section("concurrency=1")
    client, server = x.tunnel()
    x.site.status.wait_active(1)
    wait_counts(x.site, in_use=1)
    for _ in range(2):
        x.refusal()
    broken = raw_client(x.site)
    broken.send_handshake("/x/ws", drop=["Sec-WebSocket-Key"])
    assert broken.read_head().status == 503  # its permit comes first
    end(client, server)
    x.wait(in_use=0)
    told, found = x.site.status.json(), samples(x.site)
    other = samples(x.site, TEXT)
    assert other.keys() == found.keys()
    # An average over the last minute moves on; what httpd's own threads and descriptors do is another at each look.
    moving = ("wsflow_permits_needed", "wsflow_httpd_workers", "wsflow_descriptors_open", "wsflow_descriptors_share")
    assert {key: value for key, value in other.items() if key[0] not in moving} == {
        key: value for key, value in found.items() if key[0] not in moving}
    assert by_label(found, "wsflow_tunnels_total", "outcome") == x.site.status.ended()
    assert by_label(found, "wsflow_handshakes_total", "result") == {"upgraded": 1} | x.site.status.refused()
    assert value(found, "wsflow_tunnels_active") == told["tunnels"]["active"] == 0
    for direction, relayed in told["relayed"].items():
        assert value(found, "wsflow_relayed_bytes_total", direction=direction) == relayed["bytes"]
        for opcode, count in relayed["frames"].items():
            assert value(found, "wsflow_relayed_frames_total", direction=direction, opcode=opcode) == count
    (limit,) = told["limits"]
    assert value(found, "wsflow_refusals_total", limit="x", reason="concurrency") == limit["refused"] == 3
    assert value(found, "wsflow_permits_limit", limit="x") == 1
    assert value(found, "wsflow_permits_in_use", limit="x") == 0
    assert value(found, "wsflow_build_info", version=told["version"]) == 1
    assert value(found, "wsflow_processes", kind="child") == len(told["processes"])
    for name, key in (("handshake", "handshake_ms"), ("tunnel", "lifetime_s")):
        assert value(found, f"wsflow_{name}_seconds_count") == told[key]["count"] == 1


def test_handshakes_and_lifetimes_are_timed(httpd, raw_origin, raw_client, resources):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    client = raw_client(site)
    asked = time.monotonic()
    client.send_handshake("/x")
    server = origin.accept()
    resources.append(server)
    head = server.read_head()
    there = time.monotonic()
    wait_until(lambda: time.monotonic() > there + 0.06, "the origin has taken its time")
    server.send(handshake.switching(head.get("sec-websocket-key"), ()))
    assert client.read_head().status == 101
    took = time.monotonic() - asked
    # A client has its 101 a moment before its tunnel is the loop's, and lives.
    talk(client, server)
    begun = time.monotonic()
    wait_until(lambda: time.monotonic() > begun + 0.03, "the tunnel has lived")
    end(client, server)
    site.status.wait_active(0)
    found = samples(site)
    assert value(found, "wsflow_handshake_seconds_count") == 1
    assert 0.06 <= value(found, "wsflow_handshake_seconds_sum") <= took + 0.05
    assert value(found, "wsflow_handshake_seconds_bucket", le="0.05") == 0
    assert 0.02 <= value(found, "wsflow_tunnel_seconds_sum") <= time.monotonic() - asked
    told = site.status.json()
    assert 60 <= told["handshake_ms"]["mean"] <= (took + 0.05) * 1000
    (route,) = told["routes"]
    assert (route["route"], route["opened"], route["active"], route["refused"]) == ("/x", 1, 0, 0)
    assert route["handshake_mean_ms"] == pytest.approx(told["handshake_ms"]["mean"])


def test_waits_for_permits_are_timed_granted_or_not(section):
    x = section("concurrency=1 queue=2 acquire=300ms")
    inside, server = x.enter()
    waiting = x.ask()
    x.wait(waiting=1)
    answer(server)
    assert status_of(inside) == 200
    x.arrived()  # the permit went on to the one that waited, and stays there
    assert status_of(x.ask()) == 503
    waiting.close()
    found = samples(x.site)
    assert value(found, "wsflow_acquire_wait_seconds_count") == x.limit()["wait_s"]["count"] == 2
    assert 0.3 <= value(found, "wsflow_acquire_wait_seconds_sum") < 5


def test_a_route_counts_what_it_refuses(httpd, raw_origin, raw_client, tunnel):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"\nWSFlowPass /y "{origin.url("/y")}"')
    tunnel(site, origin, "/x")
    for path in ("/x", "/y", "/y"):
        client = raw_client(site)
        client.send_handshake(path, drop=["Sec-WebSocket-Key"])
        assert client.read_head().status == 400
    site.status.wait_active(1)
    routes = {(route["route"], route["origin"] is None): route for route in site.status.json()["routes"]}
    assert {key: (route["opened"], route["refused"]) for key, route in routes.items()} == {
        ("/x", False): (1, 0), ("/x", True): (0, 1), ("/y", True): (0, 2)}
    assert routes["/x", False]["origin"] in origin.url("/x")


def test_no_counter_goes_back(httpd, raw_origin, tunnel):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    site.log.allow(*KILLED)
    seen = {}

    def look():
        now = {key: number for key, number in samples(site).items()
               if key[0].endswith(("_total", "_bucket", "_count", "_sum"))}
        assert not [key for key, number in seen.items() if now[key] < number]
        seen.update(now)

    def play(*, ends):
        for client, server in [tunnel(site, origin, "/x") for _ in range(3)][:ends]:
            end(client, server)
        look()

    play(ends=2)
    site.graceful()
    look()
    play(ends=1)
    site.status.wait_active(3)
    look()
    for process in site.status.json()["processes"]:
        os.kill(process["pid"], signal.SIGKILL)
    wait_until(lambda: site.status.ended().get("process-lost") == 3, "the lost ones are counted")
    look()
    assert value(seen, "wsflow_handshakes_total", result="upgraded") == 6
    assert by_label(seen, "wsflow_tunnels_total", "outcome") == site.status.ended()
    assert sum(site.status.ended().values()) == 6


def test_the_format_follows_the_wishes(httpd):
    site = httpd()
    prometheus = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
    for wish, kind in (({}, TEXT), ({"Accept": prometheus}, OPEN), ({"Accept": "text/html, */*"}, TEXT)):
        got = site.get("/wsflow-status?metrics", wish)
        assert got.headers["content-type"] == kind
        assert "accept" in got.headers["vary"].lower() and got.headers["cache-control"] == "no-store"
        assert got.text.endswith("# EOF\n") == (kind == OPEN)
        head = site.request("HEAD", "/wsflow-status?metrics", wish)
        assert head.body == b"" and head.headers["content-type"] == kind


def test_the_history_adds_up_to_what_happened(httpd, raw_origin, raw_client, tunnel):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')

    def history():
        return site.status.json("&history=1&count=0")["history"]

    wait_until(history, "there are two samples", timeout=20)
    assert "history" not in site.status.json()
    for _ in range(3):
        tunnel(site, origin, "/x")
    client = raw_client(site)
    client.send_handshake("/x", drop=["Sec-WebSocket-Key"])
    assert client.read_head().status == 400

    def sums():
        return {key: round(sum(each[f"{key}_per_s"] * each["seconds"] for each in history()))
                for key in ("opened", "refused", "limit_refused")}

    wait_until(lambda: sums() == {"opened": 3, "refused": 1, "limit_refused": 0}, "all is in the history", timeout=20,
               report=sums)
    newest = history()[-1]
    assert newest["active"] == 3 and 4 <= newest["seconds"] <= 15
    assert newest["handshake_p50_ms"] > 0
    rates = site.status.json()["rates"]
    assert rates["last_10s"]["opened_per_s"] > 0 and rates["last_60s"]["refused_per_s"] > 0


def test_server_status_says_it_without_extended_status(httpd, raw_origin, tunnel):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"', main="ExtendedStatus Off")
    tunnel(site, origin, "/x")
    site.status.wait_active(1)
    assert "Total Accesses" not in site.get("/server-status?auto").text
    text = site.get("/server-status?auto").text
    lines = [line.split(": ", 1) for line in text.splitlines() if line.startswith("WSFlow")]
    assert len({key for key, _ in lines}) == len(lines)
    assert dict(lines)["WSFlowTunnelsActive"] == "1" and float(dict(lines)["WSFlowHandshakeP50Ms"]) > 0
    assert "WSFlow tunnels" in site.get("/server-status").text

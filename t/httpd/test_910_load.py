"""wsflow-load: what it counts is what happened, and it names what failed."""

import html.parser
import json
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time
import xml.etree.ElementTree

import pytest

import frames
import load_program
from wait import TIME_FACTOR, wait_until

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs/load-testing.md"
# Says who refused, of all refusals: docs/load-testing.md.
SHOWN = 'Header always set WSFlow-Refused-By "%{WSFLOW_REFUSED_BY}e" env=WSFLOW_REFUSED_BY\n'


@pytest.fixture
def start(resources):
    """start(url, option=value, …) is a run under way."""
    def make(url, **options):
        resources.append(load_program.Load(url, **options))
        return resources[-1]
    return make


@pytest.fixture
def echo_process(resources):
    resources.append(load_program.EchoProcess())
    return resources[-1]


def failures(result):
    return {(each["phase"], each["kind"]): each["count"] for each in result["failures"]}


def test_its_counts_are_those_of_the_server(httpd, echo, start):
    site = httpd(f'WSFlowPass /x "{echo().url("/x")}"')
    result = start(site.url("ws", "/x?secret=1"), connections=40, rate=0, every="100ms", duration="1500ms", binary=True,
                   size=700, **{"from": "127.0.0.2-127.0.0.4"}).wait()
    assert result["status"] == 0 and result["failed"] == 0, result
    handshakes, messages, sockets = result["handshakes"], result["messages"], result["sockets"]
    assert handshakes["launched"] == handshakes["completed"] == 40 == sockets["open_most"] == sockets["closed"]
    assert messages["sent"] == messages["answered"] == messages["seconds"]["count"]
    # A message each 100 ms of each socket, and what the ramp had.
    assert 40 * 14 <= messages["sent"] <= 40 * 17 * max(TIME_FACTOR, 1)
    site.status.wait_active(0)
    told = site.status.json()
    assert told["tunnels"]["total"] == 40
    for side in ("client_to_origin", "origin_to_client"):
        assert told["relayed"][side]["frames"]["binary"] == messages["sent"]
    assert told["close_codes"]["client"] == {"1000": 40}
    # A report shows no query, and each second adds up.
    assert result["url"].endswith("/x?...") and "secret" not in result["said"]
    for name in ("launched", "completed"):
        assert sum(second[name] for second in result["timeline"]) == 40
    assert sum(second["answered"] for second in result["timeline"]) == messages["answered"]
    times = messages["seconds"]
    assert 0 < times["min"] <= times["median"] <= times["p95"] <= times["p99"] <= times["p999"] <= times["max"]
    # From each source address in turn.
    clients = re.findall(r"(?m)^(\S+).*/x", site.access_log.read_text())
    assert set(clients) == {"127.0.0.2", "127.0.0.3", "127.0.0.4"}


def test_a_refusal_is_named(httpd, echo, start):
    site = httpd(f'{SHOWN}WSFlowPass /x "{echo().url("/x")}"\nWSFlowPass /y "ws://127.0.0.1:1/y"\n<Location "/x">\n'
                 "WSFlowLimit app concurrency=5\n</Location>\n<Location /secret>\nRequire all denied\n</Location>")
    site.log.allow("WSF0140", "WSF0031", "AH0[0-9]+", "WSF00")
    result = start(site.url("ws", "/x"), connections=12, rate=0, every=0, duration=0).wait()
    assert result["status"] == 1 and failures(result) == {("refused", "503 limit:app"): 7}
    assert result["handshakes"]["completed"] == 5
    assert result["handshakes"]["refused"] == site.status.json()["limits"][0]["refused"] == 7
    unreachable = start(site.url("ws", "/y"), connections=2, rate=0, duration=0).wait()
    assert failures(unreachable) == {("refused", "502 origin-connect"): 2}
    plain = start(site.url("ws", "/index.html"), connections=2, rate=0, duration=0).wait()
    assert failures(plain) == {("refused", "200"): 2}
    assert failures(start(site.url("ws", "/secret"), connections=2, rate=0, duration=0).wait()) == {("refused", "403"): 2}


def test_sockets_that_an_operator_drains_come_back(httpd, echo, start):
    site = httpd(f'WSFlowPass /x "{echo().url("/x")}"')
    under_way = start(site.url("ws", "/x"), connections=10, rate=0, every="50ms", duration="3s",
                      reconnect="exponential:100ms-300ms")
    site.status.wait_active(10)
    server = site.status.json()["connections"][0]["server"]
    site.log.allow("WSF0151")
    assert site.status.act(action="drain", server=server, route="/x", pace=0).status == 200
    site.status.wait_active(0)
    # Those who try meanwhile are refused, and try again.
    wait_until(lambda: site.status.refused().get("route-drained", 0) >= 10, "all have tried in vain")
    assert site.status.act(action="undrain", server=server, route="/x").status == 200
    site.status.wait_active(10)
    result = under_way.wait()
    refused = failures(result)[("refused", "503")]
    assert [(each["code"], each["count"]) for each in result["closes"]] == [(1012, 10)]
    assert result["sockets"]["closed_by_server"] == 10 and result["sockets"]["closed"] == 10
    assert result["handshakes"]["completed"] == 20 and refused == result["handshakes"]["refused"] >= 10
    assert result["handshakes"]["tried_again"] == 10 + refused
    assert result["handshakes"]["launched"] == 20 + refused
    assert result["status"] == 1


def test_an_origin_that_dies_is_told_by_kinds(httpd, echo_process, start):
    site = httpd(f'{SHOWN}WSFlowPass /x "{echo_process.url("/x")}"')
    site.log.allow("WSF00", "WSF0[0-9]+", "AH0[0-9]+")
    under_way = start(site.url("ws", "/x"), connections=6, rate=0, every="50ms", duration="1500ms", reconnect="fixed:200ms")
    site.status.wait_active(6)
    echo_process.kill()
    result = under_way.wait()
    ended = sum(each["count"] for each in result["closes"]) + failures(result).get(("open", "closed without a Close frame"), 0)
    assert ended == 6 and result["sockets"]["open_most"] == 6
    assert failures(result)[("refused", "502 origin-connect")] >= 6
    # And with nobody in between.
    begun = time.monotonic()
    alone = start(echo_process.url("/x"), connections=3, rate=0, duration="1h").wait()
    assert time.monotonic() - begun < 30  # nothing is left to be held
    assert failures(alone) == {("connect", "ECONNREFUSED"): 3} and alone["handshakes"]["failed"] == 3


def test_a_pause_of_the_origin_shows_in_all_messages_that_it_delayed(httpd, echo_process, start):
    site = httpd(f'WSFlowPass /x "{echo_process.url("/x")}"')
    under_way = start(site.url("ws", "/x"), connections=5, rate=0, every="20ms", duration="4s")
    site.status.wait_active(5)
    wait_until(lambda: site.status.json()["relayed"]["origin_to_client"]["messages"] > 100, "messages pass")
    echo_process.stand_still()
    time.sleep(1)  # the pause is what is measured
    echo_process.go_on()
    result = under_way.wait()
    times = result["messages"]["seconds"]
    assert result["status"] == 0, result["failures"]
    assert times["max"] >= 0.95
    # A quarter of all messages was due in the pause, and waited for its rest; in a closed loop these are five messages.
    assert times["p95"] >= 0.5 and times["p99"] >= 0.8, times
    assert result["messages"]["sent"] >= 5 * 50 * 3.5
    assert times["median"] < 0.3
    assert max(second["latency_p99"] for second in result["timeline"]) >= 0.8


def test_pings_are_answered(httpd, echo, start):
    site = httpd(f'WSFlowPass /x "{echo().url("/x")}"\nWSFlowPing client=100ms')
    result = start(site.url("ws", "/x"), connections=4, rate=0, every=0, duration="1500ms").wait()
    assert result["status"] == 0 and result["messages"]["sent"] == 0 and result["sockets"]["lost"] == 0
    assert result["messages"]["pings"] >= 8
    pings = site.status.json()["pings"]["client"]
    assert pings["sent"] == result["messages"]["pings"] and pings["measured"] >= 4


@pytest.mark.parametrize("trust", ["ca", "insecure", "nothing"])
def test_tls_is_verified(httpd, echo, start, certs, trust):
    site = httpd(f'WSFlowPass /x "{echo().url("/x")}"')
    site.log.allow("AH0[0-9]+")
    options = {"ca": {"ca": certs.ca}, "insecure": {"insecure": True}, "nothing": {}}[trust]
    result = start(site.url("wss", "/x"), connections=3, rate=0, every="50ms", duration="300ms", **options).wait()
    if trust != "nothing":
        assert result["status"] == 0 and result["messages"]["answered"] >= 3, result["failures"]
    else:
        (where, what), = failures(result)
        assert where == "tls" and what.startswith("certificate verify failed"), result["failures"]
        assert result["handshakes"]["failed"] == 3


def test_a_socket_that_is_closed_is_followed_by_another(httpd, echo, start):
    site = httpd(f'WSFlowPass /x "{echo().url("/x")}"')
    result = start(site.url("ws", "/x"), connections=3, rate=0, lifetime=0, duration="500ms").wait()
    handshakes = result["handshakes"]
    assert result["status"] == 0 and result["sockets"]["open_most"] <= 3
    assert handshakes["completed"] > 6 and handshakes["launched"] == handshakes["completed"] + handshakes["given_up"]
    assert result["sockets"]["closed"] == handshakes["completed"]
    # The server may have answered what was given up on when the time was over.
    assert handshakes["completed"] <= site.status.total() <= handshakes["launched"]


class Liar:
    """A server of one connection that does with it what DO does."""

    def __init__(self, raw_origin, do):
        self._origin = raw_origin()
        self._thread = threading.Thread(target=self._serve, args=(do,), daemon=True)
        self._thread.start()
        self.url = f"ws://127.0.0.1:{self._origin.port}/x"

    def _serve(self, do):
        self._kept = do(self._origin)


def change_a_byte(origin):
    server = origin.accept_tunnel()
    payload = server.read_frame()[2]
    server.send_frame(frames.TEXT, payload[:-1] + b"!")


def reset(origin):
    server = origin.accept_tunnel()
    server.read_frame()
    server.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    server.close()


def say_nothing(origin):
    server = origin.accept()
    server.read_head()
    return server  # which stays open


@pytest.mark.parametrize("do, where, what", [
    (change_a_byte, "open", "a message differs from what was sent"), (reset, "open", "ECONNRESET"),
    (say_nothing, "handshake", "ETIMEDOUT (--timeout)")])
def test_a_server_that_lies_resets_or_is_silent(raw_origin, start, do, where, what):
    liar = Liar(raw_origin, do)
    result = start(liar.url, connections=1, rate=0, every="20ms", duration="600ms", timeout="400ms").wait()
    assert failures(result) == {(where, what): 1} and result["status"] == 1
    if where == "open":
        # What was under way has no answer.
        assert result["messages"]["unanswered"] >= 1 and result["sockets"]["lost"] == 1


class Balanced(html.parser.HTMLParser):
    """Fails if an element is closed that is not open."""
    VOID = {"meta", "br", "link", "input"}

    def __init__(self, text):
        super().__init__()
        self.open, self.seen = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_reports_are_well_formed(httpd, echo, start):
    site = httpd(f'WSFlowPass /x "{echo().url("/x")}"')
    under_way = start(site.url("ws", "/x"), connections=5, rate=0, every="50ms", duration="2s")
    result = under_way.wait()
    page = under_way.report.read_text()
    parsed = Balanced(page)
    assert not parsed.open and parsed.seen.count("svg") == 6 and "script" not in parsed.seen
    for drawing in re.findall(r"<svg.*?</svg>", page, re.S):
        paths = [path.get("d") for path in xml.etree.ElementTree.fromstring(drawing).iter("path")]
        assert all(re.fullmatch(r"(?:M\d+ \d+(?:h0)?|M0 \d+H\d+|L\d+ \d+)*", path) for path in paths), paths
    assert "http://" not in page and "https://" not in page  # it loads nothing
    # One line each second, and one object.
    assert len(result["progress"]) >= 2 and all("open 5/5" in line for line in result["progress"][:1])
    assert "latency" in result["said"] and result["said"].count("\n") > 5
    keys = set(re.findall(r'"(\w+)":', under_way.json.read_text()))
    documented = set(re.findall(r"`(\w+)`", DOCS.read_text()))
    assert not keys - documented, "not in docs/load-testing.md"


def test_each_option_is_documented():
    status, said, _ = load_program.run("--help")
    options = re.findall(r"(?m)^  (--[a-z-]+)", said)
    assert status == 0 and len(options) > 20
    text = DOCS.read_text()
    assert not [option for option in options if f"`{option}" not in text and f"{option} " not in text]


def test_a_run_that_cannot_begin_says_why():
    for words, said in ((["--connections=900000", "ws://127.0.0.1/"], "ulimit -Hn"),
                        (["--from=192.0.2.77", "ws://127.0.0.1/"], "192.0.2.77 (EADDRNOTAVAIL)"),
                        (["ws://no-such-host.invalid/"], "cannot find the address of no-such-host.invalid"),
                        (["--ca=/nowhere", "wss://127.0.0.1/"], "cannot read certificates from /nowhere"),
                        (["--json=/nowhere/x", "ws://127.0.0.1/"], "cannot write /nowhere/x"),
                        ([], "no URL is given")):
        status, out, error = load_program.run(*words)
        assert status == 2 and said in error and not out, (words, status, out, error)


def test_ctrl_c_ends_a_run_with_its_report(httpd, echo, start):
    site = httpd(f'WSFlowPass /x "{echo().url("/x")}"')
    under_way = start(site.url("ws", "/x"), connections=3, rate=0, every="50ms", duration="1h")
    site.status.wait_active(3)
    under_way.process.send_signal(signal.SIGINT)
    result = under_way.wait()
    assert result["interrupted"] and result["sockets"]["closed"] == 3 and "interrupted" in result["said"]
    site.status.wait_active(0)
    assert site.status.json()["close_codes"]["client"] == {"1000": 3}


def test_a_program_can_lead_it(httpd, echo, resources):
    """--control, which the benchmarks use."""
    site = httpd(f'WSFlowPass /x "{echo().url("/x")}"')
    process = subprocess.Popen([load_program.PROGRAM, "--control", "--connections=4", "--rate=0", "--in-flight=2", "--duration=300ms",
                                site.url("ws", "/x")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    ready = json.loads(process.stdout.readline())
    assert ready["sockets"]["open"] == 4 and ready["messages"]["sent"] == 0
    answers = []
    for word in ("go", "echo"):
        process.stdin.write(word + "\n")
        process.stdin.flush()
        answers.append(json.loads(process.stdout.readline()))
    go, echoed = answers
    assert go["messages"]["answered"] == go["messages"]["sent"] > 8 and go["failed"] == 0
    assert echoed["messages"]["answered"] == 4 and echoed["messages"]["seconds"]["count"] == 4
    process.communicate(timeout=20)
    assert process.returncode == 0

"""WSFlowLog: one line for each tunnel, whatever becomes of it and of its process."""

import json
import os
import re
import signal
import struct
import time

import pytest

import frames
import processes
from legs import close_all, talk, wait_keepers
from test_800_worker_fallback import H2, h2_tunnel
from wait import wait_until


def log(site, name="tunnels.log", count=1, timeout=10):
    """The lines of that log, once there are COUNT of them."""
    file = site.root / name

    def lines():
        return file.read_text().splitlines() if file.exists() else []

    found = wait_until(lambda: len(lines()) >= count and lines(), f"{name} has {count} lines", timeout, report=lines)
    assert len(found) == count, found
    return found


def tell(site, name="tunnels.log", count=1):
    return [json.loads(line) for line in log(site, name, count)]


def end(pair, code=1000, answer=1000):
    """The client closes with CODE, and the origin with ANSWER."""
    client, server = pair
    client.send_frame(frames.CLOSE, struct.pack(">H", code), masked=True)
    assert server.read_frame()[1] == frames.CLOSE
    server.send_frame(frames.CLOSE, struct.pack(">H", answer))
    assert client.read_frame()[1] == frames.CLOSE
    close_all([pair])


def test_the_combined_preset(legs):
    opened = legs("WSFlowLog tunnels.log")
    site = opened.site
    pair = opened.open(headers=[("Origin", "https://page.test"), ("User-Agent", "probe")])
    talk(*pair)
    end(pair, 4001, 1001)
    (line,) = log(site)
    (access,) = site.wait_access(" 101 ")
    number = re.search(r"id=([0-9a-f]{16})", access)[1]
    plain = re.fullmatch(
        rf'127\.0\.0\.1 - - \[[^\]]+\] "GET /plain HTTP/1\.1" 101 (\d+) "https://page\.test" "probe" {number} end closed '
        r'client (\d+\.\d{3}) (\d+\.\d{3}) (\d+) 1 1 4001 1001 - - - - localhost "/plain" "ws://127\.0\.0\.1:\d+/?"', line)
    assert plain, line
    assert 0 < int(plain[1]) < 100 and 0 < int(plain[4]) < 100
    assert float(plain[3]) < 20


def test_the_json_preset_and_tls(legs):
    opened = legs("WSFlowLog tunnels.log json")
    site = opened.site
    pair = opened.open(client_tls=True, origin_tls=True, headers=[("User-Agent", 'a "b"\\ c')])
    talk(*pair)
    client, server = pair
    server.send_frame(frames.CLOSE, struct.pack(">H", 3000))
    assert client.read_frame()[1] == frames.CLOSE
    close_all([pair])
    (told,) = tell(site)
    (access,) = site.wait_access(" 101 ")
    assert f"id={told['id']} " in access
    assert told["pid"] in processes.children(site.pid)
    wanted = {"event": "end", "client": "127.0.0.1", "server": "localhost", "port": site.https_port, "path": "/tls",
              "protocol": "HTTP/1.1", "page": None, "user_agent": 'a "b"\\ c', "subprotocol": None, "request_id": None,
              "route": "/tls", "mode": "engine", "generation": 0, "tls_client": "TLSv1.3", "tls_origin": "TLSv1.3",
              "messages_from_client": 1, "messages_from_origin": 1, "frames_from_client": 1,
              "frames_from_origin": 2, "close_from_client": None,
              "close_from_origin": 3000, "close_to_client": None, "rtt_client_ms": None, "ended_by": "origin",
              "outcome": "closed"}
    assert {key: told[key] for key in wanted} == wanted
    for key in ("time", "started"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told[key])
    assert told["started"] <= told["time"] and told["handshake_seconds"] >= 0


def test_a_format_and_hostile_values(legs):
    """The tunnel log escapes as the access log does; queries and users are there if they are asked for."""
    names = "%m %U%q %u %{X-A}i %{X-B}o %{SET}e %{nothing}n %{c}a"
    opened = legs(f'WSFlowLog tunnels.log "{names}"\nCustomLog hostile.log "{names}"\nSetEnv SET from-conf')
    site = opened.site
    hostile = 'quote " back \\ \xff\xc3\xa4 % %r %{x}i \t tab'
    client = opened.open(headers=[("X-A", hostile)])
    end(client)
    (line,) = log(site)
    access = wait_until(lambda: [entry for entry in (site.root / "hostile.log").read_text().splitlines()
                                 if "/plain" in entry], "the access log has it")
    assert [line] == access
    assert "\\xff\\xc3\\xa4" in line and '\\"' in line and "\\t" in line


def test_queries_and_json(legs, raw_client):
    opened = legs(plain_conf="WSFlowLog tunnels.log json", tls_conf='WSFlowLog asked.log "%r %q"')
    site = opened.site
    for tls, path in ((False, "/plain?secret=1"), (True, "/plain?secret=2")):
        client = raw_client(site, tls)
        client.send_handshake(path, [("User-Agent", "\xff\"' \xc3\xa4"), ("Origin", "https://a.test")])
        server = opened._origins[False].accept_tunnel()
        client.read_head()
        end((client, server))
    (told,) = tell(site)
    assert "secret" not in json.dumps(told)
    assert told["user_agent"] == "\ufffd\"' \xe4"
    assert log(site, "asked.log") == ["GET /plain HTTP/1.1 ?secret=2"]


def test_none_and_worker_threads(httpd, echo, certs, resources, connect):
    origin = echo(deflate=False)
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"', modules=["http2"], main="WSFlowLog tunnels.log json start=on",
                 plain_conf="WSFlowLog none", tls_conf=H2)
    site.log.expect("WSF0220", "WSF0075")
    with connect(site.url("ws", "/x")) as client:
        client.echo("hello")
    tunnel = h2_tunnel(site, certs, "/x", resources)
    tunnel.send_frame(frames.TEXT, b"hello")
    tunnel.read_frame()
    tunnel.send_frame(frames.CLOSE, struct.pack(">H", 1000))
    start, last = tell(site, count=2)
    assert (start["event"], start["mode"], start["outcome"]) == ("start", "worker", None)
    assert (last["event"], last["mode"], last["outcome"], last["id"]) == ("end", "worker", "closed", start["id"])
    assert (last["messages_from_client"], last["close_from_client"], last["protocol"]) == (1, 1000, "HTTP/2.0")
    assert last["ended_by"] == "client"
    assert last["tls_client"] == "TLSv1.3"


def test_start_and_every(legs):
    opened = legs("WSFlowLog tunnels.log json start=on every=1s")
    pair = opened.open()
    talk(*pair)
    start, alive = tell(opened.site, count=2)
    end(pair)
    last = tell(opened.site, count=3)[2]
    assert [line["event"] for line in (start, alive, last)] == ["start", "alive", "end"]
    assert len({line["id"] for line in (start, alive, last)}) == 1
    assert start["messages_from_client"] == 0 and alive["messages_from_client"] == 1
    assert 1 <= alive["duration_seconds"] < 3 and alive["outcome"] is None


@pytest.mark.bulk  # under a sanitizer its runtime waits, too
def test_lines_that_come_together_are_written_together(legs):
    opened = legs("WSFlowLog tunnels.log")
    site = opened.site
    pairs = [opened.open() for _ in range(200)]
    for pair in pairs:
        talk(*pair)
    child, before, began = site.child(), processes.waits(site.child(), "wsflow-log"), time.monotonic()
    for pair in pairs[1:]:
        close_all([pair])
        talk(*pairs[0])  # the loop has come round meanwhile
    log(site, count=len(pairs) - 1)
    # It sleeps 10 ms after each write, and until there is a line. Where there is no rest, it sleeps before most lines.
    assert processes.waits(child, "wsflow-log") - before <= 10 + 2 * (time.monotonic() - began) / 0.01


def test_pipes(legs):
    """The programs are no shells: Debian's does not start with the runtime of TSan, which they inherit."""
    opened = legs(start=False)
    site = opened.site
    site.write_conf(plain_conf=f"WSFlowLog \"|/usr/bin/tee -a {site.root}/piped.log\" json",
                    tls_conf=f'WSFlowLog "||/usr/bin/rotatelogs -n 1 {site.root}/rotated.log 86400" json')
    site.start()
    end(opened.open())
    end(opened.open(client_tls=True))
    assert tell(site, "piped.log")[0]["port"] == site.http_port
    assert tell(site, "rotated.log")[0]["port"] == site.https_port
    # After a reload a keeper's lines come through the new programs.
    pair = opened.open()
    site.graceful()
    (keeper,) = wait_keepers(site, 1)
    end(pair)
    assert tell(site, "piped.log", 2)[1]["pid"] == keeper


def test_a_rotated_file(legs):
    """As logrotate does it: a keeper writes to the new file, and so does the next one."""
    opened = legs("WSFlowLog tunnels.log json")
    site = opened.site
    first, second = opened.open(), opened.open(client_tls=True)
    end(opened.open())
    log(site)
    (site.root / "tunnels.log").rename(site.root / "tunnels.log.1")
    site.graceful()
    (keeper,) = wait_keepers(site, 1)
    end(first)
    (told,) = tell(site)
    assert (told["pid"], told["generation"], told["outcome"]) == (keeper, 0, "closed")
    # A log that is no more: the line is in the error log.
    site.write_conf(conf=opened.routes)
    site.graceful()
    end(second)
    (line,) = site.log.wait_for("WSF0190: ")
    assert f'{told["pid"]}' in line and "tunnels.log, which is no more" in line
    assert len(log(site)) == 1
    assert len((site.root / "tunnels.log.1").read_text().splitlines()) == 1


def test_tunnels_of_a_killed_process(legs):
    opened = legs("WSFlowLog tunnels.log json")
    site = opened.site
    ends = opened.open_all()
    for pair in ends:
        talk(*pair)
    site.status.wait_active(4)
    wait_until(lambda: all(c["messages_from_client"] == 1 for c in site.status.connections().values()), "rows are shown")
    rows = site.status.connections()
    (victim,) = {row["pid"] for row in rows.values()}
    site.log.allow("AH00052")
    os.kill(victim, signal.SIGKILL)
    lines = tell(site, count=4)
    for line in lines:
        row = rows.pop(line["id"])
        assert line["outcome"] == "process-lost" and line["pid"] == victim
        for key in ("client", "server", "route", "origin", "started", "generation"):
            assert line[key] == row[key], key
        assert (line["bytes_from_client"], line["messages_from_origin"]) == (row["bytes_from_client"], 1)
    assert not rows


def test_a_pipe_that_takes_nothing(legs):
    """Lines are lost, not the relay's time."""
    opened = legs(start=False)
    site = opened.site
    fields = "%{X}i" * 55
    site.write_conf(conf=f'{opened.routes}\nWSFlowLog "||/bin/sleep 1000" "{fields}"')
    site.log.expect("WSF0186: the tunnel log .* does not take lines as fast as they come: [0-9]+ lost")
    site.log.allow("WSF0185")
    site.start()
    for _ in range(100):
        pair = opened.open(headers=[("X", "x" * 1024)])
        close_all([pair])
    site.status.wait_active(0)
    site.log.wait_for("WSF0186")
    (lost,) = re.findall(r"^wsflow_log_lines_lost_total (\d+)", site.get("/wsflow-status?metrics").text, re.M)
    assert 0 < int(lost) < 100
    talk(*opened.open())


BAD = [
    ("WSFlowLog", "needs a file"),
    ('WSFlowLog "|"', "needs a file"),
    ("WSFlowLog a.log pretty", "pretty: unknown; expected combined, json"),
    ('WSFlowLog a.log "%a %Z"', "%Z: unknown; expected %% %a"),
    ('WSFlowLog a.log "%{colour}w"', "%{colour}w: unknown; expected %% %a"),
    ("WSFlowLog a.log json every=1ms", "every=1ms"),
    ("WSFlowLog a.log json start=perhaps", "start=perhaps"),
    ("WSFlowLog a.log json combined", "one format"),
    ("WSFlowLog none json", "none stands alone"),
    ("WSFlowLog a.log\nWSFlowLog b.log", "a tunnel log already"),
    ('<Location "/">\nWSFlowLog a.log\n</Location>', "not allowed in <Location>"),
]


@pytest.mark.parametrize("line,says", BAD, ids=[line.replace("\n", " ") for line, _ in BAD])
def test_nonsense_is_named(httpd, line, says):
    status, said = httpd(line, start=False).configtest()
    assert status != 0 and "WSFlowLog" in said and says in said, said


def test_a_file_that_cannot_be_opened(httpd):
    site = httpd("WSFlowLog missing/tunnels.log", start=False)
    site.log.expect("WSF0187: cannot open the tunnel log .*missing/tunnels.log")
    site.log.allow("AH00019")
    with pytest.raises(AssertionError, match="did not start"):
        site.start()

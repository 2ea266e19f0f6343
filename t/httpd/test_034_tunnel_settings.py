"""WSFlowTimeout, WSFlowPing, WSFlowMessageLimit and the buffers: what is wrong, and what contradicts itself, is named
by configtest; and until= ends handshakes whose session is over."""

import pathlib
import time

import pytest

import frames
from legs import talk
from wait import wait_until

ROUTE = "WSFlowPass /x ws://127.0.0.1:9/"

BAD = [
    ("WSFlowTimeout idle=soon", ["WSFlowTimeout idle=soon: idle= needs 0 (none) or a time from 10ms to 1000h"]),
    ("WSFlowTimeout breakfast=5s", ["WSFlowTimeout breakfast=5s: unknown; expected one or more of connect= handshake="]),
    ("WSFlowTimeout", ["WSFlowTimeout needs one or more of connect="]),
    ('WSFlowTimeout "until=%{NO_SUCH}"', ["WSFlowTimeout until=%{NO_SUCH}: until= needs", "'NO_SUCH' does not exist"]),
    ("WSFlowPing timeout=0", ["WSFlowPing timeout=0: timeout= needs a time from 10ms to 1h"]),
    ("WSFlowMessageLimit rate=5", ["WSFlowMessageLimit rate=5: rate= needs", "with /s"]),
    ("WSFlowMessageLimit from=client", ["WSFlowMessageLimit from= goes with frame="]),
    ("WSFlowBufferSize 64", ["WSFlowBufferSize 64: needs a number of bytes from 4k to 64M"]),
    ("WSFlowReceiveBufferSize -1", ["WSFlowReceiveBufferSize -1: needs 0 (the system's) or"]),
    ("WSFlowSendBufferSize 1G", ["WSFlowSendBufferSize 1G: needs 0 (the system's) or"]),
    (ROUTE + " ping-client=5y", ["WSFlowPass ws://127.0.0.1:9/: ping-client=5y: ping-client= needs"]),
    (ROUTE + ' until="%{NO_SUCH}"', ["WSFlowPass ws://127.0.0.1:9/: until=%{NO_SUCH}:", "'NO_SUCH' does not exist"]),
    (ROUTE + ' until="x', ["WSFlowPass until=x: a quote has no end"]),
    ("WSFlowMaxBuffered 1G", ["WSFlowMaxBuffered", "<VirtualHost>"]),
]


@pytest.mark.parametrize("line,words", BAD, ids=[line for line, _ in BAD])
def test_what_is_wrong_is_named(httpd, line, words):
    status, said = httpd(line, start=False).configtest()
    assert status != 0, said
    for word in words:
        assert word in said


def test_the_bound_of_a_child_is_named(httpd):
    status, said = httpd(main="WSFlowMaxBuffered 5k", start=False).configtest()
    assert status != 0
    assert "WSFlowMaxBuffered 5k: needs 0 (no bound) or a number of bytes from 1M to 1024G" in said


def test_what_makes_sense_is_accepted(httpd):
    everywhere = "\n".join([
        'WSFlowTimeout connect=1s handshake=2s idle=0 stall=1mi close=500ms lifetime=8h jitter=20% until="%{HTTP:X} "',
        "WSFlowPing client=30s origin=0 timeout=10s",
        "WSFlowMessageLimit frame=64k message=1M rate=100/s bytes=1M/s action=close from=client",
        "WSFlowMessageLimit message=16M from=origin",
        "WSFlowMessageLimit strict=on",
        "WSFlowBufferSize 128k",
        "WSFlowReceiveBufferSize 0",
        "WSFlowSendBufferSize 32K",
        ROUTE + " timeout=5 idle=5s ping-client=1s ping-timeout=1s buffer=4k frame=1k from=client until=none acquire=10",
    ])
    assert httpd(everywhere, main="WSFlowMaxBuffered 1G", start=False).configtest() == (0, "Syntax OK\n")


KERNEL_MOST = int(pathlib.Path("/proc/sys/net/core/wmem_max").read_text())
CONTRADICTIONS = {
    "a dead client is found too late": (
        "WSFlowTimeout idle=30s\nWSFlowPing client=20s timeout=10s",
        ["WSF0165", "httpd.conf:", "a dead client is found after 30s", '"WSFlowTimeout idle=1mi"']),
    "a dead origin of a route is found too late": (
        "WSFlowTimeout idle=1mi\n" + ROUTE + " ping-origin=2mi",
        ["WSF0165", "a dead origin is found after 140s", '"WSFlowTimeout idle=280s"']),
    "an idle time beyond the lifetime": (
        "WSFlowTimeout lifetime=10mi\n<Location /x>\nWSFlowTimeout idle=10mi\n</Location>",
        ["WSF0166", "the lifetime is 10mi", '"WSFlowTimeout idle=5mi"']),
    "a buffer that the kernel cuts": (
        f"WSFlowSendBufferSize {KERNEL_MOST + 4096}",
        ["WSF0168", f'"WSFlowSendBufferSize {KERNEL_MOST}"', f"net.core.wmem_max to {KERNEL_MOST + 4096}"]),
    "a buffer beyond its child": ("WSFlowBufferSize 40M", ["WSF0167", '"WSFlowMaxBuffered 320M"']),
}


@pytest.mark.parametrize("lines,words", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_what_contradicts_itself_is_told(httpd, lines, words):
    main = "WSFlowMaxBuffered 64M" if "Buffer" in lines else ""
    status, said = httpd(lines, main=main, start=False).configtest()
    assert status == 0
    for word in words:
        assert word in said


def test_what_is_inherited_is_told_once(httpd):
    lines = ("WSFlowTimeout idle=30s\nWSFlowPing client=30s\n<Location /x>\nWSFlowBufferSize 8k\n</Location>\n"
             "<Location /y>\nWSFlowPing client=0\n</Location>")
    assert httpd(main=lines, start=False).configtest()[1].count("WSF0165") == 1


def test_defaults_contradict_nothing(httpd):
    assert httpd("WSFlowTimeout idle=45s lifetime=46s", start=False).configtest() == (0, "Syntax OK\n")


def test_the_end_of_a_session_bounds_its_tunnels(httpd, raw_origin, raw_client, tunnel):
    origin = raw_origin()
    site = httpd(f'WSFlowTimeout until="%{{HTTP:X-End}}"\nWSFlowPass /x "{origin.url("/x")}"\n'
                 f'WSFlowPass /free "{origin.url("/x")}" until=none')

    def refused(end):
        client = raw_client(site)
        client.send_handshake("/x", headers=[("X-End", end)])
        return client.read_head().status

    site.log.expect(r'WSF0160: .* gave "tomorrow"', 'WSF0160: .* gave ""')
    assert refused(str(int(time.time()) - 5)) == 403
    assert site.log.lines("WSF0161")
    assert refused("tomorrow") == 500
    assert refused("") == 500
    assert site.status.refused() == {"expired": 1, "internal": 2}
    # The origin has seen none of them: these are its first.
    for path, end in [("/x", str(int(time.time()) + 3600)), ("/x", "none"), ("/free", "1")]:
        assert tunnel(site, origin, path, headers=[("X-End", end)])[1].head.get("x-end") == end


def test_the_innermost_setting_counts(httpd, raw_origin, tunnel):
    origin = raw_origin()
    routes = "\n".join(f'WSFlowPass /{name} "{origin.url("/")}" {keys}'
                       for name, keys in [("section", ""), ("route", "idle=300ms"), ("outer", "stall=1s")])
    site = httpd(f"WSFlowPing client=0\n{routes}\n<Location /section>\nWSFlowTimeout idle=300ms\n</Location>\n"
                 "<Location /route>\nWSFlowTimeout idle=2h\n</Location>", main="WSFlowTimeout idle=1h close=200ms")
    stays = tunnel(site, origin, "/outer")
    others = [tunnel(site, origin, path) for path in ("/section", "/route")]
    wait_until(lambda: site.status.ended() == {"idle-timeout": len(others)}, "the others have ended")
    talk(*stays)


def test_a_tunnel_ends_with_its_session(httpd, raw_origin, tunnel):
    origin = raw_origin()
    site = httpd(f'WSFlowTimeout until=%{{HTTP:X-End}} lifetime=1h close=200ms\nWSFlowPass /x "{origin.url("/x")}"')
    end = int(time.time()) + 2
    peers = tunnel(site, origin, "/x", headers=[("X-End", str(end))])
    wait_until(lambda: site.status.ended() == {"lifetime": 1}, "the tunnel has ended")
    assert time.time() >= end
    for peer, code in zip(peers, (1012, 1001)):
        assert peer.read_frame() == (True, frames.CLOSE, frames.code(code))

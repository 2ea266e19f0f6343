"""penalty=: who did what its tunnel does not allow is refused for a time; and clients that are refused again and again are
told to the operator."""

import re
import time

import pytest

import frames
from limited import Section, hang_up, refused
from wait import wait_until


@pytest.fixture
def section(httpd, raw_origin, resources):
    return lambda settings, conf="", **shape: Section(httpd, raw_origin, resources, settings, conf, **shape)


def shake(x, user="ann"):
    return x.shake(headers=[("X-User", user)])


def is_barred(x, user="ann"):
    client = shake(x, user)
    head = client.read_head()
    assert head.status == 503, head.raw
    assert head.get("wsflow-limit") == "x"
    return int(head.get("retry-after"))


def gets_in(x):
    client = shake(x)
    wait_until(lambda: client.readable() or not x.origin.untouched(), "the handshake is refused, or is at the origin")
    if x.origin.untouched():
        return False
    hang_up(x.tunnel(client)[0])
    return True


@pytest.mark.parametrize("limit", ["frame=100", "rate=1/s action=close", "strict=on"])
def test_a_client_that_breaks_a_rule_is_barred_for_a_while(section, limit):
    x = section('concurrency=9 "key=%{HTTP:X-User}" penalty=3s', f"WSFlowMessageLimit from=client {limit}"
                if limit != "strict=on" else "WSFlowMessageLimit strict=on")
    client, server = x.tunnel(shake(x))
    if limit == "strict=on":
        client.send(frames.encode(3, b"no such opcode", masked=True))
    else:
        for _ in range(4):
            client.send_frame(frames.TEXT, bytes(101), masked=True)
    assert client.read_frame()[1] == frames.CLOSE
    server.close()
    client.close()
    barred = time.monotonic()
    assert 1 <= is_barred(x) <= 60
    x.site.wait_access("refused=limit:x")
    assert refused(x.site) == {"penalty": 1}
    hang_up(x.tunnel(shake(x, "bob"))[0])
    # Then he gets in again.
    wait_until(lambda: gets_in(x), "the penalty is over", 10, pause=0.1)
    assert time.monotonic() - barred > 2
    assert x.limit()["penalty_ms"] == 3000


def test_who_only_leaves_is_not_barred(section):
    x = section('concurrency=9 "key=%{HTTP:X-User}" penalty=1h', "WSFlowMessageLimit frame=100")
    for end in ("hang_up", "reset", "origin too big"):
        client, server = x.tunnel(shake(x))
        if end == "hang_up":
            hang_up(client)
        elif end == "reset":
            client.reset()
        else:
            server.send_frame(frames.TEXT, bytes(101))
            assert client.read_frame()[1] == frames.CLOSE
            client.close()
        server.close()
    x.site.status.wait_active(0)
    x.tunnel(shake(x))
    assert refused(x.site) == {}


def test_configtest_wants_a_key(httpd):
    status, said = httpd("WSFlowLimit x concurrency=1 penalty=10s", start=False).configtest()
    assert status != 0 and "penalty= goes with key=" in said, said
    status, said = httpd('WSFlowLimit x concurrency=1 key=%{REMOTE_ADDR} penalty=10ms', start=False).configtest()
    assert status != 0 and "penalty= needs 0 (none) or a time from 1s to 24h" in said, said


def test_clients_that_are_refused_again_and_again_are_shown(section):
    x = section('concurrency=1 "key=%{HTTP:X-User}"')
    x.tunnel(shake(x))

    def loops():
        return x.site.status.json()["refused_loops"]
    assert loops() == {"refused": 0, "again": 0, "clients": 0, "again_by": {}, "worst": []}
    assert "Refused again and again</abbr>" not in x.site.get("/wsflow-status").text
    # A minute may end in between: then these come within the next one.
    for _ in range(2):
        for _ in range(14):
            is_barred(x)
        if loops()["clients"]:
            break
    told = loops()
    assert told["clients"] == 1 and told["again"] >= 11 and told["refused"] >= told["again"]
    assert told["again_by"] == {"limit": told["again"]}
    assert told["worst"] == [{"client": "127.0.0.1", "refused": told["again"], "reason": "limit"}]
    page = x.site.get("/wsflow-status").text
    assert "Refused again and again</abbr>" in page
    assert re.search(r"of \d+ in a minute \d+ came from 1 address", page)
    assert x.site.status.json()["tunnels"]["refused_again"] >= told["again"] - 10
    assert int(x.site.status.auto()["WSFlowRepeatedRefusals"]) >= told["again"] - 10

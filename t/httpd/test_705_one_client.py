"""One client: ?client=, ?user=, ?limit=&key= have all that is known of it, as page and as JSON."""

import json
import urllib.parse

import pytest

from limited import Section, wait_counts

HOSTILE = "<script>alert(1)</script>\"'&"


@pytest.fixture
def x(httpd, raw_origin, resources):
    return Section(httpd, raw_origin, resources, "concurrency=2 queue=5 acquire=50s key=%{REMOTE_ADDR}",
                   conf='WSFlowLimit all concurrency=50\n<Location "/x">\nWSFlowLimit all\n</Location>')


def one(site, **query):
    return site.status.json("&" + urllib.parse.urlencode(query))["one_client"]


def page(site, **query):
    answer = site.get("/wsflow-status?" + urllib.parse.urlencode(query))
    assert answer.status == 200
    return answer.text


def test_an_address_has_its_tunnels_limits_and_refusals(x):
    for _ in range(2):
        x.tunnel()
    x.ask()
    wait_counts(x.site, waiting=1)
    told = one(x.site, client="127.0.0.1")
    assert (told["client"], told["tunnels"], told["summed"]) == ("127.0.0.1", 2, 2)
    assert told["unkeyed_limits"] == [{"limit": "all", "in_use": 2}]
    (held,) = told["limits"]
    assert {key: held[key] for key in ("limit", "key", "permits", "in_use", "waiting", "barred_s")} == {
        "limit": "x", "key": "127.0.0.1", "permits": 2, "in_use": 2, "waiting": 1, "barred_s": 0}
    assert [each["refused"] for each in told["refused_lately"]] == [0, 0]
    broken = x.client()
    broken.send_handshake("/y", drop=["Sec-WebSocket-Key"])
    broken.read_head()
    assert one(x.site, client="::ffff:127.0.0.1") == one(x.site, client="127.0.0.1"), "both are one address"
    text = page(x.site, client="127.0.0.1")
    assert '<section id="client">' in text and "2 permits of limit all, which has no keys" in text
    other = one(x.site, client="192.0.2.1")
    assert (other["tunnels"], other["limits"], other["unkeyed_limits"]) == (0, [], [])
    assert "It holds no permit of a limit" in page(x.site, client="192.0.2.1")
    assert x.site.status.json()["one_client"] is None and '<section id="client">' not in page(x.site)


def test_refusals_of_an_address_are_told_for_two_minutes(httpd, raw_origin, raw_client):
    site = httpd(f'WSFlowPass /x "{raw_origin().url("/x")}"')
    for _ in range(3):
        client = raw_client(site)
        client.send_handshake("/x", drop=["Sec-WebSocket-Key"])
        assert client.read_head().status == 400
    lately = one(site, client="127.0.0.1")["refused_lately"]
    assert sum(each["refused"] for each in lately) == 3  # a minute may end in between
    assert "bad-key" in {each["reason"] for each in lately}
    assert "the last for" in page(site, client="127.0.0.1")
    assert one(site, user="nobody")["refused_lately"] is None


def test_a_key_has_the_tunnels_that_hold_its_permits(x):
    x.tunnel()
    x.site.status.wait_active(1)
    told = x.site.status.json("&limit=x&key=127.0.0.1")
    assert told["connections_matched"] == 1 and told["one_client"]["tunnels"] == 1
    for query in ({"limit": "x", "key": "192.0.2.1"}, {"limit": "none", "key": "127.0.0.1"}, {"limit": "all", "key": "a"}):
        none = x.site.status.json("&" + urllib.parse.urlencode(query))
        assert none["connections_matched"] == 0 and none["one_client"]["limits"] == [], query
    assert "127.0.0.1 of limit x" in page(x.site, limit="x", key="127.0.0.1")
    for query in ("limit=x", "key=127.0.0.1"):
        answer = x.site.get("/wsflow-status?" + query)
        assert answer.status == 400 and "key and limit go together" in answer.text


def test_what_is_asked_for_is_text_and_nothing_else(x):
    for query in ({"client": HOSTILE}, {"user": HOSTILE}, {"limit": HOSTILE, "key": HOSTILE}, {"limit": "x", "key": HOSTILE}):
        text = page(x.site, **query)
        assert "<script>alert" not in text and "&lt;script&gt;" in text, query
        told = x.site.get("/wsflow-status?json&" + urllib.parse.urlencode(query))
        assert json.loads(told.body)["one_client"]["tunnels"] == 0

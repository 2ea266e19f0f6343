"""key=: each value has permits of its own, whatever clients make of it."""

import os

import pytest

from limited import Section, answer, read_answer, refused, status_of


@pytest.fixture
def section(httpd, raw_origin, resources):
    return lambda settings, conf="", **shape: Section(httpd, raw_origin, resources, settings, conf, **shape)


def test_each_key_has_its_own_permits(section):
    x = section('concurrency=1 "key=%{HTTP_COOKIE}"')
    ends = {who: x.enter(headers=[("Cookie", who)]) for who in ("ann=1", "bob=1")}
    x.refusal(headers=[("Cookie", "ann=1")])
    answer(ends["ann=1"][1])
    assert status_of(ends["ann=1"][0]) == 200
    x.wait(in_use=1)
    x.enter(headers=[("Cookie", "ann=1")])
    x.refusal(headers=[("Cookie", "bob=1")])
    assert {key["in_use"] for key in x.limit()["top_keys"]} == {1}


def test_an_empty_key_is_not_limited(section):
    x = section('concurrency=1 "key=%{HTTP:X-User}"')
    ends = [x.enter() for _ in range(3)]
    x.enter(headers=[("X-User", "ann")])
    x.refusal(headers=[("X-User", "ann")])
    for client, server in ends:
        answer(server)
        assert status_of(client) == 200
    x.wait(in_use=1)


def test_keys_of_8_kilobytes_and_any_bytes(section):
    x = section('concurrency=1 "key=%{HTTP:X-Key}" show-key=on')
    value = bytes(byte for byte in os.urandom(16_000) if byte > 0x20 and byte != 0x7F)[:8000].decode("latin-1")
    other = value[:-1] + ("a" if value[-1] == "b" else "b")
    x.enter(headers=[("X-Key", value)])
    x.refusal(headers=[("X-Key", value)])
    x.enter(headers=[("X-Key", other)])
    told = x.limit()
    assert told["in_use"] == 2 and told["keys"] == 2
    assert x.site.get("/wsflow-status").status == 200


def test_addresses_of_one_ipv6_network_are_one_key(section):
    x = section('concurrency=1 "key=%{REMOTE_ADDR}" ipv6-prefix=64', "RemoteIPHeader X-Client\n"
                "RemoteIPInternalProxy 127.0.0.1", modules=["remoteip"])
    x.enter(headers=[("X-Client", "2001:db8:0:1::1")])
    x.refusal(headers=[("X-Client", "2001:db8:0:1:ffff::2")])
    for address in ("2001:db8:0:2::1", "192.0.2.1", "192.0.2.2"):
        x.enter(headers=[("X-Client", address)])
    x.refusal(headers=[("X-Client", "192.0.2.2")])
    told = {key.get("key"): key["refused"] for key in x.limit()["top_keys"]}
    assert told["192.0.2.2"] == 1


@pytest.mark.parametrize("full", ["open", "closed"])
def test_when_there_is_no_room_for_another_key(section, full):
    x = section(f'concurrency=1 "key=%{{HTTP:X-Key}}" keys=2 full={full}')
    ends = [x.enter(headers=[("X-Key", key)]) for key in "ab"]
    if full == "open":
        x.enter(headers=[("X-Key", "c")])
        assert x.limit()["keys_ignored"] == 1
    else:
        x.refusal(headers=[("X-Key", "c")])
        assert refused(x.site) == {"keys-full": 1}
    answer(ends[0][1])
    assert status_of(ends[0][0]) == 200
    x.wait(in_use=1)
    # The key that holds nothing makes room; the one that holds does not.
    x.enter(headers=[("X-Key", "d")])
    x.refusal(headers=[("X-Key", "b")])
    x.refusal(headers=[("X-Key", "d")])


def test_clients_are_told_apart_behind_a_common_limit(section):
    """A queue for all, and two permits for each: who has used up his own does not delay the others."""
    x = section("concurrency=3", '<Location "/x">\nWSFlowLimit each concurrency=1 "key=%{HTTP:X-User}" queue=5 acquire=20s\n'
                "</Location>", main="AsyncRequestWorkerFactor 8")
    ann = x.enter(headers=[("X-User", "ann")])
    waiting = x.ask("/x/second", [("X-User", "ann")])
    from_bob = x.enter("/x/bob", [("X-User", "bob")])
    answer(from_bob[1])
    assert status_of(from_bob[0]) == 200
    answer(ann[1])
    assert status_of(ann[0]) == 200
    server = x.arrived()
    assert server.head.path.endswith("/second")
    answer(server)
    assert read_answer(waiting)[0].status == 200
    x.wait(in_use=0)

"""rate=, burst=, ramp=: how many come in a second, whatever herd stands outside."""

import time

import pytest

from limited import REFUSES, Section, answer, limits, refused, status_of, write_page
from wait import wait_until


@pytest.fixture
def section(httpd, raw_origin, resources):
    return lambda settings, conf="", **shape: Section(httpd, raw_origin, resources, settings, conf, **shape)


def page(httpd, settings, **shape):
    site = httpd(f'<Location "/page">\nWSFlowLimit x {settings}\n</Location>', start=False, **shape)
    write_page(site, "page", "a page\n")
    site.start()
    site.log.allow(REFUSES)
    return site


def test_a_burst_passes_and_then_the_pace_rules(httpd):
    site = page(httpd, "rate=10/m burst=3", children=2)
    assert [site.get("/page").status for _ in range(5)] == [200, 200, 200, 503, 503]
    assert refused(site) == {"rate": 2}
    # The next one is due within 6 seconds; who asks is told so, and spread out.
    assert 1 <= int(site.get("/page").headers["retry-after"]) <= 14


def test_the_pace_is_kept(httpd):
    site = page(httpd, "rate=20/s burst=1", children=2)
    start = time.monotonic()
    passed = 0
    while passed < 11:
        passed += site.get("/page").status == 200
    taken = time.monotonic() - start
    assert taken >= 10 / 20
    assert limits(site)["x"]["admitted"] == 11


def test_who_waits_is_let_in_at_the_pace_and_in_order(section):
    x = section("rate=20/s burst=1 queue=20 acquire=20s", main="AsyncRequestWorkerFactor 8", children=2)
    start = time.monotonic()
    ends = [x.enter("/x/0")]
    clients = [x.ask(f"/x/{number}") for number in range(1, 11)]
    ends += [(None, x.arrived()) for _ in clients]
    taken = time.monotonic() - start
    assert taken >= 10 / 20
    for _, server in ends:
        answer(server)
    for client in (ends[0][0], *clients):
        assert status_of(client) == 200
    x.wait(in_use=0, waiting=0, admitted=11)


def test_the_pace_ramps_up_after_a_start(httpd):
    site = page(httpd, "rate=1000/s burst=1 ramp=2s")
    shares = []

    def share():
        shares.append(limits(site)["x"]["ramp_share"])
        return shares[-1] == 1

    wait_until(share, "the ramp is over", 10)
    assert 0.1 <= shares[0] < 1 and shares == sorted(shares)


def test_one_key_does_not_use_up_the_pace_of_another(httpd):
    site = page(httpd, 'rate=1/m burst=1 "key=%{HTTP:X-User}"')
    statuses = [site.get("/page", {"X-User": who}).status for who in ("ann", "bob", "ann", "bob", "cat")]
    assert statuses == [200, 200, 503, 503, 200]

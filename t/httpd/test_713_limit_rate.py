"""rate=, burst=, ramp=: how many come in a second, whatever herd stands outside."""

import http.client
import signal
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


def test_a_ramp_goes_on_over_a_reload_and_begins_with_a_restart(httpd):
    site = page(httpd, "rate=1000/s burst=1 ramp=12s")

    def share():
        return limits(site)["x"]["ramp_share"]

    wait_until(lambda: share() > 0.4, "the rate has grown")
    site.graceful()
    assert share() > 0.4
    generation = site.generation()
    site.signal(signal.SIGHUP)

    def restarted():
        try:
            return site.generation() > generation
        except (OSError, http.client.HTTPException):
            return False

    wait_until(restarted, "httpd has restarted")
    assert share() < 0.4


def raise_by_an_operator(site):
    assert site.status.act(name="x", rate="1000/s").status == 200


def raise_by_a_reload(site):
    conf = site.root / "httpd.conf"
    conf.write_text(conf.read_text().replace("rate=1/m", "rate=1000/s"))
    site.graceful()


@pytest.mark.parametrize("raise_it", [raise_by_an_operator, raise_by_a_reload])
def test_a_rate_that_was_raised_counts_for_those_who_wait_for_the_old_one(httpd, raise_it):
    site = page(httpd, 'rate=1/m burst=1 "key=%{HTTP:X-User}"')
    users = ("ann", "bob", "cat")
    for status in (200, 503):
        assert [site.get("/page", {"X-User": who}).status for who in users] == [status] * 3
    raise_it(site)
    assert [site.get("/page", {"X-User": who}).status for who in users] == [200] * 3


def test_who_comes_too_early_by_an_hour_is_told_so(httpd):
    site = page(httpd, "rate=1/h burst=1")
    assert site.get("/page").status == 200
    told = {int(site.get("/page").headers["retry-after"]) for _ in range(20)}
    assert 3500 < min(told) and max(told) <= 3660
    assert len(told) > 1

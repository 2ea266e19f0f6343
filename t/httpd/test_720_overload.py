"""The example: 60 requests a second for an origin that needs a second each, and 20 permits."""

import json
import re
import statistics

import pytest

from limited import REFUSES, refused, wait_counts
from open_load import offer, quantile, times
from slow_origin import SlowOrigin
from wait import seconds

RATE, PERMITS, DURATION = 60, 20, 3
STATUS, PAGE, LIMITS = "/server-status?auto", "/index.html", "/wsflow-status?json"

# Paces and times of a slow build say nothing.
pytestmark = pytest.mark.bulk


@pytest.fixture
def slow(httpd, resources):
    """An httpd of 25 threads in front of a slow origin, with a limit."""
    def make(settings):
        origin = SlowOrigin(1000)
        resources.append(origin)
        site = httpd(f'<Location "/x">\nWSFlowLimit x concurrency={PERMITS} {settings}\n</Location>\n'
                     f'ProxyPass /x "{origin.url("/x")}" disablereuse=on', main="AsyncRequestWorkerFactor 16")
        site.log.allow(REFUSES)
        return site, origin
    return make


def fast_as_before(before, loaded, path):
    quiet, busy = (statistics.median(times(seen.looks[path])) for seen in (before, loaded))
    assert all(answer.status == 200 for answer in loaded.looks[path])
    assert busy < 2 * quiet + seconds(0.005), f"{path}: {1000 * quiet:.1f} ms, under load {1000 * busy:.1f} ms"


def test_the_rest_is_refused_at_once(slow):
    site, origin = slow("")
    before = offer(site.http_port, "/x", 0, 1, (STATUS, PAGE))
    loaded = offer(site.http_port, "/x", RATE, DURATION, (STATUS, PAGE))
    admitted, turned_away = loaded.of(200), loaded.of(503)
    assert len(admitted) + len(turned_away) == len(loaded.answers)
    # 20 at a time, and each permit is taken again as soon as it is free.
    assert PERMITS * DURATION * 0.85 <= len(admitted) <= PERMITS * DURATION
    assert origin.take()["peak"] == PERMITS
    for answer in turned_away:
        assert answer.headers["wsflow-limit"] == "x" and answer.headers["cache-control"] == "no-store"
        assert 1 <= int(answer.headers["retry-after"]) <= 120
    late = quantile(times(turned_away), 0.99)
    assert late < 0.05 + loaded.lag, f"{1000 * late:.0f} ms, lag {1000 * loaded.lag:.0f} ms"
    for path in (STATUS, PAGE):
        fast_as_before(before, loaded, path)
    assert refused(site) == {"concurrency": len(turned_away)}
    wait_counts(site, in_use=0)


def test_a_queue_holds_no_worker(slow):
    site, origin = slow("queue=40 acquire=2s")
    before = offer(site.http_port, "/x", 0, 1, (STATUS, PAGE))
    loaded = offer(site.http_port, "/x", RATE, DURATION, (STATUS, PAGE, LIMITS))
    assert len(loaded.of(200)) + len(loaded.of(503)) == len(loaded.answers)
    # Those that wait at the end are still served, or told after 2 s.
    assert PERMITS * (DURATION + 1) <= len(loaded.of(200)) <= PERMITS * (DURATION + 2) + 1
    assert origin.take()["peak"] == PERMITS
    longest = max(times(loaded.of(503)))
    assert longest < 2.2 + loaded.lag, f"{longest:.2f} s, lag {1000 * loaded.lag:.0f} ms"
    waiting = [json.loads(answer.body)["limits"][0]["waiting"] for answer in loaded.looks[LIMITS]]
    assert max(waiting) == 40
    busy = [int(re.search(rb"BusyWorkers: (\d+)", answer.body)[1]) for answer in loaded.looks[STATUS]]
    # Those inside, the three that look on, and a few that are being refused just then.
    assert max(busy) <= PERMITS + 5, busy
    for path in (STATUS, PAGE):
        fast_as_before(before, loaded, path)
    assert set(refused(site)) <= {"queue-full", "timeout"}
    wait_counts(site, in_use=0, waiting=0)

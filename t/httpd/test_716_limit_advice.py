"""What the status advises, and what concurrency=auto does by itself."""

import json
import statistics

import pytest

from limited import REFUSES, limits, refused, wait_counts
from open_load import offer, times
from slow_origin import SlowOrigin

STATUS = "/wsflow-status?json"

# Paces and times of a slow build say nothing.
pytestmark = pytest.mark.bulk


@pytest.fixture
def slow(httpd, resources):
    def make(settings, **shape):
        origin = SlowOrigin()
        resources.append(origin)
        site = httpd(f'<Location "/x">\nWSFlowLimit x {settings}\n</Location>\n'
                     f'ProxyPass /x "{origin.url("/x")}" disablereuse=on', **shape)
        site.log.allow(REFUSES)
        return site
    return make


@pytest.mark.parametrize("permits", [50, 5])
def test_the_measured_need_is_that_of_littles_law(slow, permits):
    """With more permits than needed it is what is inside on average; with fewer, what would be."""
    site = slow(f"concurrency={permits}", threads=60)
    rate = 50
    loaded = offer(site.http_port, "/x?ms=200", rate, 3, (STATUS,))
    truth = rate * statistics.mean(times(loaded.of(200)))
    (told,) = json.loads(loaded.looks[STATUS][-1].body)["limits"]
    assert abs(told["measured"]["need"] - truth) < 0.1 * truth, (told["measured"], truth)
    assert bool(refused(site)) == (permits == 5)


def test_auto_takes_permits_away_from_a_slow_origin_and_gives_them_back(slow):
    site = slow("concurrency=auto min=2 max=20", threads=50)

    def now():
        return limits(site)["x"]["concurrency"]["now"]

    def load_until(path, rate, moved):
        start = now()
        for _ in range(12):
            offer(site.http_port, path, rate, 1.1)
            if moved(start, now()):
                return
        pytest.fail(f"{path}: {start} permits, then {now()}: {limits(site)['x']}")

    offer(site.http_port, "/x?ms=100", 20, 2.2)  # little load: it learns what is usual
    load_until("/x?ms=400", 100, lambda start, end: end < start)
    load_until("/x?ms=100", 150, lambda start, end: end > start)
    assert 2 <= now() <= 20
    wait_counts(site, in_use=0)

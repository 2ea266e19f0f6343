"""A reload of a valid configuration ends neither httpd nor a tunnel, whatever stands in its way."""

import shutil

import pytest

from legs import close_all, talk
from limited import REFUSES, limits, read_answer, request, status_of
from network import needs_root
from shared_segment import SharedSegment
from wait import wait_until

LIMITS = 70


def limited_places(origin, prefix):
    """LIMITS places with a limit each, named after PREFIX."""
    return "\n".join(f'<Location "/{number}">\n  WSFlowLimit {prefix}-{number} concurrency=1\n</Location>\n'
                     f'WSFlowPass /{number} "{origin.url("/x", "http")}" disablereuse=on'
                     for number in range(LIMITS))


def test_limits_that_are_held_and_renamed_again_and_again(httpd, raw_origin, raw_client, tunnel):
    origin = raw_origin()
    site = httpd(limited_places(origin, "r0"))
    site.log.allow(REFUSES)
    ends = []
    for generation in range(5):
        ends += [tunnel(site, origin, f"/{number}/ws") for number in range(LIMITS)]
        for number in (0, LIMITS - 1):
            client = raw_client(site)
            client.send(request(f"/{number}"))
            head, _ = read_answer(client)
            assert (head.status, head.get("wsflow-limit")) == (503, f"r{generation}-{number}")
        site.write_conf(conf=limited_places(origin, f"r{generation + 1}"))
        assert site.configtest()[0] == 0
        site.graceful()
        talk(*ends[-1])
    assert site.running()
    for pair in ends:
        talk(*pair)
    told = limits(site)
    assert sum(limit["in_use"] for limit in told.values()) == len(ends)
    # There is no room for the names of all that are held.
    assert told["(retired)"]["in_use"] > 0 and not told["(retired)"]["configured"]
    assert told["r4-0"]["in_use"] == 1
    close_all(ends)
    wait_until(lambda: sum(limit["in_use"] for limit in limits(site).values()) == 0, "all permits are back")


@needs_root
def test_the_lock_of_the_limits_is_held_by_a_process_that_does_not_run(httpd, raw_origin, raw_client, tunnel):
    origin = raw_origin()
    conf = (f'<Location "/x">\n  WSFlowLimit x concurrency=1\n</Location>\n'
            f'WSFlowPass /x "{origin.url("/x", "http")}" disablereuse=on\nWSFlowPass /free "{origin.url("/x", "http")}"')
    site = httpd(conf)
    site.log.allow(REFUSES)
    first = tunnel(site, origin, "/x/ws")
    free = tunnel(site, origin, "/free/ws")
    segment = SharedSegment(site)

    def ask():
        client = raw_client(site)
        client.send(request("/x"))
        return status_of(client)

    with segment.locked_limits():
        site.write_conf(conf=conf.replace(" x concurrency=1", " y concurrency=1"))
        site.graceful()
        site.log.expect("crit.*WSF0200")
        for pair in (first, free):
            talk(*pair)
        assert ask() == 503
        assert ask() == 503
        assert site.get("/").status == 200
        talk(*tunnel(site, origin, "/free/ws"))
    segment.close()
    # The next request finds the limits, and is counted.
    talk(*tunnel(site, origin, "/x/ws"))
    assert ask() == 503
    assert site.log.lines("WSF0201")
    told = limits(site)
    assert (told["x"]["in_use"], told["y"]["in_use"]) == (1, 1)


def test_a_tunnel_log_that_cannot_be_opened_any_more(httpd, raw_origin, tunnel):
    origin = raw_origin()
    folder = "lines"
    conf = f'WSFlowLog {folder}/tunnels.log\nWSFlowPass /x "{origin.url("/x")}"'
    site = httpd(conf, start=False)
    (site.root / folder).mkdir()
    site.start()
    first = tunnel(site, origin, "/x")
    shutil.rmtree(site.root / folder)
    site.log.expect("crit.*WSF0187")
    site.log.allow("WSF0186", "WSF0189")
    site.graceful()
    second = tunnel(site, origin, "/x")
    for pair in (first, second):
        talk(*pair)
    close_all([second])
    wait_until(lambda: "wsflow_log_lines_lost_total 0" not in site.get("/wsflow-status?metrics").text,
               "the line is counted as lost")
    # It comes back with its folder.
    (site.root / folder).mkdir()
    site.graceful()
    close_all([tunnel(site, origin, "/x"), first])
    wait_until((site.root / folder / "tunnels.log").read_text, "the log has lines")


@pytest.mark.parametrize("mpm", ["worker", "prefork"])
def test_limits_are_in_force_in_every_mpm_after_a_reload(httpd, raw_origin, raw_client, tunnel, mpm):
    origin = raw_origin()
    conf = (f'<Location "/x">\n  WSFlowLimit x concurrency=1\n</Location>\n'
            f'WSFlowPass /x "{origin.url("/x", "http")}" disablereuse=on')
    site = httpd(conf, mpm=mpm)
    site.log.allow(REFUSES, "WSF0081", "WSF0075")
    for generation in range(2):
        pair = tunnel(site, origin, "/x/ws")
        client = raw_client(site)
        client.send(request("/x"))
        assert status_of(client) == 503
        close_all([pair])
        wait_until(lambda: limits(site)["x"]["in_use"] == 0, "the permit is back")
        if generation == 0:
            site.graceful()

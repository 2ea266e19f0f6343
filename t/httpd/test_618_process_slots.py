"""Every child finds a place in the shared memory; one that found none would let nothing pass that is limited."""

from legs import talk
from limited import REFUSES, limits, read_answer, request, status_of
from network import needs_root
from shared_segment import SharedSegment

# More than were ever given out by the configuration: 64 + 8 * ServerLimit, once.
MANY = 300


def limited(origin):
    return (f'<Location "/x">\n  WSFlowLimit x concurrency=1\n</Location>\n'
            f'WSFlowPass /x "{origin.url("/x", "http")}" disablereuse=on\nWSFlowPass /free "{origin.url("/x", "http")}"')


def ask(raw_client, site, path):
    client = raw_client(site)
    client.send(request(path))
    return status_of(client)


@needs_root
def test_a_child_beside_many_keepers_enforces_limits(httpd, raw_origin, raw_client, tunnel):
    origin = raw_origin()
    site = httpd(limited(origin))
    site.log.allow(REFUSES)
    before = tunnel(site, origin, "/free/ws")
    segment = SharedSegment(site)
    segment.take_free_slots(MANY)
    segment.close()
    site.graceful()
    pair = tunnel(site, origin, "/x/ws")
    assert ask(raw_client, site, "/x") == 503
    assert limits(site)["x"]["refused_by"]["concurrency"] == 1
    # Operators see both, and their orders reach them.
    assert site.status.act(action="close", route="/x").status == 200
    pair[0].read_until_closed()
    talk(*before)
    assert site.status.act(action="close", route="/free").status == 200
    before[0].read_until_closed()


@needs_root
def test_where_the_living_have_all_slots_nothing_passes_uncounted(httpd, raw_origin, raw_client, tunnel):
    origin = raw_origin()
    site = httpd(limited(origin))
    site.log.allow(REFUSES)
    site.log.expect("crit.*WSF0010")
    site.log.expect("warn.*WSF0202")
    before = tunnel(site, origin, "/free/ws")
    segment = SharedSegment(site)
    segment.take_free_slots(segment.slots)
    segment.close()
    site.graceful()
    assert ask(raw_client, site, "/x") == 503
    client = raw_client(site)
    client.send_handshake("/free/ws")
    head, _ = read_answer(client)
    assert head.status == 503 and int(head.get("retry-after")) > 0
    assert site.get("/").status == 200
    talk(*before)
    # The child of before is a keeper, and in reach.
    (row,) = site.status.json()["connections"]
    assert row["kind"] == "keeper"
    assert site.status.act(action="close", id=row["id"]).status == 200
    before[0].read_until_closed()

"""queue= and acquire=: first come first served over all children, bounded, and no thread is held meanwhile."""

import os
import re
import resource
import signal
import time

import pytest

from limited import KILLED, Section, answer, limits, read_answer, refused, request, status_of, wait_counts
from wait import seconds, wait_until


# As the start-up check asks for.
QUEUES = {"main": "AsyncRequestWorkerFactor 30"}


@pytest.fixture
def section(httpd, raw_origin, resources):
    return lambda settings, conf="", **shape: Section(httpd, raw_origin, resources, settings, conf, **QUEUES | shape)


def finish(pair):
    client, server = pair
    answer(server)
    assert status_of(client) == 200


def serve(x, clients):
    """Answers those that wait in turn; the order in which they came in."""
    order = []
    for client in clients:
        server = x.arrived()
        order.append(int(server.head.path.rsplit("/", 1)[1]))
        answer(server)
    return order


def busy_workers(site):
    return int(re.search(r"^BusyWorkers: (\d+)", site.get("/server-status?auto").text, re.M)[1])


@pytest.mark.since(2, 4, 63)
def test_first_come_first_served_across_children(section):
    x = section("concurrency=1 queue=20 acquire=30s", children=2, threads=3)
    first = x.enter()
    waiting = x.queue_up(12)
    finish(first)
    assert serve(x, waiting) == list(range(12))
    assert [status_of(client) for client in waiting] == [200] * 12
    x.wait(in_use=0, waiting=0, waited=12)


@pytest.mark.since(2, 4, 63)
@pytest.mark.parametrize("tls", [False, True])
def test_waiting_holds_no_thread_and_delays_nobody_else(section, certs, tls):
    x = section("concurrency=1 queue=40 acquire=30s", threads=4)
    first = x.enter()
    waiting = x.queue_up(30, tls=certs.client_context() if tls else None)
    for _ in range(5):
        start = time.monotonic()
        assert x.site.get("/").status == 200
        assert time.monotonic() - start < seconds(2)
    # The one inside, and the one that asks; another may just be ending.
    wait_until(lambda: busy_workers(x.site) <= 2, "no worker is held", 10, report=lambda: busy_workers(x.site))
    finish(first)
    assert serve(x, waiting) == list(range(30))
    assert [status_of(client) for client in waiting] == [200] * 30


def test_who_waits_too_long_is_refused_in_time(section):
    x = section("concurrency=1 queue=5 acquire=300ms")
    x.enter()
    start = time.monotonic()
    head = x.refusal()
    taken = time.monotonic() - start
    assert 0.3 <= taken < seconds(2)
    assert head.get("retry-after") and head.get("cache-control") == "no-store"
    assert refused(x.site) == {"timeout": 1}
    assert x.origin.untouched()
    x.wait(in_use=1, waiting=0)


def test_a_full_queue_refuses_at_once(section):
    x = section("concurrency=1 queue=2 acquire=30s")
    first = x.enter()
    waiting = x.queue_up(2)
    start = time.monotonic()
    x.refusal()
    assert time.monotonic() - start < seconds(2)
    assert refused(x.site) == {"queue-full": 1}
    finish(first)
    assert serve(x, waiting) == [0, 1]


@pytest.mark.parametrize("end", ["close", "reset"])
def test_who_leaves_costs_nothing(section, end):
    x = section("concurrency=1 queue=5 acquire=50s")
    first = x.enter()
    one, two, three = x.queue_up(3)
    getattr(two, end)()
    x.wait(waiting=2)
    assert refused(x.site) == {"client-gone": 1}
    finish(first)
    assert serve(x, (one, three)) == [0, 2]
    assert status_of(one) == status_of(three) == 200
    x.wait(in_use=0, waiting=0)


def test_a_connection_that_has_waited_is_kept(section, certs):
    x = section("concurrency=1 queue=5 acquire=30s")
    for tls in (None, certs.client_context()):
        first = x.enter()
        client = x.queue_up(1, tls=tls)[0]
        finish(first)
        for number in range(2):
            server = x.arrived()
            answer(server, b"answer %d" % number)
            head, body = read_answer(client)
            assert (head.status, body) == (200, b"answer %d" % number)
            x.wait(in_use=0)
            if number == 0:
                client.send(request("/x/again"))
        client.close()


def test_a_request_with_a_body_waits(section, certs):
    x = section("concurrency=1 queue=5 acquire=30s")
    body = bytes(range(256)) * 400
    for tls in (None, certs.client_context()):
        first = x.enter()
        client = x.client(tls)
        whole = request("/x/0", method="POST", body=body)
        client.send(whole[:-50_000])
        x.wait(waiting=1)
        client.send(whole[-50_000:])
        finish(first)
        server = x.arrived()
        assert server.read(len(body)) == body
        answer(server, b"taken")
        assert read_answer(client)[1] == b"taken"
        x.wait(in_use=0)


def test_a_body_that_its_client_holds_back(section):
    """The client waits for 100 Continue, and mod_reqtimeout does not count while the request waits for its permit."""
    x = section("concurrency=1 queue=5 acquire=30s", "RequestReadTimeout header=1 body=1", modules=["reqtimeout"])
    first = x.enter()
    client = x.ask("/x/0", [("Expect", "100-continue"), ("Content-Length", "4")], method="POST")
    x.wait(waiting=1)
    assert client.stays_silent(1.5)
    finish(first)
    server = x.arrived()
    server.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert client.read_head().status == 100
    client.send(b"body")
    assert server.read(4) == b"body"
    answer(server)
    assert status_of(client) == 200


def test_a_request_behind_one_that_waits_on_the_same_connection(section):
    x = section("concurrency=1 queue=5 acquire=30s")
    first = x.enter()
    client = x.client()
    client.send(request("/x/0") + request("/index.html"))
    x.wait(waiting=1)
    finish(first)
    answer(x.arrived(), b"first")
    assert read_answer(client)[1] == b"first"
    assert read_answer(client)[1] == b"an ordinary page\n"


@pytest.mark.memcheck
def test_handshakes_wait_too(section):
    x = section("concurrency=1 queue=5 acquire=30s")
    client, server = x.tunnel()
    waiting = x.shake("/x/0")
    x.wait(waiting=1)
    client.close()
    assert server.read_frame()[1] == 8
    server.wait_ended()
    server.close()
    client, server = x.tunnel(waiting)
    client.send_frame(1, b"hello", masked=True)
    assert server.read_frame() == (True, 1, b"hello")
    x.wait(in_use=1, waiting=0, waited=1)
    client.close()
    server.close()
    x.wait(in_use=0)


@pytest.mark.parametrize("tls", [False, True])
def test_a_handshake_whose_client_leaves_while_it_waits_costs_nothing(section, certs, tls):
    x = section("concurrency=1 queue=2 acquire=50s")
    held = x.tunnel()
    context = certs.client_context() if tls else None
    gone = [x.client(context) for _ in range(2)]
    for number, client in enumerate(gone):
        client.send_handshake(f"/x/{number}")
        x.wait(waiting=number + 1)
    for client in gone:
        client.close()
    x.wait(waiting=0)
    assert refused(x.site) == {"client-gone": 2}
    # Their places are free, and the origin hears of those alone who are there.
    next_one = x.shake("/x/next")
    x.wait(waiting=1)
    for wire in held:
        wire.close()
    client, server = x.tunnel(next_one)
    assert server.head.path == "/x/next"
    client.close()
    server.close()
    x.wait(in_use=0)


def test_requests_and_handshakes_wait_in_one_queue(section):
    x = section("concurrency=1 queue=5 acquire=30s", children=2)
    first = x.enter()
    plain = x.queue_up(1)[0]
    tunnel = x.shake("/x/1")
    x.wait(waiting=2)
    last = x.queue_up(1, first=2)[0]
    finish(first)
    assert serve(x, [plain]) == [0]
    ends = x.tunnel(tunnel)
    assert x.limit()["waiting"] == 1
    for end in ends:
        end.close()
    assert serve(x, [last]) == [2]
    x.wait(in_use=0, waiting=0)


def test_two_limits_and_one_queue(section):
    """Who waits for one limit holds nothing of the other."""
    x = section("concurrency=1 queue=5 acquire=30s", '<Location "/x">\nWSFlowLimit wide concurrency=2\n</Location>')
    first = x.enter()
    waiting = x.queue_up(1)[0]
    assert limits(x.site)["wide"]["in_use"] == 1
    finish(first)
    assert serve(x, [waiting]) == [0]
    wait_counts(x.site, "wide", in_use=0)
    x.wait(in_use=0, waiting=0)


@pytest.mark.since(2, 4, 63)
def test_those_of_a_killed_child_leave_the_queue(section):
    x = section("concurrency=1 queue=20 acquire=30s", children=2, threads=4)
    x.site.log.allow(*KILLED)
    first, server = x.enter()
    waiting = x.queue_up(8)
    for victim in x.site.children():
        os.kill(victim, signal.SIGKILL)
    x.wait(in_use=0, waiting=0)
    for client in (first, *waiting):
        client.wait_ended()
    server.close()
    finish(x.enter())


@pytest.mark.since(2, 4, 63)
def test_a_reload_serves_those_that_wait(section):
    x = section("concurrency=1 queue=20 acquire=30s", children=2, threads=4)
    first = x.enter()
    waiting = x.queue_up(6)
    x.site.graceful()
    assert x.limit()["waiting"] == 6
    late = x.queue_up(2, first=6)
    finish(first)
    assert serve(x, waiting + late) == list(range(8))
    assert [status_of(client) for client in waiting + late] == [200] * 8
    x.wait(in_use=0, waiting=0)


def test_a_stop_ends_those_that_wait(section):
    x = section("concurrency=1 queue=20 acquire=30s", children=2)
    x.tunnel()
    waiting = x.queue_up(6)
    tunnel = x.shake("/x/ws")
    x.wait(waiting=7)
    # Whoever gets the permit that the tunnel leaves asks the origin, which says nothing: httpd waits for that as for any
    # request.
    x.site.log.allow("AH00045", "AH00046")
    x.site.signal(signal.SIGTERM)
    for client in (*waiting, tunnel):
        client.read_until_closed()
    x.site.wait_gone()


def test_a_graceful_stop_serves_those_that_wait(section):
    x = section("concurrency=1 queue=20 acquire=30s", children=2)
    first = x.enter()
    waiting = x.queue_up(6)
    x.site.signal(signal.SIGWINCH)
    finish(first)
    assert serve(x, waiting) == list(range(6))
    assert [status_of(client) for client in waiting] == [200] * 6
    x.site.wait_gone()


def test_without_an_event_mpm_a_share_of_the_threads_waits(section):
    x = section("concurrency=1 queue=20 acquire=30s", mpm="worker", threads=8, main="")
    first = x.enter()
    share = x.queue_up(2)
    x.refusal()
    assert refused(x.site) == {"queue-full": 1}
    assert x.site.get("/").status == 200
    finish(first)
    assert serve(x, share) == [0, 1]
    assert [status_of(client) for client in share] == [200, 200]
    x.wait(in_use=0, waiting=0)


@pytest.mark.since(2, 4, 63)
def test_no_more_wait_than_there_are_descriptors_for(section):
    """Of 500 the child keeps 256, 4 for each thread and 16 for pipes; three are for each that waits."""
    x = section("concurrency=1 queue=1000 acquire=40s", threads=4, main="AsyncRequestWorkerFactor 800", start=False)
    x.site.start(before_exec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (500, 500)))
    x.site.log.expect("WSF0210")
    first = x.enter()
    fit = (500 - 256 - 4 * 4 - 16) // 3
    waiting = x.queue_up(fit)
    for _ in range(100):
        head = x.refusal()
        assert head.get("wsflow-limit") == "x" and int(head.get("retry-after")) >= 1
    assert refused(x.site) == {"queue-full": 100}
    # Ordinary pages have theirs.
    assert x.site.get("/").status == 200
    finish(first)
    finish((waiting[0], x.arrived()))
    # Whoever goes leaves its place to others.
    x.wait(waiting=fit - 2)
    more = [x.ask() for _ in range(2)]
    x.wait(waiting=fit)
    for client in [*waiting[2:], *more]:
        client.close()
    x.wait(waiting=0)
    finish((waiting[1], x.arrived()))

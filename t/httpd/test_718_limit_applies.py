"""applies=: limits of tunnels alone and of requests alone, beside pages and sockets on one path."""

import pytest

import handshake
from h2_client import h2_connect
from limited import Section, answer, hang_up, limits, read_answer, refused, request, status_of, wait_counts, write_page
from wait import wait_until
from worker_tunnel import H2

SOCKETS = "concurrency=3 key=%{REMOTE_ADDR} applies=tunnels"


@pytest.fixture
def section(httpd, raw_origin, resources):
    return lambda settings, conf="", **shape: Section(httpd, raw_origin, resources, settings, conf, **shape)


def handshake_with(**shape):
    return handshake.request("/x/ws", "localhost", **shape)


# What carries an Upgrade and is no handshake.
STRAY = {
    "without a key and a version": handshake_with(drop=("Sec-WebSocket-Key", "Sec-WebSocket-Version")),
    "that Connection does not name": handshake_with(replace={"Connection": "keep-alive"}),
    "to something else": handshake_with(replace={"Upgrade": "h2c"}),
    "by POST": handshake_with(method="POST", headers=[("Content-Length", "0")]),
    "by HEAD": handshake_with(method="HEAD"),
    "alone": request("/x", [("Upgrade", "websocket")]),
}


def send(x, raw):
    client = x.client()
    client.send(raw)
    return client


def test_pages_with_many_files_have_room_beside_a_limit_of_sockets(section):
    x = section(SOCKETS, threads=64)
    tunnels = [x.tunnel() for _ in range(3)]
    clients = [x.ask(f"/x/file{number}") for number in range(40)]
    servers = [x.arrived() for _ in range(40)]  # all of them are inside at a time
    assert x.shake().read_head().status == 503
    assert x.limit()["in_use"] == 3 and x.limit()["applies"] == "tunnels"
    for server in servers:
        answer(server)
    assert [status_of(client) for client in clients] == [200] * 40
    client, server = tunnels.pop()
    hang_up(client)
    server.read_frame()
    server.close()
    x.wait(in_use=2, arrivals=4)
    x.tunnel()
    x.wait(in_use=3, admitted=4)
    assert refused(x.site) == {"concurrency": 1}


@pytest.mark.parametrize("raw", STRAY.values(), ids=STRAY)
def test_a_stray_upgrade_is_a_request_and_no_tunnel(section, raw):
    x = section("concurrency=1 applies=requests", '<Location "/x">\nWSFlowLimit sockets concurrency=1 applies=tunnels\n'
                '</Location>')
    first = x.enter()
    head = send(x, raw).read_head()
    assert (head.status, head.get("wsflow-limit")) == (503, "x"), head.raw
    assert x.origin.untouched()
    x.tunnel()  # a handshake is none of its requests
    assert limits(x.site)["sockets"]["in_use"] == 1
    assert (x.limit()["arrivals"], limits(x.site)["sockets"]["arrivals"]) == (2, 1)
    answer(first[1])
    assert status_of(first[0]) == 200


@pytest.mark.parametrize("applies, counted", [("tunnels", 0), ("requests", 2), ("all", 2)])
def test_a_handshake_for_what_is_no_route_is_a_request(httpd, applies, counted):
    site = httpd(f'WSFlow On\n<Location "/page">\nWSFlowLimit x rate=1/h applies={applies}\n</Location>', start=False)
    write_page(site, "page", "a page\n")
    site.start()
    site.log.allow("WSF0140")
    statuses = []
    for _ in range(2):
        answered = site.get("/page", headers={"Upgrade": "websocket", "Connection": "Upgrade",
                                              "Sec-WebSocket-Key": handshake.KEY, "Sec-WebSocket-Version": "13"})
        statuses.append(answered.status)
    assert statuses == [200, 503 if counted else 200]
    assert limits(site)["x"]["arrivals"] == counted


def test_a_tunnel_by_sethandler_is_one(httpd, raw_origin, raw_client):
    origin = raw_origin()
    site = httpd(f"""<Location "/x">\nWSFlow On\nSetHandler "proxy:{origin.url("", "http")}"
WSFlowLimit x concurrency=1 applies=tunnels\nWSFlowLimit pages concurrency=1 applies=requests\n</Location>""")
    site.log.allow("WSF0140")
    first, second = raw_client(site), raw_client(site)
    first.send_handshake("/x")
    server = origin.accept_tunnel()
    assert first.read_head().status == 101
    second.send_handshake("/x")
    head = second.read_head()
    assert (head.status, head.get("wsflow-limit")) == (503, "x")
    assert limits(site)["pages"]["arrivals"] == 0
    server.close()
    first.close()


def test_what_a_refused_handshake_had_is_given_back(section):
    x = section("concurrency=1 applies=tunnels", '<Location "/x/mine">\nWSFlowOrigin same\n</Location>')
    client = send(x, handshake_with(replace={"Sec-WebSocket-Version": "12"}))
    assert client.read_head().status == 426
    x.wait(in_use=0, admitted=1)
    assert x.shake("/x/mine", [("Origin", "http://evil.test")]).read_head().status == 403
    x.wait(in_use=0, admitted=2)
    client = x.shake()
    answer(x.arrived(), status="403 Forbidden")
    assert status_of(client) == 403
    x.wait(in_use=0, admitted=3)
    x.tunnel()
    assert refused(x.site) == {}


@pytest.mark.parametrize("conf", [
    "WSFlowLimit sockets concurrency=1 applies=tunnels",  # the virtual host
    '<Location "/">\nWSFlowLimit sockets concurrency=1 applies=Tunnels\n</Location>',
    """<If "%{HTTP:Upgrade} == 'websocket'">\nWSFlowLimit sockets concurrency=1\n</If>""",
    """<Location "/x">\n<If "%{HTTP:Upgrade} == 'websocket'">\nWSFlowLimit sockets concurrency=1\n</If>\n</Location>""",
])
def test_it_works_wherever_a_limit_does(section, conf):
    x = section("concurrency=100", conf, threads=32)
    x.tunnel()
    head = x.shake().read_head()
    assert (head.status, head.get("wsflow-limit")) == (503, "sockets")
    pages = [x.enter() for _ in range(5)]
    assert limits(x.site)["sockets"]["in_use"] == 1
    for client, server in pages:
        answer(server)
        assert status_of(client) == 200


def test_a_limit_of_the_main_server_too(section):
    x = section("concurrency=100", main="WSFlowLimit sockets concurrency=1 applies=tunnels")
    x.tunnel()
    assert x.shake().read_head().status == 503
    client, server = x.enter()
    answer(server)
    assert status_of(client) == 200


def test_streams_of_http2_are_told_apart(section, certs, resources):
    x = section("concurrency=1 applies=tunnels", modules=["http2"], tls_conf=H2, threads=32)
    x.site.log.expect("WSF0220", "WSF0075")
    h2 = h2_connect(x.site, certs, resources)
    stream = h2.begin("/x/ws")
    server = x.origin.accept_tunnel()
    stream.wait_head()
    assert stream.status == 200
    x.wait(in_use=1)
    second = h2.begin("/x/ws")
    second.wait_head()
    assert second.status == 503
    page = h2.get("/index.html")
    page.wait_head()
    assert page.status == 200
    asked = h2.get("/x/page")
    answer(x.arrived())
    asked.wait_head()
    assert asked.status == 200
    assert (x.limit()["in_use"], x.limit()["arrivals"]) == (1, 2)
    server.close()
    wait_counts(x.site, in_use=0)


def test_the_page_and_the_lines_say_what_it_applies_to(section):
    x = section("concurrency=1 applies=requests")
    assert "x (requests)" in x.site.get("/wsflow-status").text
    assert "WSFlowLimit[0]Applies: requests" in x.site.get("/wsflow-status?auto").text


def test_a_wrong_word_is_named(httpd):
    status, said = httpd("WSFlowLimit x concurrency=1 applies=sockets", start=False).configtest()
    assert status != 0
    assert "applies=sockets" in said and "tunnels, requests or all" in said


def test_waits_are_never_told_longer_than_they_may_be(section):
    x = section("concurrency=1 queue=9 acquire=1200ms")
    first = x.enter()
    waiting = x.queue_up(9)
    assert {read_answer(client)[0].status for client in waiting} == {503}
    told = x.site.status.json()
    assert x.limit()["wait_s"]["count"] == 9
    for share in ("p50", "p95", "p99"):
        assert 0.9 < x.limit()["wait_s"][share] <= 1.2
        assert 900 < told["acquire_wait_ms"][share] <= 1200
    answer(first[1])
    assert status_of(first[0]) == 200


def test_all_give_the_same_answer_of_what_is_needed(section):
    """Tunnels that live on: nothing but the time that they are held tells what they need."""
    x = section("concurrency=3")
    first = x.enter()
    answer(first[1])
    assert status_of(first[0]) == 200
    for _ in range(3):
        x.tunnel()
    for _ in range(6):
        assert x.shake().read_head().status == 503
    # One in four has left: three in four of the six who were refused would be inside, beside the three who are.
    wait_until(lambda: abs(x.limit()["measured"]["need"] - 7.5) < 0.2, "7.5 permits are needed",
               report=lambda: x.limit()["measured"])
    told = x.limit()
    assert told["measured"]["need_known"]
    words = told["advice"].split(" (")[0]
    assert words == "needs about 8 permits", told["advice"]
    page, lines, metrics = (x.site.get("/wsflow-status" + ending).text for ending in ("", "?auto", "?metrics"))
    assert words in page
    number = float(metrics.split('wsflow_permits_needed{limit="x"} ')[1].split()[0])
    assert abs(number - told["measured"]["need"]) < 0.5
    assert abs(float(lines.split("WSFlowLimit[0]Need: ")[1].split()[0]) - number) < 0.5
    assert x.site.log.wait_for(r"WSF0140: limit x refuses requests \(concurrency\).*; needs about \d permits? \(")

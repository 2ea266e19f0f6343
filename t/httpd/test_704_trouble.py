"""What is wrong is said first, in words: on the page, in ?json, and as a number in ?auto."""

import re

import pytest

from limited import Section, wait_counts
from wait import wait_until

CALM = "Nothing is wrong."


def troubles(site):
    """What is wrong, by its words: (bad, numbers)."""
    told = site.status.json("&count=0")["trouble"]
    return {each["what"]: (each["bad"], each["more"]) for each in told}


def wait_trouble(site, what, timeout=20):
    wait_until(lambda: what in troubles(site), f"\"{what}\" is told", timeout, report=lambda: troubles(site))
    return troubles(site)[what]


def page(site, query=""):
    return site.get("/wsflow-status" + query).text


def row(text, part, head):
    """The row of a part of the page whose head has this text, without its tags."""
    section = re.search(rf'<section id="{part}">.*?</section>', text, re.S)[0]
    rows = [each for each in re.findall(r"<tr[^>]*>.*?</tr>", section, re.S) if "</th>" in each]
    found = [each for each in rows if head in re.sub("<[^>]+>", "", each.split("</th>")[0])]
    assert len(found) == 1, (head, found)
    return found[0]


@pytest.fixture
def section(httpd, raw_origin, resources):
    def make(settings, **shape):
        return Section(httpd, raw_origin, resources, settings, **shape)
    return make


def test_a_limit_that_is_full_and_one_whose_key_is(section):
    x = section("concurrency=2 queue=5 acquire=50s")
    assert troubles(x.site) == {} and CALM in page(x.site)
    assert x.site.status.auto()["WSFlowTrouble"] == "0"
    x.tunnel()
    assert "Limit x is full" not in troubles(x.site)
    x.tunnel()
    bad, more = wait_trouble(x.site, "Limit x is full")
    assert (bad, more) == (False, "2 of 2 permits")
    x.ask()
    wait_counts(x.site, waiting=1)
    bad, more = wait_trouble(x.site, "Limit x is full")
    assert bad and more.startswith("2 of 2 permits, 1 request waits")
    text = page(x.site)
    assert CALM not in text and '<a href="#limits">Limit x is full</a>' in text
    full = row(text, "limits", "x")
    assert full.startswith('<tr class="bad">') and "full, requests wait" in full
    assert re.search(r'<meter max="2" [^>]*value="2" aria-label="permits in use">', full)
    assert int(x.site.status.auto()["WSFlowTrouble"]) == len(troubles(x.site))


def test_a_key_that_is_full(section):
    x = section("concurrency=1 key=%{REMOTE_ADDR}")
    client, server = x.tunnel()
    wait_trouble(x.site, "Limit x is full")
    assert troubles(x.site)["Limit x is full"][1] == "its fullest key has 1 of 1 permits"
    assert "fullest key 1 of 1" in row(page(x.site), "limits", "x")
    told = x.site.get("/wsflow-status?metrics").text
    assert 'wsflow_permits_key_max_in_use{limit="x"} 1\n' in told
    client.close()
    server.close()
    wait_counts(x.site, in_use=0)
    assert 'wsflow_permits_key_max_in_use{limit="x"} 0\n' in x.site.get("/wsflow-status?metrics").text


def test_an_origin_that_fails_and_comes_back(httpd, raw_origin, raw_client, tunnel):
    origin = raw_origin()
    site = httpd(f'<Proxy "balancer://pool">\nBalancerMember "{origin.url("")}" retry=1\n</Proxy>\n'
                 'WSFlowPass /x "balancer://pool/x"')
    site.log.allow("AH0", "WSF0")
    name = origin.url("").rstrip("/")
    client, _ = tunnel(site, origin, "/x")
    assert [(each["balancer"], each["state"]) for each in site.status.json()["origins"]] == [("balancer://pool", "up")]
    assert "up" in row(page(site), "routes", name)
    origin.close()
    refused = raw_client(site)
    refused.send_handshake("/x")
    assert refused.read_head().status in (502, 503)
    bad, more = wait_trouble(site, f"Origin {name} fails")
    assert bad and more == "state: error of balancer://pool"
    text = page(site)
    failing = row(text, "routes", name)
    assert "origin bad" in failing and ">error</span>" in failing
    # The handshake counts under its origin, in every format.
    (route,) = [each for each in site.status.json()["routes"] if each["origin"]]
    assert (route["opened"], route["refused_by"]) == (1, {"origin-connect": 1})
    metrics = site.get("/wsflow-status?metrics").text
    assert re.search(rf'wsflow_route_handshakes_total{{server="localhost",route="/x",origin="{re.escape(name)}",'
                     r'result="origin-connect"} 1\n', metrics)
    assert f'wsflow_worker_usable{{balancer="balancer://pool",worker="{name}"}} 0\n' in metrics
    client.close()


def test_tunnels_on_workers_and_a_child_that_is_nearly_full(httpd, echo, connect):
    origin = echo()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"', main="WSFlowMaxTunnels 10", children=1)
    sockets = [connect(site.url("ws", f"/x/{number}")) for number in range(8)]
    site.status.wait_active(8)
    assert troubles(site) == {}
    sockets.append(connect(site.url("ws", "/x/8")))
    (child,) = [each for each in site.status.json()["processes"] if each["kind"] == "child"]
    bad, more = wait_trouble(site, f"Little room in child {child['pid']}")
    assert not bad and more.startswith("9 of 10 tunnels")
    assert 0 < child["descriptors"] <= child["descriptors_max"]
    sockets.append(connect(site.url("ws", "/x/9")))
    assert wait_trouble(site, f"No room in child {child['pid']}")[0]
    assert row(page(site), "processes", str(child["pid"])).startswith('<tr class="bad">')
    for socket in sockets:
        socket.close()
    wait_until(lambda: troubles(site) == {}, "nothing is wrong any more", 20, report=lambda: troubles(site))
    assert CALM in page(site)


def test_tunnels_that_hold_a_worker(httpd, raw_origin, tunnel):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"', mpm="prefork")
    site.log.allow("WSF0")
    tunnel(site, origin, "/x")
    assert wait_trouble(site, "1 tunnel holds a worker thread")[0] is False


def test_a_drained_route_and_refusals_that_rise(httpd, raw_origin, raw_client):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    assert site.status.act(action="drain", server="localhost", route="/x").status == 200
    assert wait_trouble(site, "Route /x is drained") == (False, "it takes no new tunnels; 0 tunnels are left")
    wait_until(lambda: site.status.json("&history=1")["history"], "there are two samples", 20)
    for _ in range(15):
        client = raw_client(site)
        client.send_handshake("/x")
        assert client.read_head().status == 503
    bad, more = wait_trouble(site, "Refusals rise", 30)
    assert bad and re.match(r"1[0-9](\.\d+)? in the last minute, ", more)
    assert "Clients come again and again" in troubles(site)


def test_the_page_says_who_and_since_when(httpd):
    site = httpd("", main="ServerName status.example.org")
    text = page(site)
    told = site.status.json()
    assert told["host"] == "status.example.org" and "<title>WSFlow status of status.example.org</title>" in text
    assert told["since"] <= told["reloaded"] <= told["time"]
    workers = told["httpd_workers"]
    assert workers["busy"] >= 1 and workers["at_most"] >= workers["busy"] + workers["idle"]
    for link in ("?json", "?auto", "?metrics", "#words"):
        assert f'href="{link}"' in text
    began = int(site.status.auto()["WSFlowStartTime"])
    site.graceful()
    assert int(site.status.auto()["WSFlowStartTime"]) == began, "a reload is no start"

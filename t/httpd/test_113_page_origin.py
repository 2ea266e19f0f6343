"""WSFlowOrigin: pages of other origins get no tunnel, so that none acts in the name of its visitor."""

import pytest


def answers(site, raw_client, path, *origins, tls=False):
    """The status for each Origin; None is a handshake without that field."""
    found = []
    for origin in origins:
        client = raw_client(site, tls)
        client.send_handshake(path, [("Origin", origin)] if origin else [])
        found.append(client.read_head().status)
    return found


def test_pages_of_the_same_origin_and_of_listed_hosts(httpd, echo, raw_client):
    url = echo().url("/echo")
    site = httpd(f"WSFlowPass /same {url}\nWSFlowPass /hosts {url}\nWSFlowPass /strict {url}\nWSFlowPass /open {url}\n"
                 "WSFlowOrigin https://nobody.test\n"
                 "<Location /same>\nWSFlowOrigin same\n</Location>\n"
                 "<Location /hosts>\nWSFlowOrigin app.test *.example.test:* https://null.test null\n</Location>\n"
                 "<Location /strict>\nWSFlowOrigin same required\n</Location>\n"
                 "<Location /open>\nWSFlowOrigin any\n</Location>")
    own, own_tls = site.url("http", ""), site.url("https", "")
    # A client that is no browser sends no Origin, and gets through where it is not asked for.
    assert answers(site, raw_client, "/same", own, own.upper(), None) == [101] * 3
    assert answers(site, raw_client, "/same", own_tls, tls=True) == [101]
    assert answers(site, raw_client, "/same", own_tls, "http://127.0.0.1", "http://evil.test", "null", own + " " + own,
                   own + "/") == [403] * 6
    assert answers(site, raw_client, "/hosts", "http://app.test", "https://APP.test", "https://a.b.example.test:8443",
                   "null", None) == [101] * 5
    assert answers(site, raw_client, "/hosts", "http://app.test:8080", "https://example.test", "http://null.test",
                   "http://badexample.test", own) == [403] * 5
    assert answers(site, raw_client, "/strict", own, None) == [101, 403]
    assert answers(site, raw_client, "/open", "http://evil.test", "nonsense", None) == [101] * 3
    site.wait_access(r'"GET /same .*" 403 .* refused=origin-not-allowed$', 6)
    assert site.status.refused() == {"origin-not-allowed": 12}
    assert len(site.log.lines(r"WSF0171: .*Origin is http://evil\.test")) == 1


def test_report_only_tells_and_lets_pass(httpd, echo, raw_client):
    site = httpd(f"WSFlowPass /x {echo().url('/echo')}\nWSFlowOrigin same report-only")
    assert answers(site, raw_client, "/x", "http://evil.test\t\"x", site.url("http", "")) == [101] * 2
    assert len(site.log.lines(r'WSF0172: .*Origin is http://evil\.test\\t"x')) == 1
    assert site.status.json()["tunnels"]["origin_reports"] == 1 and site.status.refused() == {}


@pytest.mark.parametrize("line,words", [
    ("WSFlowOrigin", ["needs any, or"]),
    ("WSFlowOrigin any same", ["any leaves nothing"]),
    ("WSFlowOrigin required", ["allows nobody"]),
    ("WSFlowOrigin https://a.test/path", ["https://a.test/path", "unknown"]),
    ("WSFlowOrigin a.*.test", ["a.*.test", "unknown"]),
    ("WSFlowOrigin a.test:99999", ["a.test:99999", "unknown"]),
])
def test_nonsense_is_named(httpd, line, words):
    status, said = httpd(line, start=False).configtest()
    assert status != 0 and all(word in said for word in words + ["WSFlowOrigin"]), said

"""Which requests are ours: order, exclusions, contexts."""

import pytest

from wire import RawClient


def path_seen(connect, site, origin, path, scheme="ws"):
    before = len(origin.requests)
    connect(site.url(scheme, path)).close()
    assert len(origin.requests) == before + 1
    return origin.requests[-1][0]


def refused(site, path, status):
    with RawClient(site.address()) as client:
        client.send_handshake(path)
        head = client.read_head()
    assert head.status == status, head.raw


def test_the_first_route_that_matches_wins(httpd, echo, connect):
    origin = echo()
    site = httpd(f'WSFlowPass /a/b "{origin.url("/deep")}"\nWSFlowPass /a "{origin.url("/shallow")}"')
    assert path_seen(connect, site, origin, "/a/b/c") == "/deep/c"
    assert path_seen(connect, site, origin, "/a/c") == "/shallow/c"
    assert path_seen(connect, site, origin, "/a") == "/shallow"


def test_a_path_matches_whole_segments_only(httpd, echo, connect):
    origin = echo()
    site = httpd(f'WSFlowPass /chat "{origin.url("/chat")}"')
    assert path_seen(connect, site, origin, "/chat/room") == "/chat/room"
    refused(site, "/chatter", 404)
    assert len(origin.requests) == 1


def test_an_exclusion_ahead_of_a_route_holds(httpd, echo, connect):
    origin = echo()
    (site := httpd(f'WSFlowPass /a/static !\nWSFlowPass /a "{origin.url("/a")}"'))
    assert path_seen(connect, site, origin, "/a/live") == "/a/live"
    refused(site, "/a/static/x", 404)
    assert len(origin.requests) == 1


def test_an_exclusion_behind_a_route_comes_too_late(httpd, echo, connect):
    origin = echo()
    site = httpd(f'WSFlowPass /a "{origin.url("/a")}"\nWSFlowPass /a/static !')
    site.log.expect("WSF0283: .*WSFlowPass /a/static ! is never used")
    assert path_seen(connect, site, origin, "/a/static/x") == "/a/static/x"


def test_a_route_in_location_takes_its_path(httpd, echo, connect):
    origin = echo()
    site = httpd(f'<Location "/here">\n  WSFlowPass "{origin.url("/there")}"\n</Location>')
    assert path_seen(connect, site, origin, "/here/x?y") == "/there/x?y"


def test_an_exclusion_in_location(httpd, echo, connect):
    origin = echo()
    site = httpd(f'<Location "/here">\n  WSFlowPass "{origin.url("/there")}"\n</Location>\n'
                 '<Location "/here/not">\n  WSFlowPass !\n</Location>')
    assert path_seen(connect, site, origin, "/here/x") == "/there/x"
    refused(site, "/here/not/x", 404)


def test_routes_of_the_main_server_serve_virtual_hosts(httpd, echo, connect):
    origin = echo()
    site = httpd(main=f'WSFlowPass /main "{origin.url("/main")}"')
    assert path_seen(connect, site, origin, "/main/x") == "/main/x"
    assert path_seen(connect, site, origin, "/main/x", "wss") == "/main/x"


def test_virtual_hosts_have_routes_of_their_own(httpd, echo, connect):
    one, two = echo(), echo()
    site = httpd(plain_conf=f'WSFlowPass /x "{one.url("/one")}"', tls_conf=f'WSFlowPass /x "{two.url("/two")}"')
    assert path_seen(connect, site, one, "/x", "ws") == "/one"
    assert path_seen(connect, site, two, "/x", "wss") == "/two"


def test_proxypass_and_wsflowpass_live_side_by_side(httpd, echo, connect):
    app, live = echo(name="app"), echo()
    site = httpd(f'WSFlowPass /live "{live.url("/live")}"\nProxyPass /app "{app.url("/app", "http")}"')
    assert path_seen(connect, site, live, "/live/x") == "/live/x"
    assert site.get("/app/http/x").body == b"app /app/http/x\n"


def test_worker_keys_are_taken(httpd, echo, connect):
    origin = echo()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}" connectiontimeout=3 timeout=7 retry=0 max=5 keepalive=On')
    assert path_seen(connect, site, origin, "/x") == "/x"


@pytest.mark.parametrize("tls", [False, True])
def test_routes_without_a_tunnel_answer_other_hosts_requests(httpd, echo, tls):
    site = httpd(f'WSFlowPass /x "{echo().url("/x")}"')
    assert site.get("/index.html", tls=tls).status == 200


@pytest.mark.parametrize("directive", ["WSFlowPass", "ProxyPass"])
def test_a_request_is_held_against_each_alias_once(httpd, echo, directive):
    """What mod_proxy logs of each comparison tells how often the list was walked: as often as without the module."""
    url = echo().url("/x", "http")
    routes = "\n".join(f'{directive} /route{number} "{url}"' for number in range(50))
    site = httpd(f'{routes}\nLogLevel proxy:trace2\nWSFlowPass /last "{url}"')

    def comparisons(path, upgrade):
        before = len(site.log.lines("AH03461"))
        with RawClient(site.address()) as client:
            if upgrade:
                client.send_handshake(path)
            else:
                client.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            client.read_head()
        return len(site.log.lines("AH03461")) - before

    assert comparisons("/nowhere", False) == 51
    assert comparisons("/route0", False) == 1
    assert comparisons("/route49", False) == 50
    assert comparisons("/route49", True) == 50
    assert comparisons("/last", True) == 51

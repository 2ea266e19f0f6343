"""WSFlowLimit: a permit is held as long as its request or tunnel, whoever serves it, and no request gets in without one."""

import re

import pytest

from limited import Section, answer, hang_up, limits, read_answer, refused, status_of, wait_counts, write_page
from origin import RefusingOrigin
from wait import wait_until


@pytest.fixture
def section(httpd, raw_origin, resources):
    return lambda settings, conf="", **shape: Section(httpd, raw_origin, resources, settings, conf, **shape)


def test_a_request_holds_its_permit_until_it_has_ended(section):
    x = section("concurrency=2")
    one, two = x.enter(), x.enter()
    head = x.refusal()
    assert head.get("wsflow-limit") == "x" and head.get("cache-control") == "no-store"
    assert 1 <= int(head.get("retry-after")) <= 120
    assert x.origin.untouched()
    told = x.limit()
    assert (told["in_use"], told["peak"], told["waiting"]) == (2, 2, 0)
    answer(one[1])
    assert status_of(one[0]) == 200
    x.wait(in_use=1)
    three = x.enter()
    for client, server in (two, three):
        answer(server, b"body")
        assert read_answer(client)[1] == b"body"
    x.wait(in_use=0, arrivals=4, admitted=3)
    assert refused(x.site) == {"concurrency": 1}


def test_the_access_log_names_the_limit_and_the_reason(section):
    x = section("concurrency=1", main='CustomLog "access2.log" "by=%{WSFLOW_REFUSED_BY}e why=%{WSFLOW_LIMIT_REASON}e"')
    x.enter()
    x.refusal()
    x.site.wait_access(r'"GET /x HTTP/1.1" 503 .*refused=limit:x$')
    log = x.site.root / "access2.log"
    wait_until(lambda: log.exists() and "by=limit:x why=concurrency\n" in log.read_text(), "the reason is logged")


@pytest.mark.memcheck
def test_a_tunnel_holds_its_permit_until_it_has_ended(section):
    x = section("concurrency=2")
    client, server = x.tunnel()
    one = x.enter()
    assert x.shake().read_head().status == 503
    answer(one[1])
    assert status_of(one[0]) == 200
    x.wait(in_use=1)
    hang_up(client)
    assert server.read_frame()[1] == 8
    assert x.limit()["in_use"] == 1
    server.close()
    client.close()
    x.wait(in_use=0)


def test_a_tunnel_that_its_client_resets_gives_back(section):
    x = section("concurrency=1")
    for _ in range(3):
        client, server = x.tunnel()
        client.reset()
        assert server.read_frame()[1] == 8
        server.wait_ended()
        server.close()
        x.wait(in_use=0)


def test_a_client_that_leaves_its_request(section):
    x = section("concurrency=1")
    client, server = x.enter()
    client.reset()
    answer(server)
    x.wait(in_use=0, released=1)


def test_origins_that_fail_give_back(section):
    with RefusingOrigin() as nobody:
        x = section("concurrency=1", f'WSFlowPass /x/none "{nobody.url("/", "http")}" retry=0\n')
        x.site.log.allow(r"proxy.*AH0\d+", "WSF003")
        for path in ("/x/none", "/x/none"):
            head, _ = read_answer(x.ask(path))
            assert head.status == 503 and head.get("wsflow-limit") is None
            x.wait(in_use=0)
        client, server = x.enter()
        server.close()
        assert status_of(client) == 502
        x.wait(in_use=0)
        client = x.shake()
        server = x.arrived()
        answer(server, b"no", "403 Forbidden")
        assert status_of(client) == 403
        x.wait(in_use=0, admitted=4)


def test_who_may_not_enter_takes_no_permit(section):
    x = section("concurrency=1", '<Location "/x/closed">\n  Require all denied\n</Location>')
    x.site.log.expect("AH01630")
    assert status_of(x.ask("/x/closed")) == 403
    assert x.limit()["arrivals"] == 0
    x.enter()
    assert status_of(x.ask("/x/closed")) == 403
    client = x.shake("/x/closed")
    assert client.read_head().status == 403
    x.wait(in_use=1, arrivals=1)


def test_every_kind_of_request_is_limited(section):
    """One limit at several places, full because of one request: pages, CGI, proxied requests and tunnels."""
    kinds = {"/index.html": 200, "/cgi": 200, "/no-such-page": 404}
    x = section("concurrency=1", "\n".join(f'<Location "{path}">\nWSFlowLimit x\n</Location>' for path in kinds) +
                '\nScriptAlias /cgi "${folder}/run"', main="Define folder /", modules=["cgid"], start=False)
    script = write_page(x.site, "cgi/run", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nscript\\n'\n", 0o755)
    x.site.write_conf(main=f'Define folder "{script.parent}"\nScriptSock "{x.site.root}/cgisock"\n')
    x.site.start()
    x.wait(in_use=0)
    arrivals = x.limit()["arrivals"]
    client, server = x.enter()
    for path in (*kinds, "/x/other"):
        x.refusal(path)
    assert x.shake().read_head().status == 503
    answer(server)
    assert status_of(client) == 200
    x.wait(in_use=0)
    for path, status in kinds.items():
        assert status_of(x.ask(path)) == status, path
        x.wait(in_use=0)
    x.wait(arrivals=arrivals + 1 + 5 + len(kinds))


def test_several_limits_are_taken_together_or_not_at_all(section):
    x = section("concurrency=1", 'WSFlowLimit all concurrency=3\n<LocationMatch "status">\nWSFlowLimit all off\n'
                '</LocationMatch>\n<Location "/x/deep">\nWSFlowLimit deep concurrency=9\n</Location>')
    client, server = x.enter("/x/deep")
    for _ in range(3):
        head = x.refusal("/x/deep")
        assert head.get("wsflow-limit") == "x"
    told = limits(x.site)
    assert [told[name]["in_use"] for name in ("all", "x", "deep")] == [1, 1, 1]
    answer(server)
    assert status_of(client) == 200
    for name in ("all", "x", "deep"):
        wait_counts(x.site, name, in_use=0)
    assert refused(x.site, "deep") == {} and refused(x.site, "x") == {"concurrency": 3}


def test_off_lifts_what_is_inherited(section):
    x = section("concurrency=1", plain_conf='<Location "/x/free">\n  WSFlowLimit x off\n</Location>')
    x.enter()
    x.refusal("/x/other")
    client, server = x.enter("/x/free")
    answer(server)
    assert status_of(client) == 200
    assert x.limit()["arrivals"] == 2


def test_the_answer_is_as_configured(section):
    x = section("concurrency=1 status=429 retry-after=7")
    x.enter()
    head, _ = read_answer(x.ask())
    assert (head.status, head.get("retry-after"), head.get("wsflow-limit")) == (429, "7", "x")


def test_an_error_document_is_sent_and_needs_no_permit_itself(section):
    x = section("concurrency=1", "ErrorDocument 503 /x/sorry.html\nWSFlowPass /x/sorry.html !\n", start=False)
    write_page(x.site, "x/sorry.html", "come back later\n")
    x.site.start()
    client, server = x.enter()
    head, body = read_answer(x.ask("/x/1"))
    assert (head.status, body) == (503, b"come back later\n")
    assert head.get("retry-after") and head.get("wsflow-limit") == "x" and head.get("cache-control") == "no-store"
    answer(server)
    assert status_of(client) == 200
    x.wait(in_use=0, arrivals=2, admitted=1)


def test_dry_run_counts_and_lets_pass(section):
    x = section("concurrency=1 dry-run=on")
    ends = [x.enter() for _ in range(3)]
    told = x.limit()
    assert (told["in_use"], told["dry_refused"], told["dry_run"]) == (3, 2, True)
    for client, server in ends:
        answer(server)
        assert status_of(client) == 200
    x.wait(in_use=0)
    assert refused(x.site) == {}


def test_a_request_that_httpd_turns_into_others_needs_one_permit(httpd):
    """A directory's index (an internal redirect), a negotiated page, an included one (subrequests)."""
    site = httpd('WSFlowLimit all concurrency=1\n<LocationMatch "status">\nWSFlowLimit all off\n</LocationMatch>\n'
                 '<Location "/shtml">\nSetOutputFilter INCLUDES\nOptions +Includes\n</Location>\n'
                'ErrorDocument 404 /folder/index.html',
                 modules=["include"], start=False)
    write_page(site, "folder/index.html", "of the folder\n")
    write_page(site, "shtml/page", '<!--#include virtual="/folder/index.html" -->and more\n')
    site.start()
    for path, status, body in (("/folder/", 200, "of the folder\n"), ("/shtml/page", 200, "of the folder\nand more\n"),
                               ("/missing", 404, "of the folder\n")):
        wait_counts(site, "all", in_use=0)
        answered = site.get(path)
        assert (answered.status, answered.text) == (status, body)
    wait_counts(site, "all", in_use=0, peak=1)


def test_a_refusal_is_logged_once_a_second_and_cannot_be_forged(section):
    x = section("concurrency=1 key=%{HTTP:X-Key} show-key=on")
    forged = "a\t[31m%0a[Mon] [core:emerg] forged\xff\xfe\"\\"
    x.enter(headers=[("X-Key", forged)])
    for _ in range(50):
        x.refusal("/x?%0a%0d[core:emerg]", headers=[("X-Key", forged)])
    lines = x.site.log.wait_for("WSF0140: limit x refuses requests")
    assert len(lines) < 10
    assert refused(x.site) == {"concurrency": 50}
    text = x.site.log.path.read_bytes()
    assert b"\xff" not in text
    assert all(re.match(r"\[\w{3} \w{3} ", line) for line in x.site.log.text().splitlines())
    (top,) = x.limit()["top_keys"]
    assert top["in_use"] == 1 and top["refused"] == 50

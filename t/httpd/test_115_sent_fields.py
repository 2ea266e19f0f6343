"""What is judged is what the client sent: RequestHeader is for the origin. What other modules put into a request counts."""

import socket

import pytest

from h2_client import h2_connect
from h2_streams import H2Streams
from limited import Section, write_page
from wait import seconds, wait_until

EVIL = "http://evil.test"
APP = {"Host": "app.test"}  # the site, as its clients know it
# What RequestHeader can do to Origin.
ORIGIN = {
    "unset": "RequestHeader unset Origin",
    "set": 'RequestHeader set Origin "http://app.test"',
    "edit": 'RequestHeader edit Origin "^.*$" "http://app.test"',
    "edit*": 'RequestHeader edit* Origin evil app',
    "append": 'RequestHeader append Origin "http://app.test"',
    "add": 'RequestHeader add Origin "http://app.test"',
    "merge": 'RequestHeader merge Origin "http://app.test"',
    "computed": 'RequestHeader set Origin "expr=http://%{HTTP_HOST}"',
}


def status(site, raw_client, path, headers=(), **shape):
    client = raw_client(site)
    client.send_handshake(path, headers, **shape)
    return client.read_head().status


@pytest.mark.parametrize("early", ["", " early"])
@pytest.mark.parametrize("what", ORIGIN)
def test_the_origin_is_the_clients(httpd, echo, raw_client, what, early):
    url = echo().url("/echo")
    site = httpd(f"WSFlowPass /same {url}\nWSFlowPass /listed {url}\nWSFlowPass /required {url}\n"
                 "<Location /same>\nWSFlowOrigin same\n</Location>\n"
                 "<Location /listed>\nWSFlowOrigin other.test app.test\n</Location>\n"
                 "<Location /required>\nWSFlowOrigin same required\n</Location>\n"
                 f"RequestHeader set Host inner.test\n{ORIGIN[what]}{early}\n")
    for path in ("/same", "/listed", "/required"):
        assert status(site, raw_client, path, [("Origin", EVIL)], replace=APP) == 403, path
        # The origin server thinks little of two fields.
        passed = 400 if what == "add" else 101
        assert status(site, raw_client, path, [("Origin", "http://app.test")], replace=APP) == passed, path
    assert status(site, raw_client, "/required", replace=APP) == 403
    assert status(site, raw_client, "/listed", [("Origin", "http://other.test")]) == passed


@pytest.mark.parametrize("line", ["set Host app.test", "set Host app.test early", "edit Host ^.*$ app.test", "unset Host"])
def test_the_host_of_the_same_origin_is_the_clients(httpd, echo, raw_client, line):
    site = httpd(f"WSFlowPass /x {echo().url('/echo')}\nWSFlowOrigin same\nRequestHeader {line}")
    assert status(site, raw_client, "/x", [("Origin", "http://app.test")]) == 403
    assert status(site, raw_client, "/x", [("Origin", site.url("http", ""))]) == 101


@pytest.mark.parametrize("line", ["unset Origin", "set Origin https://app.test early", "set Host app.test"])
def test_the_origin_over_http2_is_the_clients(httpd, echo, certs, resources, line):
    site = httpd(f"WSFlowPass /x {echo().url('/echo')}\nWSFlowOrigin same\nRequestHeader {line}", modules=["http2"],
                 tls_conf="Protocols h2 http/1.1\nH2WebSockets on")
    site.log.expect("WSF0220", "WSF0075")
    own = [("origin", site.url("https", ""))]
    assert [h2_connect(site, certs, resources).tunnel("/x", fields).status
            for fields in ([("origin", "https://app.test")], own)] == [403, 200]


def test_the_origin_server_gets_what_requestheader_makes(httpd, echo, raw_client):
    origin = echo()
    site = httpd(f"WSFlowPass /x {origin.url('/echo')}\nWSFlowOrigin same\nProxyPreserveHost On\n"
                 'RequestHeader set Origin "http://inner.test"\nRequestHeader set Host inner.test\n'
                 'WSFlowLimit x concurrency=9 "key=%{HTTP:X-Api-Key}"\nRequestHeader unset X-Api-Key')
    assert status(site, raw_client, "/x", [("Origin", site.url("http", "")), ("X-Api-Key", "k")]) == 101
    seen = origin.requests[0][1]
    assert (seen["Origin"], seen["Host"], seen.get("X-Api-Key")) == ("http://inner.test", "inner.test", None)


# What RequestHeader can do to the field of a key.
KEY = ["unset X-Api-Key", "set X-Api-Key backend", "edit X-Api-Key ^.*$ same", "edit* X-Api-Key [a-z0-9] x",
       "append X-Api-Key more", "add X-Api-Key more", "merge X-Api-Key more"]


@pytest.mark.parametrize("early", ["", " early"])
@pytest.mark.parametrize("line", KEY)
def test_a_key_is_made_of_what_the_client_sent(httpd, raw_origin, resources, line, early):
    x = Section(httpd, raw_origin, resources, 'concurrency=1 "key=%{HTTP:X-Api-Key}"', f"RequestHeader {line}{early}")
    for key in ("k1", "k2"):
        x.enter(headers=[("X-Api-Key", key)])
        x.refusal(headers=[("X-Api-Key", key)])
    x.wait(in_use=2)


def test_a_key_over_http2(httpd, raw_origin, resources, certs):
    x = Section(httpd, raw_origin, resources, 'concurrency=1 "key=%{HTTP:X-Api-Key}"', "RequestHeader unset X-Api-Key",
                modules=["http2"], tls_conf="Protocols h2 http/1.1")
    sock = socket.create_connection(x.site.address(True), seconds(20))
    h2 = H2Streams(certs.client_context(alpn=["h2"]).wrap_socket(sock, server_hostname="localhost"),
                   "127.0.0.1:%d" % x.site.https_port)
    resources.append(h2)
    h2.send("/x", headers=[("x-api-key", "k")])
    x.arrived()
    assert h2.head(h2.send("/x", headers=[("x-api-key", "k")]))[":status"] == "503"
    h2.send("/x", headers=[("x-api-key", "other")])
    x.arrived()
    x.wait(in_use=2)


@pytest.mark.parametrize("line", ["unset X-Api-Key", "unset X-Api-Key early", "set X-Api-Key backend"])
@pytest.mark.parametrize("how", ["in a directory", "passed through", "index"])
def test_a_key_behind_an_internal_redirect(httpd, raw_origin, resources, line, how):
    rules = {"in a directory": "RewriteRule ^inner(.*)$ /x$1",
             "index": "DirectoryIndex /x/index.html"}.get(how, "")
    conf = f"RequestHeader {line}\n"
    if how == "passed through":
        conf += 'RewriteEngine On\nRewriteRule "^/inner(.*)$" "/x$1" [PT]\n'
    x = Section(httpd, raw_origin, resources, 'concurrency=1 "key=%{HTTP:X-Api-Key}"', conf, start=False)
    folder = "htdocs/folder" if how == "index" else "htdocs"
    x.site.write_conf(plain_conf=f'<Directory "{x.site.root}/{folder}">\nRewriteEngine On\n{rules}\n</Directory>')
    write_page(x.site, "folder/page.html", "a page\n")
    x.site.start()
    path = "/folder/" if how == "index" else "/inner"
    for key in ("k1", "k2"):
        x.enter(path, headers=[("X-Api-Key", key)])
        x.refusal(path, headers=[("X-Api-Key", key)])
    x.wait(in_use=2)


@pytest.mark.parametrize("line", ["unset X-End", "set X-End none", "edit X-End ^.*$ none", "unset X-End early"])
def test_until_is_what_the_client_sent(httpd, echo, raw_client, line):
    site = httpd(f'WSFlowPass /x {echo().url("/echo")}\nWSFlowTimeout "until=%{{HTTP:X-End}}"\nRequestHeader {line}')
    assert status(site, raw_client, "/x", [("X-End", "1000")]) == 403
    assert status(site, raw_client, "/x", [("X-End", "9999999999")]) == 101


LUA = """
function trust(r)
  -- Of every client, whatever it says of itself.
  r.headers_in['X-User'] = 'user-' .. (r.args or 'none')
  r.headers_in['X-Forged'] = nil
  return apache2.DECLINED
end
"""


@pytest.mark.parametrize("hook", ['LuaHookFixups "{}" trust', 'LuaHookAccessChecker "{}" trust late'])
@pytest.mark.parametrize("line", ["set X-Other 1", "unset X-User early", "set X-User backend", "unset X-User"])
def test_what_other_modules_set_or_take_away_counts(httpd, raw_origin, resources, hook, line):
    x = Section(httpd, raw_origin, resources, 'concurrency=1 "key=%{HTTP:X-User}%{HTTP:X-Forged}"',
                f"RequestHeader {line}", modules=["lua"], start=False)
    script = x.site.root / "trust.lua"
    script.write_text(LUA)
    script.chmod(0o644)
    x.site.write_conf(plain_conf=hook.format(script))
    x.site.start()
    for who in ("ann", "bob"):
        x.enter(f"/x?{who}", headers=[("X-User", "forged-1"), ("X-Forged", "1")])
        x.refusal(f"/x?{who}", headers=[("X-User", "forged-2"), ("X-Forged", "2")])
    x.wait(in_use=2)


def test_the_log_has_the_page_that_the_client_named(httpd, echo, raw_client):
    site = httpd(f"WSFlowPass /x {echo().url('/echo')}\nRequestHeader set Origin https://inner.test", start=False)
    site.write_conf(main=f'WSFlowLog "{site.root}/tunnels.log" "page=%{{Origin}}i" start=on')
    site.start()
    assert status(site, raw_client, "/x", [("Origin", EVIL)]) == 101
    log = site.root / "tunnels.log"
    wait_until(lambda: log.exists() and log.read_text(), "the log has a line")
    assert log.read_text().splitlines()[0] == f"page={EVIL}"


@pytest.mark.parametrize("expression,values", [
    ("%{unescape:%{HTTP:X-Key}}", ["%zz", "%", "a%2", "%00"]),
    ("%{unbase64:%{HTTP:X-Key}}", ["!!!", "AAAA", "="]),
    ("%{tolower:%{unescape:%{HTTP:X-Key}}}", ["%zz", "%yy"]),
    ("%{UNESCAPE:%{HTTP:X-Key}}", ["%zz", "%yy"]),
])
def test_who_makes_the_expression_fail_shares_a_key(httpd, raw_origin, resources, expression, values):
    x = Section(httpd, raw_origin, resources, f'concurrency=1 "key={expression}"')
    x.site.log.expect("WSF0138.*limit x: .*cannot read what it is given")
    x.enter(headers=[("X-Key", values[0])])
    for value in values:
        x.refusal(headers=[("X-Key", value)])
    assert [key["key"] for key in x.limit()["top_keys"] if key.get("key")] == ["(unreadable)"]
    # Told once, not by every client.
    assert len(x.site.log.lines(r"wsflow:warn.*WSF0138")) == 1
    x.enter(headers=[("X-Key", "YWJj")])
    x.enter()
    x.wait(in_use=2)


@pytest.mark.parametrize("line", ["set X-User %{SSL_CLIENT_S_DN_CN}s", "set x-user: expr=%{REMOTE_USER}",
                                  "setifempty X-User anonymous", "add X-User %{USER}e"])
@pytest.mark.parametrize("reader", ['WSFlowLimit x rate=9/s "key=%{HTTP:X-User}"',
                                    "WSFlowTimeout until=%{tolower:%{req:X-User}}"])
def test_configtest_tells_of_a_key_that_requestheader_makes(httpd, line, reader):
    site = httpd(f"RequestHeader {line}\n<Location /x>\n{reader}\n</Location>", start=False)
    code, said = site.configtest()
    assert code == 0 and "WSF0270" in said and "%{reqenv:" in said and "httpd.conf:" in said, said


@pytest.mark.parametrize("line", ["unset X-User", "set X-User backend", "set X-Users %{USER}e", "edit X-User (.*) $1",
                                  "set X-User %{USER}e"])
def test_configtest_is_content_with_the_rest(httpd, line):
    reader = 'WSFlowLimit x rate=9/s "key=%{reqenv:X-User-Name}"' if line.endswith("X-User %{USER}e") else \
        'WSFlowLimit x rate=9/s "key=%{HTTP:X-User}"'
    code, said = httpd(f"RequestHeader {line}\n{reader}", start=False).configtest()
    assert code == 0 and "WSF0270" not in said, said

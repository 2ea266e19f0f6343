"""An ordinary request is served, whatever its Upgrade says; its origin is never asked for a tunnel."""

import http.server
import threading

import pytest

from h2_client import h2_connect
from handshake import KEY, accept_of, request, switching
from origin import ScriptedOrigin

BODY = bytes(range(256)) * 1200

# The recipe of many sites, and what a proxy in front may do to every request.
LATE = "RequestHeader setifempty Upgrade websocket\nRequestHeader setifempty Connection Upgrade"
EARLY = "RequestHeader setifempty Upgrade websocket early\nRequestHeader setifempty Connection Upgrade early"
RECIPES = {"late": LATE, "early": EARLY, "both": EARLY + "\n" + LATE,
           "any": "RequestHeader set Upgrade WebSocket\nRequestHeader set Connection 'keep-alive, upgrade'"}

# How the application stands in the configuration, {} being its http:// URL.
ROUTES = {
    "WSFlowPass": 'WSFlowPass /x "{}"',
    "WSFlowPass in a location": '<Location "/x">\nWSFlowPass "{}"\n</Location>',
    "WSFlowPass with upgrade=": 'WSFlowPass /x "{}" upgrade=websocket',
    "WSFlowPass with upgrade=ANY": 'WSFlowPass /x "{}" upgrade=ANY',
    "ProxyPass": 'WSFlow On\nProxyPass /x "{}"',
    "ProxyPass with upgrade=": 'WSFlow On\nProxyPass /x "{}" upgrade=websocket',
    "ProxyPass in a location": '<Location "/x">\nWSFlow On\nProxyPass "{}" upgrade=websocket\n</Location>',
    "a balancer": '<Proxy "balancer://b">\nBalancerMember "{}" upgrade=websocket\n</Proxy>\nWSFlowPass /x "balancer://b"',
    "a rewrite rule": 'WSFlow On\nRewriteEngine On\nRewriteRule "^/x(.*)$" "{}$1" [P]\n<Proxy "{}">\nProxySet upgrade=websocket\n</Proxy>',
}


class Pages:
    """An application that tells what it was asked; heads and bodies are kept."""

    def __init__(self):
        self.asked = asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _body(self):
                if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                    body = b""
                    while size := int(self.rfile.readline(), 16):
                        body += self.rfile.read(size)
                        self.rfile.readline()
                    self.rfile.readline()
                    return body
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))

            def do_GET(self):
                asked.append((self.command, self.path, self.headers, self._body()))
                page = f"{self.command} {self.path}".encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(page)

            do_POST = do_HEAD = do_OPTIONS = do_PUT = do_GET

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def url(self, path="/x"):
        return f"http://127.0.0.1:{self.port}{path}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def pages(resources):
    made = Pages()
    resources.append(made)
    return made


def ask(client, method, path="/x/page", headers=(), body=b"", **shape):
    """An ordinary request with the fields of HEADERS alone."""
    fields = list(headers) + ([("Content-Length", str(len(body)))] if body else [])
    plain = ["Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"]
    client.send(request(path, client.host, fields, method=method, drop=plain, **shape) + body)
    head = client.read_head()
    return head, b"" if method == "HEAD" else client.read_body(head)


def assert_served(pages, head, method):
    assert head.status == 200, head.raw
    asked, _, fields, body = pages.asked[-1]
    assert asked == method
    assert fields.get("Upgrade") is None and "upgrade" not in fields.get("Connection", "").lower()
    return body


@pytest.mark.bulk
@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("route", ROUTES)
def test_every_kind_of_request_is_served(httpd, pages, raw_client, route, recipe):
    conf = ROUTES[route].replace("{}", pages.url())
    site = httpd(f"{RECIPES[recipe]}\n{conf}")
    client = raw_client(site)
    for method, body in (("GET", b""), ("HEAD", b""), ("POST", BODY), ("OPTIONS", b""), ("PUT", BODY)):
        head, page = ask(client, method, body=body)
        assert assert_served(pages, head, method) == body
        assert page == (b"" if method == "HEAD" else f"{method} /x/page".encode())
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(BODY[at:at + 9999]), BODY[at:at + 9999]) for at in range(0, len(BODY), 9999))
    client.send(request("/x/page", client.host, [("Transfer-Encoding", "chunked")], method="POST",
                        drop=["Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"]) + chunks + b"0\r\n\r\n")
    head = client.read_head()
    client.read_body(head)
    assert assert_served(pages, head, "POST") == BODY
    assert site.status.refused() == {} and site.status.total() == 0


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("route", ["WSFlowPass", "WSFlow On\nProxyPass"])
@pytest.mark.parametrize("modules", [[], ["proxy_wstunnel"]])
def test_balancers_of_ws_members_serve_them(httpd, pages, raw_client, modules, route, recipe):
    members = pages.url("").replace("http:", "ws:")
    site = httpd(f'{RECIPES[recipe]}\n<Proxy "balancer://b">\nBalancerMember "{members}"\n</Proxy>\n{route} /x "balancer://b/x"',
                 modules=modules)
    client = raw_client(site)
    for method, body in (("GET", b""), ("HEAD", b""), ("POST", BODY), ("OPTIONS", b"")):
        head, _ = ask(client, method, body=body)
        assert assert_served(pages, head, method) == body
    assert site.status.refused() == {}
    client.send_handshake("/x", replace={"Sec-WebSocket-Version": "8"})
    assert client.read_head().status == 426


STRAY = {
    "no key, no version": ("GET", [("Upgrade", "websocket"), ("Connection", "Upgrade")]),
    "connection names it not": ("GET", [("Upgrade", "websocket"), ("Connection", "keep-alive"),
                                        ("Sec-WebSocket-Key", KEY), ("Sec-WebSocket-Version", "13")]),
    "no connection": ("GET", [("Upgrade", "websocket"), ("Sec-WebSocket-Key", KEY), ("Sec-WebSocket-Version", "13")]),
    "a post": ("POST", [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Key", KEY),
                        ("Sec-WebSocket-Version", "13")]),
    "HTTP/1.0": ("GET", [("Upgrade", "websocket"), ("Connection", "Upgrade")]),
    "among others": ("GET", [("Upgrade", "websocket, foo"), ("Connection", "Upgrade, keep-alive")]),
}


@pytest.mark.bulk
@pytest.mark.parametrize("route", ["WSFlowPass", "ProxyPass with upgrade="])
@pytest.mark.parametrize("name", STRAY)
def test_what_is_no_handshake_is_served(httpd, pages, raw_client, route, name):
    method, fields = STRAY[name]
    site = httpd(ROUTES[route].replace("{}", pages.url()))
    head, _ = ask(raw_client(site), method, headers=fields, body=BODY if method == "POST" else b"",
                  version="HTTP/1.0" if name == "HTTP/1.0" else "HTTP/1.1")
    assert assert_served(pages, head, method) == (BODY if method == "POST" else b"")
    assert site.status.refused() == {}


def test_other_protocols_stay_mod_proxys(httpd, raw_client):
    """With upgrade=ANY mod_proxy passes any Upgrade on; only the wish for a WebSocket that is none is taken out."""
    def script(wire, head):
        wire.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")

    with ScriptedOrigin(script) as origin:
        site = httpd(f'WSFlow On\nProxyPass /x "{origin.url("/x", "http")}" upgrade=ANY')
        for sent, seen in (("foo", "foo"), ("websocket, foo", "foo"), ("websocket", None), ("foo, WebSocket, bar", "foo, bar")):
            head, _ = ask(raw_client(site), "GET", headers=[("Upgrade", sent), ("Connection", "Upgrade")])
            assert head.status == 200
            assert origin.heads[-1].get("upgrade") == seen


@pytest.mark.parametrize("recipe", [LATE, EARLY])
@pytest.mark.parametrize("route", ROUTES)
def test_a_101_to_an_ordinary_request_opens_nothing(httpd, raw_client, route, recipe):
    """Not even a good one: the client did not ask for it."""
    behind = []

    def script(wire, head):
        wire.send(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   f"Sec-WebSocket-Accept: {accept_of(KEY)}\r\n\r\n").encode())
        while True:
            behind.append(wire.read(1))

    with ScriptedOrigin(script) as origin:
        site = httpd(f"{recipe}\n" + ROUTES[route].replace("{}", origin.url("/x", "http")))
        site.log.allow(r"AH\d+")
        client = raw_client(site)
        head, _ = ask(client, "GET")
        assert head.status == 502, head.raw
        assert origin.heads[-1].get("upgrade") is None
        assert behind == [] and site.status.total() == 0


@pytest.mark.parametrize("recipe", [LATE, EARLY])
@pytest.mark.parametrize("route", ROUTES)
def test_beside_the_recipe_real_handshakes_open_tunnels(httpd, raw_origin, raw_client, resources, route, recipe):
    """Also where the client's own two fields were lost in front of us, and the recipe puts them back."""
    origin = raw_origin()
    site = httpd(f"{recipe}\n" + ROUTES[route].replace("{}", origin.url("/x", "http")))
    for dropped in ([], ["Upgrade", "Connection"]):
        client = raw_client(site)
        client.send_handshake("/x/live", drop=dropped)
        server = origin.accept_tunnel()
        resources.append(server)
        assert client.read_head().status == 101
        client.send_frame(1, b"hello", masked=True)
        assert server.read_frame()[2] == b"hello"
    site.status.wait_active(2)


@pytest.mark.parametrize("early", ["", " early"])
def test_added_fields_are_one_list_with_the_clients(httpd, raw_origin, raw_client, resources, early):
    origin = raw_origin()
    site = httpd(f"RequestHeader add Upgrade websocket{early}\nRequestHeader add Connection Upgrade{early}\n" +
                 ROUTES["WSFlowPass"].replace("{}", origin.url("/x", "http")))
    client = raw_client(site)
    client.send_handshake("/x", drop=["Upgrade"], replace={"Connection": "keep-alive"})
    resources.append(origin.accept_tunnel())
    assert client.read_head().status == 101


@pytest.mark.parametrize("recipe", [LATE, EARLY])
@pytest.mark.parametrize("key", [[], [("sec-websocket-key", KEY), ("sec-websocket-version", "13")]], ids=["", "with a key"])
def test_streams_of_http2_are_served(httpd, pages, certs, resources, recipe, key):
    """A stream asks for a WebSocket by its :protocol, and by nothing else."""
    site = httpd(f"{recipe}\n" + ROUTES["WSFlowPass with upgrade="].replace("{}", pages.url()), modules=["http2"],
                 tls_conf="Protocols h2 http/1.1\nH2WebSockets on")
    site.log.expect("WSF0220")
    client = h2_connect(site, certs, resources)
    for method, body in (("GET", b""), ("POST", BODY)):
        stream = client.open(method, "/x/page", [*key, ("content-length", str(len(body)))] if body else key,
                             end_stream=not body)
        if body:
            stream.send(body)
            stream.half_close()
        stream.wait_ended()
        assert stream.status == 200
        assert pages.asked[-1][3] == body and pages.asked[-1][2].get("Upgrade") is None
    assert site.status.refused() == {} and site.status.total() == 0


def test_a_stream_that_is_no_websocket_opens_no_tunnel(httpd, raw_origin, certs, resources):
    """A ws:// route refuses it as it refuses others."""
    origin = raw_origin()
    site = httpd(f'{EARLY}\nWSFlowPass /x "{origin.url("/x")}"', modules=["http2"],
                 tls_conf="Protocols h2 http/1.1\nH2WebSockets on")
    site.log.expect("WSF0220")
    stream = h2_connect(site, certs, resources).open("GET", "/x", [("sec-websocket-key", KEY), ("sec-websocket-version", "13")],
                                                     end_stream=True)
    stream.wait_ended()
    assert stream.status == 400
    assert origin.untouched()


@pytest.mark.parametrize("recipe", [LATE, EARLY])
@pytest.mark.parametrize("route", ['WSFlowPass /x "{}"', 'WSFlow On\nProxyPass /x "{}"'])
@pytest.mark.parametrize("modules", [[], ["proxy_wstunnel"]])
def test_a_ws_route_refuses_them(httpd, raw_origin, raw_client, route, recipe, modules):
    """Who asks for an upgrade there is told what is wrong with it; mod_proxy would make a tunnel of any 101."""
    origin = raw_origin()
    site = httpd(f"{recipe}\n" + route.replace("{}", origin.url("/x")), modules=modules)
    for method, status in (("GET", (426, 404)), ("POST", (400, 404, 405))):
        head, _ = ask(raw_client(site), method, "/x", body=b"12345" if method == "POST" else b"")
        assert head.status in status, head.raw
    assert origin.untouched() and site.status.total() == 0


def test_limits_count_them_as_requests(httpd, pages, raw_client):
    site = httpd(f"{EARLY}\n" + ROUTES["WSFlowPass"].replace("{}", pages.url()) +
                 "\n<Location /x>\nWSFlowLimit pages rate=1/h burst=1\n</Location>")
    site.log.expect("WSF0140")
    client = raw_client(site)
    assert ask(client, "GET")[0].status == 200
    assert ask(client, "GET")[0].status == 503
    assert site.status.refused() == {}, "no handshake was refused"


class Eager:
    """An application that upgrades whoever names an Upgrade, and has a page for all others."""

    def __init__(self):
        self.asked = []

        def script(wire, head):
            while True:
                self.asked.append((head.path, head.get("upgrade")))
                if head.get("upgrade"):
                    wire.send(switching(head.get("sec-websocket-key") or KEY))
                    wire.read_until_closed()
                wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npart")
                head = wire.read_head()

        self._origin = ScriptedOrigin(script)
        self.url, self.close = self._origin.url, lambda: self._origin.__exit__()


# As above, and those to a ws:// URL.
ALL_ROUTES = {name: (conf, "http") for name, conf in ROUTES.items()} | {
    f"{name} of ws": (ROUTES[name], "ws") for name in ("WSFlowPass", "ProxyPass")}


def eager_site(httpd, resources, route, conf="", **shape):
    app = Eager()
    resources.append(app)
    text, scheme = ALL_ROUTES[route]
    return app, httpd(conf + "\n" + text.replace("{}", app.url("/x", scheme)), **shape)


@pytest.mark.parametrize("drop", [[], ["Sec-WebSocket-Key", "Sec-WebSocket-Version"]], ids=["a handshake", "stray"])
@pytest.mark.parametrize("route", ALL_ROUTES)
def test_a_part_of_a_page_is_no_handshake(httpd, raw_client, resources, route, drop):
    """It has the fields of the page's own request."""
    app, site = eager_site(httpd, resources, route, "<Location /page.shtml>\nSetOutputFilter INCLUDES\nOptions +Includes\n</Location>",
                           modules=["include"])
    (site.root / "htdocs" / "page.shtml").write_text('[<!--#include virtual="/x/part" -->]')
    client = raw_client(site)
    client.send_handshake("/page.shtml", drop=drop)
    head = client.read_head()
    assert (head.status, client.read_body(head)) == (200, b"[part]")
    assert app.asked == [("/x/part", None)] and site.status.total() == 0


@pytest.mark.parametrize("route", ALL_ROUTES)
def test_an_error_page_is_no_handshake(httpd, raw_client, resources, route):
    """Who is denied gets no tunnel to the application that has the page."""
    app, site = eager_site(httpd, resources, route,
                           "ProxyErrorOverride On\nErrorDocument 403 /x/sorry\n<Location /x/secret>\nRequire all denied\n</Location>")
    site.log.allow("AH01630")
    client = raw_client(site)
    client.send_handshake("/x/secret")
    head = client.read_head()
    assert (head.status, client.read_body(head)) == (403, b"part")
    assert app.asked == [("/x/sorry", None)] and site.status.total() == 0


@pytest.mark.parametrize("route", ["WSFlowPass", "ProxyPass", "WSFlowPass of ws"])
def test_a_refusal_by_the_module_keeps_its_status(httpd, raw_client, resources, route):
    app, site = eager_site(httpd, resources, route, "ProxyErrorOverride On\nErrorDocument 403 /x/sorry\nErrorDocument 426 /x/sorry\n"
                           "ErrorDocument 503 /x/sorry\n<Location /x/origin>\nWSFlowOrigin same\n</Location>\n"
                           "<Location /x/limit>\nWSFlowLimit x rate=1/h burst=1 applies=tunnels\n</Location>")
    site.log.expect("WSF0140")
    raw_client(site).open("/x/limit")
    site.status.wait_active(1)
    for path, shape, status in (("/x/origin", dict(headers=[("Origin", "http://evil.test")]), 403), ("/x/limit", {}, 503),
                                ("/x", dict(replace={"Sec-WebSocket-Version": "8"}), 426)):
        client = raw_client(site)
        client.send_handshake(path, **shape)
        head = client.read_head()
        assert (head.status, client.read_body(head)) == (status, b"part")
    assert site.status.total() == 1


@pytest.mark.parametrize("conf", ["FallbackResource /x/live", "DirectoryIndex /x/live"])
@pytest.mark.parametrize("route", ["WSFlowPass", "WSFlowPass with upgrade=", "WSFlowPass in a location", "WSFlowPass of ws"])
def test_what_mod_dir_finds_is_a_route_too(httpd, raw_origin, raw_client, resources, route, conf):
    """It puts a subrequest in the place of the request; mod_proxy would make a tunnel of any 101."""
    origin = raw_origin()
    text, scheme = ALL_ROUTES[route]
    site = httpd(text.replace("{}", origin.url("/x", scheme)), start=False)
    site.write_conf(conf=f"{text.replace('{}', origin.url('/x', scheme))}\n<Directory {site.root}/htdocs/folder>\n{conf}\n</Directory>")
    (site.root / "htdocs" / "folder").mkdir()
    site.start()
    for good in (True, False):
        client = raw_client(site)
        client.send_handshake("/folder/")
        server = origin.accept()
        resources.append(server)
        head = server.read_head()
        assert head.path == "/x/live"
        server.send(switching(head.get("sec-websocket-key") if good else "wrong"))
        assert client.read_head().status == (101 if good else 502)
    site.log.expect("WSF0072")
    site.status.wait_active(1)

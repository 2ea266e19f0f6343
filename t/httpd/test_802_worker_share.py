"""HTTP/2 beside our routes: a warning at the start, and tunnels that leave enough threads to the rest of the site."""

import json
import re
import signal
import time

import pytest

import frames
from chromium import Chromium
from h2_client import h2_connect
from legs import close_all, talk
from wait import seconds, wait_until
from worker_tunnel import H2, KINDS, WorkerSite

WARNING = r"WSF0220: .*httpd.conf:\d+: .*write \"H2WebSockets off\""


@pytest.fixture
def http2(httpd, raw_origin, certs, resources, tunnel):
    """http2(conf, …) is a site whose tunnels are streams of HTTP/2."""
    return lambda conf="", **shape: WorkerSite("http2", httpd, raw_origin, certs, resources, tunnel, conf, **shape)


@pytest.fixture
def connection(certs, resources):
    return lambda site: h2_connect(site, certs, resources)


def open_on(client, made):
    """A tunnel on a connection that is there already, as (client, server)."""
    stream = client.begin("/x")
    server = made.origin.accept_tunnel()
    stream.wait_head()
    assert stream.status == 200
    return stream, server


def is_refused(stream):
    stream.wait_head()
    return stream.status == 503 and 1 <= int(stream.head["retry-after"]) <= 10


@pytest.mark.parametrize("shape, warns", [
    ({"tls_conf": "Protocols h2 http/1.1\nH2WebSockets on"}, True),
    ({"main": "Protocols h2 http/1.1\nH2WebSockets On"}, True),
    ({"main": "<IfModule mod_http2.c>\nH2WebSockets on\n</IfModule>", "tls_conf": "Protocols h2"}, True),
    ({"tls_conf": "Protocols h2 http/1.1"}, False),
    ({"tls_conf": "H2WebSockets on"}, False),
    ({"main": "H2WebSockets on", "tls_conf": "Protocols h2\nH2WebSockets off"}, False),
    ({"main": "Protocols h2 http/1.1\nH2WebSockets on", "conf": ""}, False),
    ({"tls_conf": "Protocols h2\nH2WebSockets on", "conf": '<Location "/y">\nWSFlow On\n</Location>'}, True),
])
def test_the_start_warns_of_http2(httpd, shape, warns):
    site = httpd(start=False, modules=["http2"], **{"conf": 'WSFlowPass /x "ws://127.0.0.1:1/"', **shape})
    status, said = site.configtest()
    assert status == 0, said
    assert bool(re.search(WARNING, said)) == warns, said
    assert said.count("WSF0220") == warns


def test_a_connection_keeps_room_for_its_other_requests(http2, connection):
    made = http2()
    client = connection(made.site)
    ends = [open_on(client, made)]
    for _ in range(3):
        assert is_refused(client.begin("/x"))
    talk(*ends[0])
    pages = [client.get("/index.html") for _ in range(10)]
    for page in pages:
        page.wait_ended()
        assert page.status == 200
    assert made.site.status.refused() == {"worker-share": 3}
    assert len(made.site.log.lines("WSF0221: handshake refused with 503")) == 3
    made.site.wait_access("refused=worker-share", 3)
    stream, server = ends.pop()
    stream.send_frame(frames.CLOSE, frames.code(1000))
    assert server.read_frame() == (True, frames.CLOSE, frames.code(1000))
    server.send_frame(frames.CLOSE, frames.code(1000))
    server.close()
    stream.wait_ended()
    made.site.status.wait_active(0)
    talk(*open_on(client, made))


def test_a_client_that_resets_requests_still_gets_its_pages(http2, connection, raw_origin):
    """mod_http2 goes down from six requests at once to two then, and a tunnel is one of them."""
    slow = raw_origin()
    made = http2(f'ProxyPass /slow {slow.url("/slow", "http")}\nLogLevel http2:trace1', threads=25)
    made.site.log.allow("AH01102")  # mod_proxy_http, of the requests that were reset
    client = connection(made.site)
    ends = open_on(client, made)
    assert is_refused(client.begin("/x"))
    while not made.site.log.lines("decreasing worker limit to 2"):
        stream = client.get("/slow")
        asked = slow.accept()
        asked.read_head()
        time.sleep(0.15)  # it counts what comes within 100 ms as one
        stream.cancel()
        asked.close()
    for _ in range(3):
        page = client.get("/index.html")
        page.wait_ended()
        assert page.status == 200
    talk(*ends)


def test_the_streams_of_a_child_leave_half_of_its_threads(http2, connection):
    made = http2(threads=8)
    clients = [connection(made.site) for _ in range(5)]
    ends = [open_on(client, made) for client in clients[:4]]
    assert is_refused(clients[4].begin("/x"))
    for client in clients:
        page = client.get("/index.html")
        page.wait_ended()
        assert page.status == 200
    for pair in ends:
        talk(*pair)
    assert made.site.status.refused() == {"worker-share": 1}


def test_few_threads_of_http2_are_shared_too(http2, connection):
    made = http2(main="H2MinWorkers 2\nH2MaxWorkers 2")
    one, other = connection(made.site), connection(made.site)
    ends = open_on(one, made)
    talk(*ends)
    assert is_refused(other.begin("/x"))
    page = other.get("/index.html")
    page.wait_ended()
    assert page.status == 200
    talk(*ends)


def test_connections_with_foreign_filters_leave_half_of_the_threads(httpd, raw_origin, certs, resources, tunnel,
                                                                    raw_client):
    made = WorkerSite("filter", httpd, raw_origin, certs, resources, tunnel, threads=4)
    for _ in range(2):
        talk(*made.open())
    client = raw_client(made.site)
    client.send_handshake("/x")
    head = client.read_head()
    assert head.status == 503 and int(head.get("retry-after")) >= 1
    assert made.site.status.refused() == {"worker-share": 1}


@pytest.fixture(params=KINDS)
def any_kind(request, httpd, raw_origin, certs, resources, tunnel):
    """any_kind(conf, …) is a site whose tunnels hold their workers."""
    def make(conf="", **shape):
        # The worker MPM starts no child for one that a tunnel holds while its MaxRequestWorkers has no room for another: with
        # two, one of them ends.
        shape = {"children": 2, **shape} if request.param == "worker" else shape
        made = WorkerSite(request.param, httpd, raw_origin, certs, resources, tunnel, conf, **shape)
        # httpd's own word of children that need long, which is not to come.
        made.site.log.allow("AH00045: .*SIGTERM")
        return made
    return make


def test_a_reload_drains_them(any_kind):
    made = any_kind("WSFlowTimeout close=200ms", main="WSFlowDrain deadline=3s window=0 code=1012")
    client, server = made.open()
    talk(client, server)
    made.site.graceful()
    talk(client, server)
    assert client.read_frame() == (True, frames.CLOSE, frames.code(1012))
    assert server.read_frame() == (True, frames.CLOSE, frames.code(1012))
    client.wait_ended()
    made.site.status.wait_active(0)
    assert made.site.status.ended() == {"drained": 1}


def test_a_client_that_leaves_behind_a_reload_is_taken_for_no_stop(any_kind):
    made = any_kind()
    client, server = made.open()
    made.site.graceful()
    talk(client, server)
    client.close()
    assert server.read_frame() == (True, frames.CLOSE, frames.code(1001))
    server.close()
    made.site.status.wait_active(0)
    assert set(made.site.status.ended()) <= {"client-eof", "client-reset"}


def test_a_stop_behind_a_reload_tells_both_sides(any_kind):
    made = any_kind()
    client, server = made.open()
    made.site.graceful()
    talk(client, server)
    made.site.signal(signal.SIGTERM)
    assert client.read_frame() == (True, frames.CLOSE, frames.code(1001))
    assert server.read_frame() == (True, frames.CLOSE, frames.code(1001))
    close_all([(client, server)])
    made.site.wait_gone()
    assert made.site.log.lines("WSF0061: tunnel .* ended: server-stop after")


@pytest.mark.parametrize("tls, answers", [(False, True), (False, False), (True, True)])
def test_a_stop_tells_the_origin(any_kind, tls, answers):
    """Both sides, but for clients of HTTP/2: httpd closes their connection before it says that it stops. The peers need
    not answer."""
    made = any_kind()
    client, server = made.open(tls=tls)
    talk(client, server)
    began = time.monotonic()
    made.site.signal(signal.SIGTERM)
    assert server.read_frame() == (True, frames.CLOSE, frames.code(1001))
    if made.kind != "http2":
        assert client.read_frame() == (True, frames.CLOSE, frames.code(1001))
    if answers:
        close_all([(client, server)])
    made.site.wait_gone()
    assert time.monotonic() - began < seconds(4)
    assert made.site.log.lines("WSF0061: tunnel .* ended: server-stop after")


def test_the_first_of_each_reason_in_a_generation_is_a_warning(any_kind):
    made = any_kind(children=2)
    told = r"\[wsflow:{}\].* WSF0075: tunnel .* holds this worker thread: "

    def count():
        return len(made.site.log.lines(told.format("warn"))), len(made.site.log.lines(told.format("info")))

    for _ in range(3):
        client, server = made.open()
        close_all([(client, server)])
        made.site.status.wait_active(0)
    assert count() == (1, 2)
    (line,) = made.site.log.lines(told.format("warn"))
    assert {"http2": 'write "H2WebSockets off"', "prefork": "use mpm_event, with PHP-FPM"}.get(
        made.kind, "connection filter dumpio_in is not known: take out the module") in line
    made.site.graceful()
    close_all([made.open()])
    made.site.status.wait_active(0)
    assert count() == (2, 2)


def test_a_crowd_of_streams_is_refused_at_once_and_the_pages_go_on(http2, connection):
    made = http2(threads=25)
    clients = [connection(made.site) for _ in range(12)]
    streams = [client.begin("/x") for client in clients for _ in range(6)]
    servers = [made.origin.accept_tunnel() for _ in range(12)]
    for stream in streams:
        stream.wait_head()
    assert sorted(stream.status for stream in streams) == 12 * [200] + 60 * [503]
    for client in clients:
        page = client.get("/index.html")
        page.wait_ended()
        assert page.status == 200
    assert made.site.get("/index.html").status == 200
    close_all([(server, server) for server in servers])
    wait_until(lambda: made.site.status.active() == 0, "all have ended")


PAGE = """<!doctype html><title>sockets</title><script>
const open = () => new Promise((resolve) => {
  const socket = new WebSocket(`wss://${location.host}/x`);
  socket.onopen = () => resolve(socket);
  socket.onerror = () => resolve(null);
});
const echo = (socket) => new Promise((resolve) => {
  socket.onmessage = (event) => resolve(event.data);
  socket.send('hello');
});
(async () => {
  const page = await fetch('/index.html?first');
  const sockets = (await Promise.all(Array.from({ length: 6 }, open))).filter((socket) => socket !== null);
  const pages = await Promise.all(Array.from({ length: 20 }, (_, i) => fetch(`/index.html?${i}`)));
  const said = await Promise.all(sockets.map(echo));
  const protocol = performance.getEntriesByName(page.url)[0].nextHopProtocol;
  await fetch('/report', { method: 'POST', body: JSON.stringify(
    { protocol, said, pages: pages.map((each) => each.status) }) });
})();
</script>"""


@pytest.mark.timeout(240)
def test_six_sockets_of_a_page_of_chromium_do_not_stop_the_page(httpd, echo, raw_origin):
    collector = raw_origin()
    site = httpd(f'WSFlowPass /x "{echo().url("/x")}"\nProxyPass /report "{collector.url("/report", "http")}"',
                 modules=["http2"], tls_conf=H2)
    site.log.expect("WSF0220", "WSF0075")
    (site.root / "htdocs" / "page.html").write_text(PAGE)
    with Chromium(site.url("https", "/page.html")):
        wire = collector.accept(60)
        head = wire.read_head()
        result = json.loads(wire.read_body(head))
        wire.send(b"HTTP/1.1 204 No Content\r\n\r\n")
        wire.close()
    assert result == {"protocol": "h2", "said": ["hello"], "pages": 20 * [200]}
    assert site.status.refused() == {"worker-share": 5}

"""A permit is free no later than its holder can know: who comes again at once, alone, is never refused."""

import collections
import contextlib
import socket
import threading

import pytest

import frames
from h2_streams import H2Streams
from limited import REFUSES, limits, read_answer, request, wait_counts, write_page
from origin import RefusingOrigin
from prompt_origin import PromptOrigin
from wait import seconds, wait_until
from wire import RawClient

# So many come and go at a time, each for itself: each has permits of its own.
CLIENTS = 4
LIMIT = 'WSFlowLimit x concurrency=1 "key=%{HTTP:X-Me}"'


@pytest.fixture
def origin(resources):
    resources.append(PromptOrigin())
    return resources[-1]


def in_turn(visit, times):
    """Calls VISIT(me) TIMES in a row, for CLIENTS of them at a time; what they returned but None, and how often."""
    seen = collections.Counter()

    def come_and_go(me):
        mine = collections.Counter(visit(str(me)) for _ in range(times))
        with lock:
            seen.update(mine)

    lock = threading.Lock()
    clients = [threading.Thread(target=come_and_go, args=(me,)) for me in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return dict(seen)


class Doors:
    """What visits of a site look like."""

    def __init__(self, site, certs=None):
        self._address = site.address(certs is not None)
        self._tls = certs.client_context() if certs else None
        self._kept = {}
        self._left = {}  # closed when the next one is there: nothing comes between two visits

    def _client(self, me):
        client = RawClient(self._address, self._tls)
        with contextlib.suppress(KeyError):
            self._left[me].close()
        self._left[me] = client
        return client

    @staticmethod
    def _read(client, method):
        head = client.read_head()
        if method != "HEAD" and head.status not in (204, 304):
            client.read_body(head)
        return head

    def visit(self, path, method="GET", headers=()):
        """A request on a new connection."""
        def come(me):
            client = self._client(me)
            client.send(request(path, [("X-Me", me), *headers], method))
            return self._read(client, method).status
        return come

    def again(self, path, method="GET"):
        """A request on the connection of the one before."""
        def come(me):
            client = self._kept.pop(me, None) or self._client(me)
            client.send(request(path, [("X-Me", me)], method))
            head = self._read(client, method)
            if head.get("connection", "").lower() != "close":
                self._kept[me] = client
            return head.status
        return come

    def tunnel(self, path, end):
        """A tunnel; END(client) returns when the client knows of its end."""
        def come(me):
            client = self._client(me)
            client.send_handshake(path, [("X-Me", me)])
            head = client.read_head()
            if head.status == 101:
                end(client)
            return head.status
        return come


def client_closes(client):
    client.send(frames.close(1000, masked=True))
    assert client.read_frame()[1] == frames.CLOSE


def client_closes_and_waits(client):
    client_closes(client)
    assert client.read_until_closed() == b""


def origin_closes(client):
    client.send_frame(frames.TEXT, b"bye", masked=True)
    assert client.read_frame()[1] == frames.CLOSE
    client.send(frames.close(1000, masked=True))
    assert client.read_until_closed() == b""


def proxy_closes(client):
    assert client.read_frame()[1] == frames.CLOSE
    assert client.read_until_closed() == b""


@pytest.fixture
def limited(httpd, origin):
    """limited(conf, …) is a site whose every page and tunnel is limited."""
    with RefusingOrigin() as nobody:
        def make(conf="", modules=(), **shape):
            site = httpd(f'{LIMIT}\n<LocationMatch "status">\nWSFlowLimit x off\n</LocationMatch>\n'
                         f'ProxyPass /app "{origin.url("/app")}" disablereuse=on\n'
                         f'ProxyPass /nobody "{nobody.url("/", "http")}" retry=0\n'
                         f'WSFlowPass /ws "{origin.url("/ws", "ws")}"\nScriptAlias /cgi "${{scripts}}"\n{conf}',
                         modules=["cgid", *modules], start=False, **shape)
            for name, text in (("small", "a page\n"), ("large", "x" * 300_000), ("empty", "")):
                write_page(site, name, text)
            write_page(site, "secret", "nobody may", 0)
            script = '#!/bin/sh\nprintf "Content-Type: text/plain\\n\\nscript\\n"\n'
            scripts = write_page(site, "cgi/run", script, 0o755).parent
            write_page(site, "cgi/broken", "#!/bin/sh\necho nonsense\n", 0o755)
            site.write_conf(main=f'Define scripts "{scripts}"\nScriptSock "{site.root}/cgisock"')
            site.start()
            site.log.allow(REFUSES, "AH00957", "AH01114", "AH00132", "AH02429", "malformed header from script")
            return site
        yield make


PAGES = [("/small", 200), ("/large", 200), ("/empty", 200), ("/missing", 404), ("/secret", 403),
         ("/app", 200), ("/app/chunked", 200), ("/app/size=100000", 200), ("/app/404", 404), ("/app/500", 500), ("/app/204", 204),
         ("/app/304", 304)]


@pytest.mark.parametrize("tls", [False, True])
def test_requests_one_after_the_other(limited, certs, tls):
    site = limited()
    doors = Doors(site, certs if tls else None)
    times = 12 if tls else 40
    for path, status in [*PAGES, ("/nobody", 503)]:
        for method in ("GET", "HEAD"):
            before = limits(site)["x"]["admitted"]
            assert in_turn(doors.visit(path, method), times) == {status: times * CLIENTS}, (path, method)
            # A 503 of the origin's own is none of the limit.
            assert limits(site)["x"]["admitted"] - before == times * CLIENTS, (path, method)


def test_requests_of_a_connection_that_is_kept(limited):
    site = limited()
    doors = Doors(site)
    for path, status in PAGES:
        for method in ("GET", "HEAD"):
            assert in_turn(doors.again(path, method), 40) == {status: 40 * CLIENTS}, (path, method)


@pytest.mark.parametrize("path, status", [("/cgi/run", 200), ("/cgi/broken", 500)])
def test_scripts_one_after_the_other(limited, path, status):
    doors = Doors(limited())
    for method in ("GET", "HEAD"):
        assert in_turn(doors.visit(path, method), 15) == {status: 15 * CLIENTS}


def test_files_that_the_kernel_sends(limited):
    doors = Doors(limited("EnableSendfile On\nEnableMMAP Off"))
    for path in ("/small", "/large"):
        assert in_turn(doors.visit(path), 100) == {200: 100 * CLIENTS}


def test_pages_of_errors_that_are_configured(limited):
    doors = Doors(limited("ErrorDocument 404 /small"))
    assert in_turn(doors.visit("/missing"), 100) == {404: 100 * CLIENTS}


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("end", [client_closes, client_closes_and_waits, origin_closes])
def test_tunnels_one_after_the_other(limited, certs, tls, end):
    site = limited()
    assert in_turn(Doors(site, certs if tls else None).tunnel("/ws", end), 50) == {101: 50 * CLIENTS}


def test_tunnels_that_the_proxy_ends(limited):
    site = limited("WSFlowTimeout lifetime=50ms")
    assert in_turn(Doors(site).tunnel("/ws", proxy_closes), 20) == {101: 20 * CLIENTS}


@pytest.mark.parametrize("end", [client_closes_and_waits, origin_closes])
def test_tunnels_that_hold_their_worker(limited, end):
    site = limited("DumpIOInput On\nLogLevel dumpio:trace7", modules=["dumpio"])
    site.log.expect("WSF0075")
    assert in_turn(Doors(site).tunnel("/ws", end), 50) == {101: 50 * CLIENTS}


def test_streams_of_http2_one_after_the_other(limited, certs, resources):
    site = limited(modules=["http2"], tls_conf="Protocols h2 http/1.1")
    sock = socket.create_connection(site.address(True), seconds(20))
    h2 = H2Streams(certs.client_context(alpn=["h2"]).wrap_socket(sock, server_hostname="localhost"),
                   "127.0.0.1:%d" % site.https_port, [("x-me", "h2")])
    resources.append(h2)
    for path, status in PAGES:
        seen = {h2.head(h2.send(path))[":status"] for _ in range(60)}
        assert seen == {str(status)}, path


@pytest.mark.parametrize("sendfile", ["Off", "On"])
def test_who_reads_slowly_holds_the_permit(httpd, raw_client, sendfile):
    """The end of a large page waits in httpd, whose handler has done its work: the client cannot know of it."""
    site = httpd(f'EnableSendfile {sendfile}\n<Location "/large">\nWSFlowLimit x concurrency=1\n</Location>', start=False)
    size = 20_000_000
    write_page(site, "large", "x" * size)
    site.start()
    site.log.allow(REFUSES)
    client = raw_client(site, receive_buffer=4096)
    client.send(request("/large"))
    assert client.read_head().status == 200
    client.read(size // 2)
    if sendfile == "On":
        wait_until(lambda: "ConnsAsyncWriting: 1\n" in site.get("/server-status?auto").text,
                   "the rest is written without a worker", report=lambda: site.get("/server-status?auto").text)
    assert limits(site)["x"]["in_use"] == 1
    assert site.get("/large").status == 503
    client.read(size - size // 2)
    other = raw_client(site)
    other.send(request("/large"))
    assert read_answer(other)[0].status == 200


def waiting_script(httpd, words):
    """A script that says WORDS and works on until the file `go` is there."""
    site = httpd('<Location "/cgi">\nWSFlowLimit x concurrency=1\n</Location>\nScriptAlias /cgi "${scripts}"\n'
                 "SetEnv ap_trust_cgilike_cl 1", modules=["cgid"], start=False)
    script = write_page(site, "cgi/run", f'#!/bin/sh\nprintf "{words}"\nwhile [ ! -e {site.root}/go ]; do sleep 0.01; done\n',
                        0o755)
    site.write_conf(main=f'Define scripts "{script.parent}"\nScriptSock "{site.root}/cgisock"')
    site.start()
    site.log.allow(REFUSES)
    return site


def test_the_answer_to_head_comes_when_the_work_is_done(httpd, raw_client):
    """Else its sender could have the script at work for as many others as it likes."""
    site = waiting_script(httpd, "Content-Type: text/plain\\n\\nbody")
    client = raw_client(site)
    client.send(request("/cgi/run", method="HEAD"))
    wait_counts(site, in_use=1)
    assert client.stays_silent(0.5)
    assert site.request("HEAD", "/cgi/run").status == 503
    (site.root / "go").touch()
    assert client.read_head().status == 200
    wait_counts(site, in_use=0)


def test_whoever_has_the_whole_body_holds_nothing(httpd, raw_client):
    site = waiting_script(httpd, "Content-Type: text/plain\\nContent-Length: 4\\n\\nbody")
    clients = [raw_client(site) for _ in range(3)]
    for client in clients:
        client.send(request("/cgi/run"))
        assert read_answer(client)[1] == b"body"
    (site.root / "go").touch()
    wait_counts(site, in_use=0, admitted=3)


def test_a_client_that_leaves_before_the_last_byte(httpd, raw_client):
    site = httpd('<Location "/large">\nWSFlowLimit x concurrency=1\n</Location>', start=False)
    write_page(site, "large", "x" * 20_000_000)
    site.start()
    for _ in range(5):
        client = raw_client(site, receive_buffer=4096)
        client.send(request("/large"))
        assert client.read_head().status == 200
        client.reset()
        wait_counts(site, in_use=0)
    wait_counts(site, released=5)

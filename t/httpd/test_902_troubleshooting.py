"""docs/troubleshooting.md: what is seen, what the log and the status say of it, and the cure. Origins: the next file."""

import inspect
import json
import os
import pathlib
import re
import resource
import select
import signal
import socket
import subprocess
import threading

import pytest
import websockets

import frames
from chromium import Chromium
from conf import MODULES_DIR
from devtools import Tab
from limited import REFUSES
from pages import SOCKETS_ON_WORKERS, Guest, Page, Reader, assert_said, modules_of, pattern, stock
from wait import wait_until

# Words of logs and clients.
pytestmark = pytest.mark.bulk

PAGE = Page("docs/troubleshooting.md")


@pytest.fixture
def case(httpd, echo):
    """case(NAME, …) is (httpd with that block, origin); more CONF goes before it."""
    def make(name, conf="", **shape):
        origin = echo(port=0)
        text = PAGE.block(name, p9000=origin.port)
        shape["modules"] = [*shape.get("modules", ()), *modules_of(text)]
        return httpd(f"{conf}\n{text}", **shape), origin
    return make


def says(site, name):
    """Returns when the log has what the page shows."""
    block = PAGE.find(name)
    wait_until(lambda: not [1 for line in block.text.splitlines() if not site.log.lines(pattern(line))],
               f"the log has what {block.where} shows", report=lambda: site.log.text()[-2000:])


def warns(site, name):
    """What configtest says of a block that is shown with a warning."""
    status, said = site.configtest()
    assert status == 0
    assert_said(PAGE.find(name), said)


def read(site, command, shown):
    """What the status tells, and what the page shows of it."""
    wait_until(lambda: shows(site, command, shown), f"{PAGE.find(shown).where} is what is seen",
               report=lambda: Reader(site).run(PAGE.block(command)))


def shows(site, command, shown):
    return Reader(site).run(PAGE.block(command)).split() == PAGE.find(shown).text.split()


def farewell(client):
    """How websockets tells the end of a connection."""
    with pytest.raises(websockets.ConnectionClosed) as told:
        client.recv()
    return str(told.value)


def reject(site, status, connect):
    with pytest.raises(websockets.InvalidStatusCode) as told:
        connect(site.url("ws", "/no"))
    assert told.value.status_code == status
    return str(told.value)


def test_what_clients_say(httpd, connect, loop, resources):
    site = httpd("")
    assert_said(PAGE.find("refused-in-python"), reject(site, 404, connect))
    node = "new (require('ws'))(process.argv[1]).on('error', (error) => { console.log(error.message); });"
    said = subprocess.run(["node", "-e", node, site.url("ws", "/no")], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "NODE_PATH": os.environ["WSFLOW_NODE_MODULES"]})
    assert_said(PAGE.find("refused-in-node"), said.stdout + said.stderr)
    browser = Chromium("about:blank")
    resources.append(browser)
    tab = Tab(loop, browser.devtools)
    resources.append(tab)
    tab.open(site.url("http", "/"))
    tab.run(f"new WebSocket('{site.url('ws', '/no')}'); null")
    wait_until(lambda: any("WebSocket" in said for said in tab.complaints), "Chromium complains", 20)
    assert_said(PAGE.find("refused-in-chromium"), "\n".join(tab.complaints))


def test_cut_by_its_own_line(case, connect):
    site, _ = case("cut")
    warns(site, "cut-warning")
    site.log.expect("WSF0284")
    assert PAGE.find("cut-client").text in farewell(connect(site.url("ws", "/chat")))
    says(site, "cut-log")
    read(site, "first-look", "cut-status")


class Forgetful:
    """A load balancer: it forgets a connection on which nothing has passed for TIME seconds."""

    def __init__(self, target, time):
        self._target, self._time = target, time
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        try:
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(near, socket.create_connection(self._target)), daemon=True).start()
        except OSError:
            pass  # it is closed

    def _carry(self, near, far):
        with near, far:
            while ready := select.select([near, far], [], [], self._time)[0]:
                for sock in ready:
                    if not (data := sock.recv(65536)):
                        return
                    (far if sock is near else near).sendall(data)

    def close(self):
        self._listener.close()


@pytest.mark.parametrize("ping", [None, "300ms"])
def test_cut_by_something_between(httpd, echo, resources, ping):
    cure = PAGE.block("between-cure").replace("30s", ping) if ping else ""
    site = httpd(f'{cure}\nWSFlowPass /chat "{echo().url("/chat")}"')
    between = Forgetful(site.address(), 1)
    resources.append(between)
    guest = Guest(between.address, "/chat")
    resources.append(guest)
    if not ping:
        assert guest.read_until_closed() == b""
        wait_until(lambda: set(site.status.ended()) & {"client-eof", "client-reset"}, "the tunnel has ended")
        return
    pinged = 0
    while pinged < 6:  # nearly two seconds
        fin, opcode, payload = guest.read_frame()
        assert opcode == frames.PING
        guest.send_frame(frames.PONG, payload, masked=True)
        pinged += 1
    assert guest.talk()
    assert site.status.ended() == {}


def test_dead_with_many(case, resources):
    site, _ = case("many", threads=4)
    warns(site, "many-warning")
    site.log.expect("WSF0282")
    site.log.allow(SOCKETS_ON_WORKERS)
    for _ in range(2):
        resources.append(Guest(site.address(), "/chat"))
        assert resources[-1].talk()
    read(site, "many-busy", "many-busy-says")
    for _ in range(2):
        resources.append(Guest(site.address(), "/chat"))
    says(site, "many-log")
    with pytest.raises(OSError):
        site.get("/index.html", timeout=2)
    cured, _ = case("many-cure", threads=4)
    for _ in range(12):
        resources.append(Guest(cured.address(), "/chat"))
        assert resources[-1].talk()
    assert cured.get("/index.html").status == 200


def test_missing_in_parts(case, connect):
    site, _ = case("missing")
    client = connect(site.url("ws", "/chat"))
    for _ in range(5):
        assert client.echo("x" * 1000) == "x" * 1000
    read(site, "missing-count", "missing-count-says")
    client.send(os.urandom(100_000))
    assert PAGE.find("missing-client").text in farewell(client)
    says(site, "missing-log")


def test_what_libraries_take():
    """The defaults that the table names: of the libraries that are here."""
    shown = re.search(r"`ws` takes (\d+) MiB, Python's websockets (\d+) MiB", PAGE.text)
    code = pathlib.Path(os.environ["WSFLOW_NODE_MODULES"], "ws/lib/websocket-server.js").read_text()
    assert f"maxPayload: {shown[1]} * 1024 * 1024" in code
    takes = inspect.signature(websockets.WebSocketCommonProtocol.__init__).parameters["max_size"].default
    assert takes == int(shown[2]) * 2**20


def test_a_loop_of_refusals(case, resources):
    site, _ = case("full")
    site.log.allow(REFUSES)
    resources.append(Guest(site.address(), "/chat"))
    assert resources[-1].talk()
    for _ in range(15):
        with Guest(site.address(), "/chat") as guest:
            assert guest.head.status == 503
    reader = Reader(site)

    def told():
        return json.dumps(json.loads(reader.run(PAGE.block("cpu-rates")))[2], separators=(",", ":"))

    wait_until(lambda: told() == PAGE.find("cpu-loop").text, "the loop is counted", report=told)
    assert_said(PAGE.find("cpu-threads-says"), reader.run(PAGE.block("cpu-threads")))


def test_refused_at_the_limit(case, resources):
    site, _ = case("full")
    site.log.expect(REFUSES)
    resources.append(Guest(site.address(), "/chat"))
    assert resources[-1].talk()
    with Guest(site.address(), "/chat") as guest:
        assert_said(PAGE.find("full-client"), guest.head.raw.decode())
    says(site, "full-log")
    read(site, "full-status", "full-status-says")


def test_no_handshake(case, resources):
    site, origin = case("put-back")
    guest = Guest(site.address(), "/chat", drop=("Upgrade", "Connection"))
    resources.append(guest)
    assert guest.head.status == 101 and guest.talk()
    plain = f'WSFlowPass /plain "{origin.url("/chat")}"\nWSFlowPass /page "{origin.url("/chat", "http")}"'
    site, _ = case("put-back", conf=plain)
    for shape, path, status, log in ((dict(drop=("Connection",)), "/plain", 400, "no-connection-log"),
                                     (dict(replace={"Sec-WebSocket-Version": "8"}), "/plain", 426, "old-version-log")):
        with Guest(site.address(), path, **shape) as guest:
            assert guest.head.status == status
        says(site, log)
    before = site.status.refused()
    with Guest(site.address(), "/page", drop=("Upgrade", "Connection")) as guest:
        assert guest.head.status == 426  # the origin's word
    assert site.status.refused() == before == {"bad-connection": 1, "bad-version": 1}


def test_a_client_that_sleeps(case, resources):
    site, origin = case("mobile")
    guest = Guest(site.address(), "/chat")
    resources.append(guest)
    says(site, "mobile-log")
    assert site.status.ended() == {"ping-timeout": 1}
    pings = site.status.json()["pings"]["client"]
    assert pings["measured"] < pings["sent"]
    cure = PAGE.block("mobile-cure").replace("45s", "200ms")
    site, _ = case("mobile", start=False)
    site.write_conf(conf=f'{cure}\nWSFlowPass /chat "{origin.url("/chat")}"')
    site.start()
    guest = Guest(site.address(), "/chat")
    resources.append(guest)
    assert guest.read_frame()[1] == frames.PING and guest.stays_silent(1)
    assert guest.talk()


def test_one_address_for_all(case, resources, httpd):
    site, origin = case("address-cure")
    site.log.allow(REFUSES)
    forwarded = [[("X-Forwarded-For", f"203.0.113.{number}")] for number in (1, 2)]
    for headers in forwarded:
        resources.append(Guest(site.address(), "/chat", headers=headers))
        assert resources[-1].head.status == 101
    read(site, "address-keys", "address-keys-says")
    # The application's field.
    assert origin.requests[-1][1]["X-Forwarded-For"].startswith("203.0.113.2")
    lines = [line for line in PAGE.block("address-cure", p9000=origin.port).splitlines() if "RemoteIP" not in line]
    blind = httpd("\n".join(lines))
    blind.log.expect(REFUSES)
    got = []
    for headers in forwarded:
        resources.append(Guest(blind.address(), "/chat", headers=headers))
        got.append(resources[-1].head.status)
    assert got == [101, 503]


def test_no_descriptors(httpd, echo, resources):
    site = httpd(f'WSFlowPass /chat "{echo().url("/chat")}"', start=False)
    site.start(before_exec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024)))
    site.log.expect("WSF0071")
    room = site.status.json()["processes"][0]["tunnels_max"]
    for _ in range(room):
        guest = Guest(site.address(), "/chat")
        resources.append(guest)
        assert guest.head.status == 101
    with Guest(site.address(), "/chat") as guest:
        assert guest.head.status == 503 and guest.head.get("retry-after")
    says(site, "descriptors-log")
    assert site.status.refused() == {"max-tunnels": 1}


def test_processes_after_a_reload(httpd, echo, resources):
    site = httpd(f'WSFlowPass /chat "{echo().url("/chat")}"')
    guest = Guest(site.address(), "/chat")
    resources.append(guest)
    Reader(site).run("apachectl graceful")
    read(site, "keepers", "keepers-says")
    assert guest.talk()


def test_the_scoreboard_of_stock_httpd_is_full(httpd, echo, raw_client):
    site = httpd(f'ProxyPass /chat "{echo().url("/chat")}"', threads=3, start=False)
    stock(site)
    site.log.expect("AH03490")

    def is_full():
        return site.log.lines(pattern(PAGE.find("scoreboard-log").text))

    for reloads in range(1, 10):
        client = raw_client(site)
        client.send_handshake("/chat")
        wait_until(lambda: client.readable() or is_full(), "a child answers, or there is none")
        if is_full():
            return
        site.signal(signal.SIGUSR1)
        wait_until(lambda: len(site.log.lines("AH00489")) > reloads, "it is reloaded")
    raise AssertionError("nine reloads with a socket each, and four slots are not full")


def test_a_fresh_debian(tmp_path):
    """Its modules, and the configuration of an article."""
    names = "mpm_event authz_core proxy proxy_http".split()
    loads = "".join(f"LoadModule {name}_module {MODULES_DIR}/mod_{name}.so\n" for name in names)
    (tmp_path / "conf").write_text(f"ServerRoot {tmp_path}\nListen 127.0.0.1:1\n{loads}"
                                   "<VirtualHost *:443>\nSSLEngine on\n</VirtualHost>\n")
    done = subprocess.run(["/usr/sbin/apache2", "-t", "-f", str(tmp_path / "conf")], capture_output=True, text=True)
    assert done.returncode != 0
    assert_said(PAGE.find("no-ssl-log"), done.stderr)
    # What the page says to enable is there, and has what is missing.
    rows = re.findall(r"^\| (`[^|]+`) \| `a2enmod ([\w ]+)` \|$", PAGE.text, re.M)
    assert len(rows) > 5
    for words, names in rows:
        modules = [os.environ["WSFLOW_MODULE"] if name == "wsflow" else f"{MODULES_DIR}/mod_{name}.so" for name in names.split()]
        code = b"".join(pathlib.Path(module).read_bytes() for module in modules)
        assert [word for word in re.findall(r"`(\w+)`", words) if word.encode() not in code + b"BalancerMember"] == [], names

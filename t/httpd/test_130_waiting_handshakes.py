"""A handshake waits for its origin without a worker, from the connect to the last byte of a refusal."""

import os
import socket
import threading
import time

import pytest

import handshake
from network import SilentAddress, needs_root, with_file
from wait import seconds, wait_until
from waiting import SHAPE, arrive, ask, echo, open_all, wait_parked
from wire import Closed

pytestmark = pytest.mark.since(2, 4, 63)
TLS = [False, True]


@pytest.mark.parametrize("origin_tls", TLS)
@pytest.mark.parametrize("client_tls", TLS)
def test_origins_that_say_nothing_hold_no_worker(httpd, raw_origin, raw_client, resources, client_tls, origin_tls):
    origin = raw_origin(origin_tls)
    site = httpd(f"WSFlowPass /x {origin.url('/x')}", **SHAPE)
    clients = ask(site, raw_client, 24, tls=client_tls)
    servers = arrive(origin, 24, resources)
    wait_parked(site)
    assert site.get("/index.html").status == 200
    for pair in open_all(clients, servers):
        echo(*pair)
    site.status.wait_active(24)
    for end in clients + servers:
        end.close()
    site.status.wait_active(0)


def test_origins_that_take_no_connection_hold_no_worker(httpd, raw_client):
    with SilentAddress() as origin:
        site = httpd(f"WSFlowTimeout connect=3s\nWSFlowPass /x ws://127.0.0.1:{origin.port}/x", **SHAPE)
        site.log.expect("WSF0031")
        clients = ask(site, raw_client, 24)
        wait_parked(site)
        assert site.get("/index.html").status == 200
        assert [client.read_head().status for client in clients] == [502] * 24
        assert site.status.refused() == {"origin-connect": 24}


def test_tls_handshakes_that_hang_hold_no_worker_and_leave_other_origins_theirs(httpd, raw_origin, raw_client,
                                                                                 resources):
    hanging, well = raw_origin(), raw_origin(tls=True)
    site = httpd(f"WSFlowTimeout handshake=4s\nWSFlowPass /x {hanging.url('/x', 'wss')}\n"
                 f"WSFlowPass /y {well.url('/y')}", **SHAPE)
    site.log.allow("WSF0032", r"AH\d+")
    clients = ask(site, raw_client, 24)
    accepted = [hanging.accept() for _ in range(24)]
    resources.extend(accepted)
    wait_parked(site)
    client, = ask(site, raw_client, 1, "/y")
    server, = arrive(well, 1, resources)
    open_all([client], [server])
    echo(client, server)
    assert [one.read_head().status for one in clients] == [504] * 24


def test_a_full_queue_of_a_unix_socket_is_waited_for(httpd, raw_origin, raw_client, resources):
    origin = raw_origin(unix=True, backlog=0)
    site = httpd(f'WSFlowTimeout connect=20s\nWSFlowPass /x "{origin.url("/x")}"', **SHAPE)
    clients = ask(site, raw_client, 6)
    wait_parked(site)
    servers = arrive(origin, 6, resources)
    open_all(clients, servers)


def test_origins_of_one_worker_are_told_apart(httpd, raw_origin, raw_client, resources):
    """RewriteRule [P]: mod_proxy has one worker for all of them."""
    hanging, well = raw_origin(), raw_origin(tls=True)
    site = httpd("WSFlow On\nRewriteEngine On\nWSFlowTimeout handshake=4s\n"
                 'RewriteRule "^/to/(\\d+)/" "wss://127.0.0.1:$1/x" [P]', **SHAPE)
    site.log.allow("WSF0032", r"AH\d+")
    clients = ask(site, raw_client, 20, f"/to/{hanging.port}")
    resources.extend(hanging.accept() for _ in range(20))
    wait_parked(site)
    client, = ask(site, raw_client, 1, f"/to/{well.port}")
    server = well.accept_tunnel()
    resources.append(server)
    assert client.read_head().status == 101
    assert [one.read_head().status for one in clients] == [504] * 20


class SlowNames(threading.Thread):
    """A name server at `address` that says 127.0.0.1 of every name once open() was called."""

    def __init__(self):
        super().__init__(daemon=True)
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # Its port is fixed, and other trees try the same at the same time.
        number = os.getpid()
        self.address = f"127.77.{number >> 8 & 255}.{number & 255}"
        self._sock.bind((self.address, 53))
        self._opened = threading.Event()
        self.start()

    def run(self):
        while True:
            try:
                query, sender = self._sock.recvfrom(512)
            except OSError:
                return
            self._opened.wait()
            end = query.index(b"\0", 12) + 5
            asks_a = query[end - 4:end - 2] == b"\0\1"
            answer = query[:2] + b"\x81\x80\0\1\0" + (b"\1" if asks_a else b"\0") + b"\0\0\0\0" + query[12:end]
            if asks_a:
                answer += b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1"
            self._sock.sendto(answer, sender)

    def open(self):
        self._opened.set()

    def close(self):
        self._opened.set()
        self._sock.close()


@needs_root
def test_a_name_that_takes_its_time_holds_no_worker(httpd, raw_origin, raw_client, resources):
    """Nor does it hold up TLS with others; and more wait for it than may wait for one descriptor."""
    origin, other = raw_origin(), raw_origin(tls=True)
    names = SlowNames()
    resources.append(names)
    site = httpd(f"WSFlowTimeout connect=30s\nWSFlowPass /x ws://slow.test:{origin.port}/x\nWSFlowPass /y {other.url('/y')}",
                 threads=25, main="AsyncRequestWorkerFactor 64", start=False)
    resolver = site.root / "resolv.conf"
    resolver.write_text(f"nameserver {names.address}\noptions timeout:20 attempts:1\n")
    site.start(before_exec=with_file(resolver, "/etc/resolv.conf"))
    clients = ask(site, raw_client, 620)
    wait_parked(site)
    client, = ask(site, raw_client, 1, "/y")
    server, = arrive(other, 1, resources)
    open_all([client], [server])
    names.open()
    servers = arrive(origin, 620, resources)
    open_all(clients, servers)
    site.status.wait_active(621)


def balancer(members, settings=""):
    lines = "\n".join(f'BalancerMember "{url}" {more}' for url, more in members)
    return f'<Proxy "balancer://pool">\n{lines}\nProxySet {settings or "lbmethod=byrequests"}\n</Proxy>\n'


def test_the_next_member_is_tried_after_a_wait(httpd, raw_origin, raw_client, resources):
    alive = raw_origin()
    with SilentAddress() as dead:
        site = httpd(plain_conf=balancer([(f"ws://127.0.0.1:{dead.port}", "retry=600"), (alive.url(""), "")])
                     + 'WSFlowTimeout connect=1s\nWSFlowPass /x "balancer://pool/x"\n', **SHAPE)
        site.log.expect("WSF0031")
        site.log.allow("AH01114")
        for _ in range(4):  # the second is spared the dead one
            client, = ask(site, raw_client, 1)
            server, = arrive(alive, 1, resources)
            open_all([client], [server])
            echo(client, server)
        assert site.log.text().count("WSF0031") == 1
        site.status.wait_active(4)


def test_failontimeout_and_failonstatus_count_after_a_wait(httpd, raw_origin, raw_client, resources):
    first, second = raw_origin(), raw_origin()
    site = httpd(plain_conf=balancer([(first.url(""), "retry=600"), (second.url(""), "retry=600 status=+H")],
                                     "failontimeout=On failonstatus=500")
                 + 'WSFlowTimeout handshake=1s\nWSFlowPass /x "balancer://pool/x"\n', **SHAPE)
    site.log.expect("WSF0037", "AH02460", "AH01174")
    client, = ask(site, raw_client, 1)
    arrive(first, 1, resources)
    assert client.read_head().status == 504
    client, = ask(site, raw_client, 1)
    server, = arrive(second, 1, resources)
    wait_parked(site)
    server.send(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
    assert client.read_head().status == 500


def test_an_error_page_follows_a_wait(httpd, raw_origin, raw_client, resources):
    origin = raw_origin()
    site = httpd(f"WSFlowTimeout handshake=1s\nErrorDocument 504 /index.html\nWSFlowPass /x {origin.url('/x')}", **SHAPE)
    site.log.expect("WSF0037")
    client, = ask(site, raw_client, 1)
    arrive(origin, 1, resources)
    head = client.read_head()
    assert head.status == 504
    assert client.read_body(head) == b"an ordinary page\n"
    client.send_handshake(client.path)  # the connection lives on
    server, = arrive(origin, 1, resources)
    open_all([client], [server])


def test_more_than_may_wait_are_refused_at_once(httpd, raw_origin, raw_client, resources):
    origin = raw_origin()
    site = httpd(f"WSFlowPass /x {origin.url('/x')}", threads=4,
                 main="AsyncRequestWorkerFactor 64\nWSFlowMaxHandshakes 3")
    site.log.expect("WSF0365")
    waiting = ask(site, raw_client, 3)
    servers = arrive(origin, 3, resources)
    wait_parked(site)
    for client in ask(site, raw_client, 5):
        head = client.read_head()
        assert head.status == 503 and 1 <= int(head.get("retry-after")) <= 10
    assert site.status.refused() == {"max-handshakes": 5}
    open_all(waiting, servers)
    assert origin.untouched()  # those that were refused have not disturbed it
    again = ask(site, raw_client, 1)
    open_all(again, arrive(origin, 1, resources))


def test_a_wait_may_be_longer_than_timeout(httpd, raw_origin, raw_client, resources):
    """The MPM closes what it has waited for as long as Timeout."""
    origin = raw_origin()
    site = httpd(f"WSFlowTimeout handshake=20s\nWSFlowPass /x {origin.url('/x')}", threads=4,
                 main="AsyncRequestWorkerFactor 64\nTimeout 1")
    client, = ask(site, raw_client, 1)
    server, = arrive(origin, 1, resources)
    assert client.stays_silent(3)
    open_all([client], [server])
    echo(client, server)


def test_a_reload_does_not_disturb_a_wait(httpd, raw_origin, raw_client, resources):
    origin = raw_origin(True)
    site = httpd(f"WSFlowPass /x {origin.url('/x')}", **SHAPE)
    clients = ask(site, raw_client, 5)
    servers = arrive(origin, 5, resources)
    wait_parked(site)
    site.graceful()
    for pair in open_all(clients, servers):
        echo(*pair)


@pytest.mark.parametrize("origin_tls", TLS)
def test_a_stop_waits_for_no_origin(httpd, raw_origin, raw_client, resources, origin_tls):
    origin = raw_origin()
    site = httpd(f"WSFlowTimeout handshake=1h\nWSFlowPass /x {origin.url('/x', 'wss' if origin_tls else 'ws')}", **SHAPE)
    site.log.allow(r"AH\d+", r"WSF00\d\d")
    clients = ask(site, raw_client, 5)
    accepted = [origin.accept() for _ in range(5)]
    resources.extend(accepted)
    wait_parked(site)
    begin = time.monotonic()
    site.stop()
    assert time.monotonic() - begin < seconds(8)
    for client in clients:
        client.wait_ended()


def test_the_body_of_a_refusal_is_waited_for_without_a_worker(httpd, raw_origin, raw_client, resources):
    origin = raw_origin()
    site = httpd(f"WSFlowPass /x {origin.url('/x')}", **SHAPE)
    site.log.allow("WSF0073")
    clients = ask(site, raw_client, 12)
    servers = arrive(origin, 12, resources)
    for server in servers:
        server.send(b"HTTP/1.1 403 No\r\nContent-Length: 8\r\n\r\nhalf")
    for client in clients:
        assert client.read_head().status == 403
        assert client.read(4) == b"half"
    wait_parked(site)
    assert site.get("/index.html").status == 200
    for server in servers:
        server.send(b"done")
    for client in clients:
        assert client.read(4) == b"done"
    assert site.status.refused() == {"origin-status": 12}


def test_an_origin_that_hangs_leaves_workers_where_each_wait_holds_one(httpd, raw_origin, raw_client, resources):
    """Other MPMs than event cannot wait for a connection."""
    origin = raw_origin()
    site = httpd(f"WSFlowPass /x {origin.url('/x')}", threads=6, mpm="worker")
    site.log.allow("WSF0221")
    clients = ask(site, raw_client, 6)
    wait_until(lambda: site.status.refused() == {"worker-share": 3}, "the share is taken", report=site.status.refused)
    assert site.get("/index.html").status == 200
    for _ in clients:
        server = origin.accept()
        resources.append(server)
        try:
            head = server.read_head()
        except Closed:  # of one that was refused before the origin was asked
            continue
        server.send(handshake.switching(head.get("sec-websocket-key")))
    assert sorted(client.read_head().status for client in clients) == [101] * 3 + [503] * 3


@pytest.mark.bulk
def test_four_hundred_at_once_to_an_origin_that_takes_three_seconds(httpd, raw_client, resources, raw_origin):
    origin = raw_origin()
    answered = []

    def serve():
        for _ in range(400):
            wire = origin.accept()
            resources.append(wire)

            def answer(wire=wire):
                head = wire.read_head()
                wire.send(handshake.switching(head.get("sec-websocket-key")))
            answered.append(threading.Timer(3, answer))
            answered[-1].start()

    thread = threading.Thread(target=serve)
    site = httpd(f"WSFlowPass /x {origin.url('/x')}", threads=25, main="AsyncRequestWorkerFactor 64")
    thread.start()
    begin = time.monotonic()
    clients = ask(site, raw_client, 400)
    assert site.get("/index.html").status == 200
    assert [client.read_head().status for client in clients] == [101] * 400
    assert time.monotonic() - begin < seconds(4.5)
    thread.join()

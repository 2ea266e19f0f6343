"""docs/migrating.md: each configuration carries a tunnel, the old one and the new one; the new one without a worker."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess

import pytest

from foreign_modules import LOAD
from pages import SITE, TREE, Guest, Page, Reader, assert_said, modules_of, stock
from server import free_port
from wait import wait_until

# What these show is the words of configurations and other programs' doings.
pytestmark = pytest.mark.bulk

PAGE = Page("docs/migrating.md")
SHIPPED = (TREE / "conf.d/wsflow.conf").read_text()
# Paths on which each configuration has sockets.
BEFORE = {"wstunnel": ["/chat", "/app"], "rewrite": ["/chat"], "qos": ["/chat"], "article": ["/ws"]}
AFTER = {"wstunnel": ["/chat", "/app"], "rewrite": ["/chat"], "nginx": ["/chat"], "haproxy": ["/chat"], "valve": ["/app"],
         "qos": ["/chat"], "article": ["/ws", "/app"]}


@pytest.fixture
def ports(echo):
    return {"p9000": echo().port, "p9001": echo().port}


def configuration(name, ports):
    text = PAGE.block(name, **ports)
    return (LOAD["qos"] + "\n" if "QS_" in text else "") + text, modules_of(text)


def open_all(address, paths, resources):
    for path in paths:
        guest = Guest(address, path)
        resources.append(guest)
        assert guest.head.status == 101, guest.head.raw
        assert guest.talk()


def test_all_pairs_are_tried():
    named = {block.name for block in PAGE.blocks if block.name.endswith(("-before", "-after"))}
    assert named == {f"{name}-before" for name in [*BEFORE, "nginx", "haproxy", "valve"]} | {f"{name}-after" for name in AFTER}


@pytest.mark.parametrize("name", BEFORE)
def test_before(httpd, ports, resources, name):
    text, modules = configuration(f"{name}-before", ports)
    if name == "wstunnel":
        modules = [*modules, "proxy_wstunnel"]
    site = httpd(tail=text, modules=modules, start=False)
    stock(site)
    site.log.allow("qos:error")
    open_all(site.address(), BEFORE[name], resources)
    while resources and isinstance(resources[-1], Guest):
        resources.pop().close()
    # Without the module, a stop waits for sockets that are on workers.
    wait_until(lambda: "BusyWorkers: 1\n" in site.get("/server-status?auto").text, "their workers are free",
               report=lambda: site.get("/server-status?auto").text)


def test_mod_proxy_http_needs_no_wstunnel(httpd, ports, resources):
    site = httpd(tail=PAGE.block("wstunnel-before", **ports), start=False)
    stock(site)
    open_all(site.address(), BEFORE["wstunnel"], resources)


@pytest.mark.parametrize("name", AFTER)
def test_after(httpd, ports, resources, name):
    text, modules = configuration(f"{name}-after", ports)
    site = httpd(tail=f"{SHIPPED}\n{text}", modules=modules)
    site.log.allow(r"proxy_hcheck:error")
    open_all(site.address(), AFTER[name], resources)
    told = site.status.json()["tunnels"]
    assert (told["active"], told["active_worker"]) == (len(AFTER[name]), 0)


def test_the_shortest_way(httpd, ports, resources):
    """And the commands by which one sees that it works."""
    site = httpd(PAGE.block("one-line", **ports))
    reader = Reader(site)
    assert_said(PAGE.find("handshake-says"), reader.run(PAGE.block("handshake")))
    site.status.wait_active(0)
    guest = Guest(site.address(), "/chat")
    resources.append(guest)
    assert guest.talk()
    assert_said(PAGE.find("on-workers-says"), reader.run(PAGE.block("on-workers")))


def test_what_the_origin_sees(httpd, echo, resources):
    """What the tables of nginx and HAProxy say needs no line."""
    origin = echo()
    site = httpd(tail=PAGE.block("nginx-after", p9000=origin.port, p9001=origin.port))
    site.log.allow("WSF0136")
    open_all(site.address(), ["/chat"], resources)
    fields = origin.requests[-1][1]
    assert fields["Host"] == SITE and fields["X-Forwarded-For"] == "127.0.0.1"
    assert fields["X-Forwarded-Host"] == SITE and fields["X-Forwarded-Server"] == SITE


def refusal(address, count):
    """The status that the next one gets while COUNT sockets are open."""
    guests = []
    try:
        for _ in range(count):
            guests.append(Guest(address, "/chat"))
            assert guests[-1].head.status == 101
        guests.append(Guest(address, "/chat"))
        return guests[-1].head.status
    finally:
        for guest in guests:
            guest.close()


@pytest.mark.parametrize("name", ["nginx", "haproxy", "qos"])
def test_the_limit_of_each_client(httpd, ports, name):
    """20, as in what it takes the place of."""
    site = httpd(tail=f"{SHIPPED}\n{PAGE.block(f'{name}-after', **ports)}", modules=modules_of(PAGE.block(f"{name}-after")))
    site.log.allow("WSF0140", "proxy_hcheck:error")
    assert refusal(site.address(), 20) == (429 if name == "haproxy" else 503)


@pytest.mark.parametrize("name", ["first-route", "first-tls"])
def test_the_first_route(httpd, ports, resources, name):
    """README.md."""
    readme = Page("README.md")
    tls = name == "first-tls"
    site = httpd(start=False)
    text = readme.block(name, **ports).replace("/etc/ssl/certs/chat.pem", str(site.certs.server))
    site.write_conf(tail=f"{SHIPPED}\n{text}".replace("/etc/ssl/private/chat.key", str(site.certs.server_key)))
    site.start()
    for path in ("/chat", "/app"):
        guest = Guest(site.address(tls), path, tls=tls)
        resources.append(guest)
        assert guest.head.status == 101 and guest.talk()
    assert site.status.json()["tunnels"]["active_worker"] == 0


@contextlib.contextmanager
def running(command, port):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def listens():
        assert process.poll() is None, process.stderr.read()
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        return False

    try:
        wait_until(listens, f"{command[0]} listens")
        yield ("127.0.0.1", port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


@pytest.mark.skipif(not shutil.which("nginx", path="/usr/sbin"), reason="nginx is not installed")
def test_nginx_before(ports, resources, tmp_path):
    port = free_port()
    paths = "".join(f"{name}_temp_path {tmp_path}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    text = PAGE.block("nginx-before", **ports).replace("listen 80;", f"listen 127.0.0.1:{port};")
    user = "user root;" if os.geteuid() == 0 else ""
    (tmp_path / "conf").write_text(f"{user} daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/log;\n"
                                   f"events {{ worker_connections 64; }}\nhttp {{\naccess_log off;\n{paths}{text}\n}}\n")
    with running(["/usr/sbin/nginx", "-p", str(tmp_path), "-c", "conf", "-e", f"{tmp_path}/log"], port) as address:
        open_all(address, ["/chat"], resources)
        assert refusal(address, 19) == 503


@pytest.mark.skipif(not shutil.which("haproxy", path="/usr/sbin"), reason="HAProxy is not installed")
def test_haproxy_before(ports, resources, tmp_path):
    port = free_port()
    (tmp_path / "conf").write_text(PAGE.block("haproxy-before", **ports).replace("bind :80", f"bind 127.0.0.1:{port}") + "\n")
    with running(["/usr/sbin/haproxy", "-db", "-f", str(tmp_path / "conf")], port) as address:
        open_all(address, ["/chat"], resources)
        assert refusal(address, 19) == 429

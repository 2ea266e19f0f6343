"""A tunnel holds no worker thread: twenty times as many tunnels as threads, and everybody is served."""

import time

import pytest

import frames
import processes
from wire import RawClient
from wait import wait_until

THREADS = 25
TUNNELS = 500


def page_times(site, count):
    times = []
    for _ in range(count):
        start = time.monotonic()
        assert site.get("/index.html").status == 200
        times.append(time.monotonic() - start)
    return sorted(times)


@pytest.mark.bulk
@pytest.mark.timeout(240)
@pytest.mark.parametrize("client_tls,origin_tls", [(False, False), (True, True)])
def test_500_tunnels_on_one_child_with_25_threads(httpd, raw_origin, certs, resources, client_tls, origin_tls):
    origin = raw_origin(tls=origin_tls)
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"', threads=THREADS)
    before = page_times(site, 100)
    pairs = []
    for _ in range(TUNNELS):
        client = RawClient(site.address(client_tls), certs.client_context() if client_tls else None)
        resources.append(client)
        client.send_handshake("/x")
        server = origin.accept_tunnel()
        resources.append(server)
        assert client.read_head().status == 101
        pairs.append((client, server))
    site.status.wait_active(TUNNELS)
    child = site.child()
    assert len(processes.threads(child)) < THREADS + 10

    # All of them speak, first one direction, then the other.
    for number, (client, _) in enumerate(pairs):
        client.send_frame(frames.TEXT, b"from %d" % number, masked=True)
    for number, (_, server) in enumerate(pairs):
        assert server.read_frame() == (True, frames.TEXT, b"from %d" % number)
        server.send_frame(frames.TEXT, b"to %d" % number)
    for number, (client, _) in enumerate(pairs):
        assert client.read_frame() == (True, frames.TEXT, b"to %d" % number)

    # The median page is as quick as before; the bound forgives a noisy machine, not a worker that waits.
    after = page_times(site, 100)
    assert after[50] < before[50] * 4 + 0.02

    # Idle means idle.
    spent = processes.cpu_seconds(child)
    assert pairs[0][0].stays_silent(2)
    assert processes.cpu_seconds(child) - spent <= 0.05

    for client, server in pairs:
        client.close()
        server.close()
    site.status.wait_active(0)
    assert site.status.total() == TUNNELS


@pytest.mark.parametrize("tls", [False, True])
def test_more_tunnels_than_threads_and_every_thread_is_free(httpd, raw_origin, tunnel, tls):
    origin = raw_origin(tls=tls)
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"', threads=3)
    for _ in range(30):
        client, server = tunnel(site, origin, "/x", tls)
        server.send_frame(frames.TEXT, b"up")
        assert client.read_frame() == (True, frames.TEXT, b"up")
    site.status.wait_active(30)

    def busy():
        lines = site.get("/server-status?auto").text.splitlines()
        return int(dict(line.split(": ", 1) for line in lines if ": " in line)["BusyWorkers"])

    # The one that answers this; the last request before it may still be leaving its worker.
    wait_until(lambda: busy() == 1, "only the worker of the status request is busy", report=busy)

"""Handshakes that wait for their origins: many clients, their origins' ends, and whether a worker is held."""

import re

import frames
import handshake
from wait import wait_until

# Few workers, many who wait.
SHAPE = {"threads": 4, "main": "AsyncRequestWorkerFactor 64"}


def busy_workers(site):
    return int(re.search(r"^BusyWorkers: (\d+)", site.get("/server-status?auto").text, re.M)[1])


def wait_parked(site):
    """Nobody works but the one that asks."""
    wait_until(lambda: busy_workers(site) == 1, "no handshake holds a worker",
               report=lambda: site.get("/server-status?auto").text)


def ask(site, raw_client, count, path="/x", tls=False):
    clients = []
    for number in range(count):  # one by one: a TLS connection without a request holds a worker
        clients.append(raw_client(site, tls))
        clients[-1].path = f"{path}/{number}"
        clients[-1].send_handshake(clients[-1].path)
    return clients


def echo(client, server, text=b"hello"):
    client.send_frame(1, text, masked=True)
    assert server.read_frame()[2] == text
    server.send_frame(1, text[::-1])
    assert client.read_frame()[2] == text[::-1]


def open_all(clients, servers):
    """Every client with its server."""
    by_path = {server.head.path: server for server in servers}
    assert len(by_path) == len(clients), by_path
    for server in servers:
        server.send(handshake.switching(server.head.get("sec-websocket-key")))
    pairs = []
    for client in clients:
        head = client.read_head()
        assert head.status == 101, head.raw
        pairs.append((client, by_path[client.path]))
    return pairs


def arrive(origin, count, resources):
    """The handshakes of COUNT clients."""
    servers = []
    for _ in range(count):
        servers.append(origin.accept())
        resources.append(servers[-1])
        servers[-1].head = servers[-1].read_head()
    return servers


def early_handshake(path):
    """With a frame behind it."""
    return handshake.request(path, "localhost") + frames.encode(frames.TEXT, b"early", masked=True)

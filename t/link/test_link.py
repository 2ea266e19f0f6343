"""The link itself: TCP of the kernel's over two devices and the relay between them."""

import os
import pathlib
import select
import socket
import threading

import pytest

import link as links
from network import own_network
from wait import wait_until

WHY_NOT = links.why_unavailable()
pytestmark = pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))

SOME = 200_000


@pytest.fixture
def network():
    with own_network() as made:
        yield made


@pytest.fixture
def link(network):
    with links.Link() as made:
        yield made


def connected(link):
    """A connection over the link: its ends on the server's and on the client's side."""
    with socket.create_server((links.SERVER, 0)) as listener:
        with link.client_side():
            client = socket.create_connection(listener.getsockname(), 20)
        server, peer = listener.accept()
    assert peer[0] == link.client
    for sock in (server, client):
        sock.settimeout(20)
        # What is new does not wait for what nobody can acknowledge.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return server, client


def read(sock, count):
    data = b""
    while len(data) < count and (more := sock.recv(65536)):
        data += more
    return data


def carried(sender, receiver, data):
    """Whether DATA arrives."""
    thread = threading.Thread(target=sender.sendall, args=(data,))
    thread.start()
    received = read(receiver, len(data))
    thread.join()
    return received == data


def test_bytes_pass_whatever_packets_suffer(link):
    server, client = connected(link)
    with server, client:
        data = os.urandom(SOME)
        assert carried(server, client, data) and carried(client, server, data)
        assert link.counts()["to_client"]["lost"] == 0
        link.set(both={"loss": 0.05, "delay": 0.01, "jitter": 0.005, "reorder": 0.1, "rate": 4_000_000})
        assert carried(server, client, data) and carried(client, server, data)
        counts = link.counts()
        assert counts["to_client"]["lost"] > 0 and counts["to_server"]["lost"] > 0
        assert counts["to_client"]["bytes"] > SOME


@pytest.mark.parametrize("down", ["to_client", "to_server"])
def test_each_direction_goes_down_by_itself(link, down):
    server, client = connected(link)
    with server, client:
        unheard, heard = (server, client) if down == "to_client" else (client, server)
        link.set(**{down: {"down": True}})
        unheard.sendall(b"lost")
        # Sent again and again, as nobody says that it has come.
        wait_until(lambda: link.counts()[down]["lost"] >= 2, "packets are lost")
        heard.sendall(b"this one comes")
        assert read(unheard, 14) == b"this one comes"
        assert not select.select([heard], [], [], 0)[0]
        link.set(**{down: {"down": False}})
        assert read(heard, 4) == b"lost"


def test_what_waits_at_a_slow_link_has_not_arrived(link):
    server, client = connected(link)
    with server, client:
        link.set(to_client={"rate": 64_000, "queue": 4000})
        server.setblocking(False)
        sent = server.send(bytes(SOME))
        wait_until(lambda: link.counts()["to_client"]["arrived"] > 5, "the first packets come")
        assert len(client.recv(SOME)) < sent / 2
        link.set(to_client={"rate": 0})


def test_packets_are_no_larger_than_the_link_takes(network):
    with links.Link(mtu=576, number=3) as link:
        server, client = connected(link)
        with server, client:
            assert server.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) <= 576 - 40
            assert carried(server, client, os.urandom(SOME))
            counts = link.counts()["to_client"]
            assert counts["bytes"] / counts["arrived"] <= 576


def test_links_of_one_network_do_not_know_each_other(network):
    with links.Link(number=1) as one, links.Link(number=2) as two:
        first, second = connected(one), connected(two)
        one.set(both={"down": True})
        assert carried(*second, os.urandom(1000))
        for sock in (*first, *second):
            sock.close()


def test_nothing_is_left_of_a_link(network):
    before = len(os.listdir("/proc/self/fd"))
    with links.Link() as link:
        assert pathlib.Path("/proc/thread-self/net/dev").read_text().count("link0:") == 1
    assert "link0" not in pathlib.Path("/proc/thread-self/net/dev").read_text()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_misspelled_policy_ends_the_relay(network):
    link = links.Link()
    with pytest.raises(AssertionError, match="the relay has ended: 1"):
        link.set(both={"losses": 1})
    link.close()

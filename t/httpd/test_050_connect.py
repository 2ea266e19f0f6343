"""How origins are reached: all addresses of a name, in bounded time, with the kernel buffers that are asked for."""

import re
import subprocess
import time

import pytest

from network import SilentAddress, needs_root, with_hosts
from wait import seconds


def refused(site, client, path="/x"):
    begin = time.monotonic()
    client.send_handshake(path)
    status = client.read_head().status
    return status, time.monotonic() - begin


def test_an_origin_that_cannot_be_reached_in_time_is_502(httpd, raw_client):
    with SilentAddress() as origin:
        site = httpd(f"WSFlowTimeout connect=300ms\nWSFlowPass /x ws://127.0.0.1:{origin.port}/x\n"
                     f"WSFlowPass /key ws://127.0.0.1:{origin.port}/key connect=1h connectiontimeout=200ms")
        site.log.expect(r"timeout.*WSF0031: .*127\.0\.0\.1")
        site.log.allow("AH01114")
        for path in ("/x", "/key"):
            status, took = refused(site, raw_client(site), path)
            assert status == 502 and took < seconds(5)
        assert site.status.refused() == {"origin-connect": 2}


@needs_root
def test_every_address_of_a_name_is_tried(httpd, raw_origin, tunnel):
    """One address takes no connection, whichever comes first; it may take its share of the time."""
    origin = raw_origin()
    with SilentAddress("127.0.0.2", origin.port):
        site = httpd(f"WSFlowTimeout connect=1s\nWSFlowPass /ab ws://ab.test:{origin.port}/x\n"
                     f"WSFlowPass /ba ws://ba.test:{origin.port}/x", start=False)
        hosts = site.root / "hosts"
        hosts.write_text("127.0.0.1 localhost\n127.0.0.1 ab.test\n127.0.0.2 ab.test\n"
                         "127.0.0.2 ba.test\n127.0.0.1 ba.test\n")
        site.start(before_exec=with_hosts(hosts))
        for path in ("/ab", "/ba"):
            client, server = tunnel(site, origin, path)
            client.send_frame(1, b"hello", masked=True)
            assert server.read_frame()[2] == b"hello"


def buffers(port, side):
    """rb and tb of the connections of httpd with this PORT: what the kernel keeps for reading and writing."""
    said = subprocess.run(["ss", "-tmnH", "state", "established", side, f"= :{port}"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    return {tuple(int(n) for n in found) for found in re.findall(r"rb(\d+),t\d+,tb(\d+)", said)}


def test_buffers_are_set_on_both_legs(httpd, raw_origin, tunnel):
    """The kernel doubles what it is given, for its own needs."""
    origin = raw_origin()
    site = httpd(f"WSFlowReceiveBufferSize 20000\nWSFlowSendBufferSize 30000\nWSFlowPass /x {origin.url('/x')}")
    site.log.expect("WSF0285")
    tunnel(site, origin, "/x")
    assert (40000, 60000) in buffers(origin.port, "dport")
    assert (40000, 60000) in buffers(site.http_port, "sport")


NOWHERE = "nowhere.invalid"  # RFC 6761: it never resolves


@pytest.mark.parametrize("conf", [f"WSFlowPass /x ws://{NOWHERE}/x", f"WSFlowPass /x http://{NOWHERE}:8080/x",
                                  f"WSFlow On\nProxyPass /x ws://{NOWHERE}/x",
                                  f"<Proxy balancer://b>\nBalancerMember ws://{NOWHERE}:1\nBalancerMember ws://{NOWHERE}:2\n"
                                  "</Proxy>\nWSFlowPass /x balancer://b/x"])
def test_a_name_that_does_not_resolve_is_502(httpd, raw_client, conf):
    site = httpd(conf)
    site.log.expect(f"WSF0252: .*{NOWHERE}")
    site.log.allow(r"AH\d+")
    for _ in range(2):
        client = raw_client(site)
        client.send_handshake("/x")
        assert client.read_head().status in ((502, 503) if "balancer" in conf else (502,))
    site.wait_access(" 502 .* refused=origin-connect$")


def test_the_next_member_is_asked_where_a_name_does_not_resolve(httpd, raw_origin, tunnel):
    origin = raw_origin()
    site = httpd(f'<Proxy "balancer://b">\nBalancerMember ws://{NOWHERE} loadfactor=100\nBalancerMember "{origin.url("")}"\n'
                 "</Proxy>\nWSFlowPass /x balancer://b/x")
    site.log.expect("WSF0252")
    site.log.allow(r"AH\d+")
    for _ in range(4):
        tunnel(site, origin, "/x")
    assert site.status.refused() == {}

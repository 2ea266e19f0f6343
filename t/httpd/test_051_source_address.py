"""More tunnels to one origin than one address has ports: they come from a pool of addresses."""

import pytest

from network import needs_root, own_network

FIRST, LAST = 50000, 50001


@pytest.fixture
def network():
    with own_network() as made:
        yield made


@needs_root
def test_a_pool_of_addresses_and_its_end(network, httpd, raw_origin, raw_client, resources):
    origin = raw_origin()
    site = httpd(f"WSFlowSourceAddress 127.0.0.2 127.0.0.3\nWSFlowPass /x {origin.url('/x')}")
    clients = [raw_client(site) for _ in range(6)]
    network.limit_ports(FIRST, LAST)
    sources = set()
    for client in clients[:4]:
        client.send_handshake("/x")
        server = origin.accept_tunnel()
        resources.append(server)
        assert client.read_head().status == 101
        sources.add(server.sock.getpeername())
    assert sources == {(host, port) for host in ("127.0.0.2", "127.0.0.3") for port in (FIRST, LAST)}
    # Each further one is told so, and the origin is not blamed: its worker stays in use.
    site.log.expect(rf"WSF0170: no free port from 127\.0\.0\.2, 127\.0\.0\.3 to the origin 127\.0\.0\.1:{origin.port}: "
                    "all 2 of each")
    for client in clients[4:]:
        client.send_handshake("/x")
        assert client.read_head().status == 503
    network.limit_ports(32768, 60999)
    assert site.status.refused() == {"no-source-port": 2}
    fresh = raw_client(site)
    fresh.send_handshake("/x")
    resources.append(origin.accept_tunnel())
    assert fresh.read_head().status == 101


@needs_root
def test_without_a_pool_the_machine_is_named(network, httpd, raw_origin, raw_client, resources):
    origin = raw_origin()
    site = httpd(f"<Location /any>\nWSFlowSourceAddress any\n</Location>\nWSFlowSourceAddress 127.0.0.2\n"
                 f"WSFlowPass /any {origin.url('/x')}")
    clients = [raw_client(site) for _ in range(3)]
    network.limit_ports(FIRST, LAST)
    site.log.expect(rf"WSF0170: no free port from this machine to the origin 127\.0\.0\.1:{origin.port}: ")
    for client in clients[:2]:
        client.send_handshake("/any")
        resources.append(origin.accept_tunnel())
        assert client.read_head().status == 101
    clients[2].send_handshake("/any")
    assert clients[2].read_head().status == 503


@pytest.mark.parametrize("line,words", [
    ("WSFlowSourceAddress localhost", ["localhost", "numeric"]),
    ("WSFlowSourceAddress 192.0.2.1", ["192.0.2.1", "no address of this machine"]),
    ("WSFlowSourceAddress 0.0.0.0", ["0.0.0.0", "no address of this machine"]),
    ("WSFlowSourceAddress 127.0.0.2 127.0.0.2", ["127.0.0.2", "twice"]),
    ("WSFlowSourceAddress", ["needs any, or addresses"]),
])
def test_addresses_are_checked(httpd, line, words):
    status, said = httpd(line, start=False).configtest()
    assert status != 0 and all(word in said for word in words + ["WSFlowSourceAddress"]), said

"""TLS sessions with origins: the next tunnel to the same origin resumes the last one's session, and nobody else does."""

import re
import socket
import ssl

import pytest

import processes
from legs import close_all, talk
from wire import Closed

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


class AnotherServer:
    """Stands in for a context: each connection meets a server that knows no session of those before."""

    def __init__(self, certs):
        self._certs = certs

    def wrap_socket(self, sock, server_side):
        return self._certs.origin_context().wrap_socket(sock, server_side=server_side)


class Breaking:
    """Stands in for a context: while BREAK is set, connections end in the middle of the TLS handshake."""

    def __init__(self, certs):
        self._context, self.broken = certs.origin_context(), False

    def wrap_socket(self, sock, server_side):
        if self.broken:
            sock.recv(1)
            sock.shutdown(socket.SHUT_RDWR)
            return sock
        return self._context.wrap_socket(sock, server_side=server_side)


def resumes(tunnel, site, origin, path="/x", tls=False):
    """Whether a new tunnel resumes a session."""
    client, server = tunnel(site, origin, path, tls)
    talk(client, server)
    resumed = server.sock.session_reused  # a closed socket does not know it
    close_all([(client, server)])
    return resumed


@pytest.mark.parametrize("version", VERSIONS)
def test_the_next_tunnel_resumes(httpd, raw_origin, tunnel, certs, version):
    origin = raw_origin(context=certs.origin_context(version))
    site = httpd(f'WSFlowPass /x "{origin.url("/x", "wss")}"', threads=5)
    assert [resumes(tunnel, site, origin) for _ in range(4)] == [False, True, True, True]


def test_a_session_is_of_one_origin(httpd, raw_origin, tunnel):
    origins = [raw_origin(tls=True) for _ in range(2)]
    site = httpd("\n".join(f'WSFlowPass /{i} "{origin.url("/")}"' for i, origin in enumerate(origins)))
    for expected in (False, True):
        assert [resumes(tunnel, site, origin, f"/{i}") for i, origin in enumerate(origins)] == [expected] * 2


def test_an_origin_that_gives_no_sessions(httpd, raw_origin, tunnel, certs):
    context = certs.origin_context()
    context.num_tickets = 0
    origin = raw_origin(context=context)
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    assert [resumes(tunnel, site, origin) for _ in range(3)] == [False] * 3


def test_an_origin_that_does_not_know_the_session(httpd, raw_origin, tunnel, certs):
    origin = raw_origin(context=AnotherServer(certs))
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    assert [resumes(tunnel, site, origin) for _ in range(3)] == [False] * 3


def test_virtual_hosts_share_no_session(httpd, raw_origin, tunnel):
    origin = raw_origin(tls=True)
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    assert [resumes(tunnel, site, origin, tls=tls) for tls in (False, True, False, True)] == [False, False, True, True]


def test_a_session_is_no_way_round_the_certificate(httpd, raw_origin, raw_client, tunnel, certs):
    """One host trusts everybody, the other one only whom no origin has: its handshakes fail beside the first one's session."""
    origin = raw_origin(tls=True)
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"', plain_conf="SSLProxyVerify none",
                 tls_conf=f'SSLProxyVerify require\nSSLProxyCACertificateFile "{certs.server}"')
    assert [resumes(tunnel, site, origin) for _ in range(2)] == [False, True]
    client = raw_client(site, True)
    client.send_handshake("/x")
    with pytest.raises((Closed, ssl.SSLError, OSError)):
        origin.accept().read_head()
    assert client.read_head().status == 502
    site.log.expect("WSF0033")


def test_a_session_is_forgotten_when_the_handshake_with_it_fails(httpd, raw_origin, raw_client, tunnel, certs):
    context = Breaking(certs)
    origin = raw_origin(context=context)
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    assert [resumes(tunnel, site, origin) for _ in range(2)] == [False, True]
    context.broken = True
    client = raw_client(site)
    client.send_handshake("/x")
    origin.accept()
    assert client.read_head().status == 502
    site.log.expect("WSF0033")
    context.broken = False
    assert [resumes(tunnel, site, origin) for _ in range(2)] == [False, True]


@pytest.mark.bulk
def test_memory_of_idle_tunnels(httpd, raw_origin, tunnel, resources):
    """A record buffer that stays, or a chain of certificates for each, would be far more than the bound."""
    origin = raw_origin(tls=True)
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    if re.search("libasan|libtsan", " ".join(processes.mapped_files(site.child()))):
        pytest.skip("a sanitizer's memory is its own")
    count = 300

    def memory_with(number):
        for _ in range(number):
            resources.extend(tunnel(site, origin, "/x", True))
        return processes.own_bytes(site.child())

    before = memory_with(50)
    assert (memory_with(count) - before) / count < 33_000

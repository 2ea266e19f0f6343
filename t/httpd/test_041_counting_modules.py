"""Modules that count connections: what they add to a connection does not keep it in httpd, and who relies on their limits
is told what to write, as a tunnel is no connection of httpd's."""

import os
import re

import pytest

from foreign_modules import LOAD

WS = "ws://127.0.0.1:9/"
QOS = LOAD["qos"] + "\n"
SECURITY = LOAD["security2"] + "\nSecConnEngine On\n"

# Everything of theirs that looks at a connection or at what passes.
BUSY = {
    "qos": QOS + "QS_SrvMaxConn 500\nQS_SrvMaxConnPerIP 100\nQS_SrvMaxConnClose 400\nQS_SrvMinDataRate 10 1000\n"
                 "QS_ClientEntries 1000\nQS_LocRequestLimit / 100\nQS_LocKBytesPerSecLimit / 100000\n"
                 "QS_SrvSerialize off\nQS_LimitRequestBody 100000",
    "qos request rate": QOS + "QS_SrvRequestRate 10 1000\nQS_ClientEntries 1000\nQS_ClientPrefer\nQS_EventCount on",
    "security2": SECURITY + "SecRuleEngine On\nSecConnReadStateLimit 100\nSecConnWriteStateLimit 100\n"
                            "SecRequestBodyAccess On\nSecResponseBodyAccess On\nSecAuditEngine Off\nSecTmpDir /tmp\nSecDataDir /tmp",
}


@pytest.mark.bulk
@pytest.mark.parametrize("scheme", ["ws", "wss"])
@pytest.mark.parametrize("origin_tls", [False, True])
@pytest.mark.parametrize("main", BUSY.values(), ids=BUSY)
def test_tunnels_leave_httpd_beside_them(httpd, echo, connect, main, scheme, origin_tls):
    origin = echo(tls=origin_tls)
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"', main=main)
    site.log.allow("WSF0287", r"qos:error")
    peers = [connect(site.url(scheme, "/x")) for _ in range(8)]
    for size in (1, 1000, 70_000, 3_000_000):
        for peer in peers:
            message = os.urandom(size)
            assert peer.echo(message) == message
    told = site.status.json()["tunnels"]
    assert (told["active"], told["active_worker"]) == (8, 0)
    for peer in peers:
        peer.close()
    site.status.wait_active(0)
    assert site.status.ended() == {"closed": 8}
    assert site.get("/index.html").status == 200


def says(httpd, *lines):
    site = httpd(main="\n".join(lines), start=False)
    status, said = site.configtest()
    assert status == 0, said
    return [line for line in said.splitlines() if "WSF0287" in line]


ROUTE = f"WSFlowPass /x {WS}"
KEYED = 'WSFlowLimit sockets concurrency=5 applies=tunnels key=%{REMOTE_ADDR}'


@pytest.mark.parametrize("directive, line", [
    ("QS_SrvMaxConnPerIP 5", KEYED),
    ("QS_SrvMaxConn 5", "WSFlowLimit sockets concurrency=5 applies=tunnels"),
    ("QS_LocRequestLimit /x 5", "WSFlowLimit sockets concurrency=5 applies=tunnels"),
    ("QS_LocRequestLimitMatch ^/x 5", "WSFlowLimit sockets concurrency=5 applies=tunnels"),
    ("SecConnReadStateLimit 5", KEYED),
    ("SecConnWriteStateLimit 5", KEYED),
])
def test_limits_that_count_no_tunnels_are_told_with_the_line_to_write(httpd, directive, line):
    load = SECURITY if directive.startswith("Sec") else QOS
    (told,) = says(httpd, load, directive, ROUTE)
    assert re.search(rf'httpd.conf:\d+: {directive.split()[0]} counts no tunnels', told), told
    assert f'write "{line}" beside the route' in told and "WSFlowPass /x (" in told, told
    # And the line does it.
    assert says(httpd, load, directive, ROUTE, line) == []


@pytest.mark.parametrize("before", ["", "WSFlowLimit sockets concurrency=7 applies=requests"])
def test_lines_that_are_told_together_can_be_written_together(httpd, before):
    lines = [QOS, "QS_SrvMaxConnPerIP 5", "QS_SrvMaxConn 100", ROUTE, before]
    told = says(httpd, *lines)
    assert len(told) == 2
    cures = [re.search(r'write "([^"]*)"', line)[1] for line in told]
    assert says(httpd, *lines, *cures) == []


@pytest.mark.parametrize("lines, warns", [
    ([QOS, ROUTE], 0),
    ([QOS, "QS_LocRequestLimit /files 5", ROUTE], 0),
    ([QOS, "QS_LocRequestLimit / 5", ROUTE], 1),
    ([QOS, "QS_LocRequestLimit /files 5", "QS_LocRequestLimit /x 5", ROUTE], 1),
    ([QOS, "<VirtualHost 127.0.0.1:1>", "QS_LocRequestLimit /x 5", "</VirtualHost>",
      "<VirtualHost 127.0.0.1:2>", ROUTE, "</VirtualHost>"], 0),
    ([QOS, "<VirtualHost 127.0.0.1:1>", "QS_LocRequestLimit /x 5", "</VirtualHost>",
      "<VirtualHost 127.0.0.1:2>", ROUTE, "QS_LocRequestLimit /x 5", "</VirtualHost>"], 1),
    ([SECURITY, ROUTE], 0),
    ([QOS, "QS_SrvMaxConnPerIP 5", "ProxyPass /x http://127.0.0.1:9/"], 0),
    ([QOS, "QS_SrvMaxConnPerIP 5", "WSFlow On", "ProxyPass /x http://127.0.0.1:9/"], 1),
    ([QOS, "QS_SrvMaxConnPerIP 5", "QS_SrvMaxConn 100", ROUTE], 2),
    ([QOS, "QS_SrvMaxConnPerIP 5", "WSFlow On", "RewriteEngine On", "RewriteRule ^/x http://127.0.0.1:9/ [P]"], 1),
    ([QOS, "QS_SrvMaxConnPerIP 5", ROUTE, KEYED + " dry-run=on"], 1),
    ([QOS, "QS_SrvMaxConnPerIP 5", ROUTE, "WSFlowLimit all concurrency=5"], 1),
    ([QOS, "QS_SrvMaxConn 5", ROUTE, "WSFlowLimit each rate=5/s"], 1),
    ([QOS, "QS_SrvMaxConn 5", ROUTE, "WSFlowLimit all concurrency=5 applies=requests"], 1),
    ([QOS, "QS_SrvMaxConn 5", ROUTE, "WSFlowLimit all concurrency=5"], 0),
    ([QOS, "QS_SrvMaxConnPerIP 5", ROUTE, "<Location /y>", KEYED, "</Location>"], 1),
    ([QOS, "QS_SrvMaxConnPerIP 5", ROUTE, "<Location /x>", KEYED, "</Location>"], 0),
    ([QOS, "QS_SrvMaxConnPerIP 5", ROUTE, '<LocationMatch "^/(x|y)">', KEYED, "</LocationMatch>"], 0),
    ([QOS, "QS_SrvMaxConnPerIP 5", ROUTE, KEYED, "<Location /x>", "WSFlowLimit sockets off", "</Location>"], 1),
    ([SECURITY, QOS, "SecConnReadStateLimit 5", "QS_SrvMaxConnPerIP 5", ROUTE], 1),
])
def test_who_needs_no_line_is_not_told(httpd, lines, warns):
    assert len(says(httpd, *lines)) == warns


def test_tunnels_are_not_counted_and_the_line_counts_them(httpd, echo, connect, raw_client):
    """What the manual says of both."""
    origin = echo()
    route = f'WSFlowPass /x "{origin.url("/x")}"\nWSFlowPass /y "{origin.url("/y")}"'
    limit = "<Location /y>\n" + KEYED + "\n</Location>"
    site = httpd(f"{route}\n{limit}", main=QOS + "QS_SrvMaxConnPerIP 5")
    site.log.expect("WSF0287", "WSF0140")
    peers = [connect(site.url("ws", "/x")) for _ in range(8)]
    peers += [connect(site.url("ws", "/y")) for _ in range(5)]
    for peer in peers:
        assert peer.echo("hello") == "hello"
    client = raw_client(site)
    client.send_handshake("/y")
    assert client.read_head().status == 503

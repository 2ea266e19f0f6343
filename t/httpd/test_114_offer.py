"""WSFlowProtocol and WSFlowExtensions: what of a client's offer reaches the origin, and what its answer is judged by."""

import pytest


def handshake(origin, site, raw_client, resources, path, offer, answer=()):
    """The head that the origin got, and the status that the client got for its ANSWER."""
    client = raw_client(site)
    client.send_handshake(path, offer)
    server = origin.accept_tunnel(answer)
    resources.append(server)
    return server.head, client.read_head()


PROTOCOL, EXTENSIONS = "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"


def test_only_listed_protocols_pass(httpd, raw_origin, raw_client, resources):
    origin = raw_origin()
    site = httpd(f"WSFlowPass /x {origin.url('/x')}\nWSFlowProtocol mqtt graphql-transport-ws")
    head, answer = handshake(origin, site, raw_client, resources, "/x", [(PROTOCOL, "chat, mqtt"), (PROTOCOL, "MQTT")],
                             [(PROTOCOL, "mqtt")])
    assert head.all(PROTOCOL) == ["mqtt"] and answer.status == 101 and answer.get(PROTOCOL) == "mqtt"
    # Offered, but not passed on: the origin cannot have got it from us.
    site.log.expect("WSF0072")
    head, answer = handshake(origin, site, raw_client, resources, "/x", [(PROTOCOL, "chat, mqtt")], [(PROTOCOL, "chat")])
    assert answer.status == 502
    head, answer = handshake(origin, site, raw_client, resources, "/x", [])
    assert head.get(PROTOCOL) is None and answer.status == 101
    client = raw_client(site)
    client.send_handshake("/x", [(PROTOCOL, "chat, MQTT")])
    assert client.read_head().status == 403
    assert origin.untouched()
    site.wait_access(" 403 .* refused=protocol-not-allowed$")
    assert site.log.lines("WSF0173: .*chat, MQTT")


def test_extensions_are_taken_out(httpd, raw_origin, raw_client, resources):
    origin = raw_origin()
    site = httpd(f"WSFlowPass /x {origin.url('/x')}\nWSFlowPass /y {origin.url('/y')}\nWSFlowExtensions strip\n"
                 "<Location /y>\nWSFlowExtensions pass\n</Location>")
    offer, accepted = [(EXTENSIONS, "permessage-deflate; client_max_window_bits")], [(EXTENSIONS, "permessage-deflate")]
    head, answer = handshake(origin, site, raw_client, resources, "/x", offer)
    assert head.get(EXTENSIONS) is None and answer.status == 101
    site.log.expect("WSF0072")
    assert handshake(origin, site, raw_client, resources, "/x", offer, accepted)[1].status == 502
    head, answer = handshake(origin, site, raw_client, resources, "/y", offer, accepted)
    assert head.all(EXTENSIONS) == [offer[0][1]] and answer.status == 101


@pytest.mark.parametrize("line,words", [
    ("WSFlowProtocol", ["needs any, or names"]),
    ("WSFlowProtocol a,b", ["a,b", "no sub-protocol"]),
    ("WSFlowExtensions no", ["no", "pass or strip"]),
])
def test_nonsense_is_named(httpd, line, words):
    status, said = httpd(line, start=False).configtest()
    assert status != 0 and all(word in said for word in words), said

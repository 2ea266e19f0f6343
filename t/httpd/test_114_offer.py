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
    for offer in ([], [(PROTOCOL, "")], [(PROTOCOL, " ,\t,")]):
        head, answer = handshake(origin, site, raw_client, resources, "/x", offer)
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
    ("WSFlowSubprotocolCheck sloppy", ["WSFlowSubprotocolCheck", "On or Off"]),
])
def test_nonsense_is_named(httpd, line, words):
    status, said = httpd(line, start=False).configtest()
    assert status != 0 and all(word in said for word in words), said


SLOPPY = {
    "none where none was offered": ([], ["chat"]),
    "one that was not offered": (["chat"], ["soap"]),
    "another case": (["Chat"], ["chat"]),
    "all that were offered": (["a", "b"], ["a, b"]),
    "no token": (["a"], ["a b"]),
}


@pytest.mark.parametrize("name", SLOPPY)
def test_an_answer_that_was_not_offered_passes_if_asked(httpd, raw_origin, raw_client, resources, name):
    """As with mod_proxy: what the client makes of it is its own business."""
    offered, answered = SLOPPY[name]
    offer, answer = [(PROTOCOL, each) for each in offered], [(PROTOCOL, each) for each in answered]
    origin = raw_origin()
    site = httpd(f"WSFlowPass /x {origin.url('/x')}\nWSFlowPass /y {origin.url('/y')}\nWSFlowSubprotocolCheck Off\n"
                 "<Location /y>\nWSFlowSubprotocolCheck On\n</Location>")
    site.log.expect("WSF0072")
    assert handshake(origin, site, raw_client, resources, "/y", offer, answer)[1].status == 502
    _, head = handshake(origin, site, raw_client, resources, "/x", offer, answer)
    assert head.status == 101 and head.all(PROTOCOL) == answered


@pytest.mark.parametrize("check", ["On", "Off"])
@pytest.mark.parametrize("offered", [[], [(PROTOCOL, "chat")]])
def test_an_empty_protocol_is_none(httpd, raw_origin, raw_client, resources, check, offered):
    origin = raw_origin()
    site = httpd(f"WSFlowPass /x {origin.url('/x')}\nWSFlowSubprotocolCheck {check}")
    for answer in ([(PROTOCOL, "")], [(PROTOCOL, " \t")], [(PROTOCOL, ""), (EXTENSIONS, "")]):
        _, head = handshake(origin, site, raw_client, resources, "/x", offered, answer)
        assert head.status == 101 and head.all(PROTOCOL) == [] and head.all(EXTENSIONS) == []
    if offered:
        _, head = handshake(origin, site, raw_client, resources, "/x", offered, [(PROTOCOL, ""), (PROTOCOL, "chat")])
        assert head.status == 101 and head.all(PROTOCOL) == ["chat"]


def test_the_check_of_the_rest_stays(httpd, raw_origin, raw_client, resources):
    origin = raw_origin()
    site = httpd(f"WSFlowPass /x {origin.url('/x')}\nWSFlowSubprotocolCheck Off")
    site.log.expect("WSF0072")
    assert handshake(origin, site, raw_client, resources, "/x", [], [(EXTENSIONS, "x-zip")])[1].status == 502

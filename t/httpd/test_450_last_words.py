"""Nothing that a peer has said is lost because the other one is slow, busy or gone, and nobody is blamed for httpd's pauses."""

import os
import signal
import threading
import time

import pytest

import frames
import handshake
from wait import seconds


def masked(opcode, payload):
    return frames.encode(opcode, payload, masked=True)


@pytest.mark.parametrize("slow", ["client", "origin"])
def test_who_is_busy_gets_all_that_the_other_has_left(legs, slow):
    """Megabytes, a Close frame and the end of the stream wait for a peer that reads nothing for a while."""
    ends = legs("WSFlowTimeout close=1s").open_all()
    said = frames.encode(frames.BINARY, bytes(5 << 20), masked=slow == "origin")
    said += frames.close(1000, masked=slow == "origin")
    pairs = [pair if slow == "client" else pair[::-1] for pair in ends]
    senders = [threading.Thread(target=lambda wire=leaving: (wire.send(said), wire.half_close())) for _, leaving in pairs]
    for sender in senders:
        sender.start()
    time.sleep(3)  # they are busy: longer than `close`
    for busy, _ in pairs:
        assert busy.read(len(said)) == said
    for sender in senders:
        sender.join()
    for wire in (wire for pair in ends for wire in pair):
        wire.close()


def test_what_an_origin_says_before_it_resets_reaches_the_client(httpd, raw_origin, tunnel):
    """An origin that answers "too big" and resets while the client goes on sending."""
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    for _ in range(20):
        client, server = tunnel(site, origin, "/x")
        told = threading.Event()

        def flood(wire=client):
            try:
                while not told.is_set():
                    wire.send(masked(frames.BINARY, bytes(5000)))
            except OSError:
                pass

        sender = threading.Thread(target=flood)
        sender.start()
        server.read(100_000)
        server.send(frames.encode(frames.TEXT, b"too big") + frames.close(1009))
        server.reset()
        try:
            assert client.read_frame() == (True, frames.TEXT, b"too big")
            assert client.read_frame() == (True, frames.CLOSE, frames.code(1009))
        finally:
            told.set()
            client.close()
            sender.join()
    site.status.wait_active(0)
    assert site.status.ended() == {"closed": 20}


@pytest.mark.bulk
@pytest.mark.parametrize("directive", [
    "WSFlowPing client=500ms timeout=1s\nWSFlowPing origin=500ms",
    "WSFlowPing client=0\nWSFlowTimeout idle=2s",
])
def test_who_has_answered_while_httpd_was_stopped_is_not_blamed(directive, httpd, raw_origin, tunnel):
    """More tunnels than one wait of the loop reports events of."""
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"\n{directive}')
    pairs = [tunnel(site, origin, "/x") for _ in range(300)]
    wires = [wire for pair in pairs for wire in pair]
    alive = threading.Event()

    def answer():
        while not alive.is_set():
            for number, wire in enumerate(wires):
                while not wire.stays_silent(0) and not alive.is_set():
                    _, opcode, payload = wire.read_frame()
                    if opcode == frames.PING:
                        wire.send_frame(frames.PONG, payload, masked=number % 2 == 0)
            for client, _ in pairs:
                client.send_frame(frames.PING, b"", masked=True)
            time.sleep(0.1)  # the pace of their own words

    peers = threading.Thread(target=answer)
    peers.start()
    try:
        time.sleep(1)  # some are pinged by now
        os.kill(site.child(), signal.SIGSTOP)
        time.sleep(2.5)  # longer than any time-out
        os.kill(site.child(), signal.SIGCONT)
        time.sleep(2)  # so long the dead would have been found
        assert site.status.active() == len(pairs)
    finally:
        alive.set()
        peers.join()


def test_an_origin_that_has_answered_while_httpd_was_stopped_is_not_blamed(httpd, raw_origin, raw_client):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"\nWSFlowTimeout handshake=2s')
    client = raw_client(site)
    client.send_handshake("/x")
    with origin.accept() as server:
        key = server.read_head().get("sec-websocket-key")
        os.kill(site.child(), signal.SIGSTOP)
        server.send(handshake.switching(key))
        time.sleep(2.5)  # longer than the time for an answer
        os.kill(site.child(), signal.SIGCONT)
        assert client.read_head().status == 101
        server.send_frame(frames.TEXT, b"here")
        assert client.read_frame() == (True, frames.TEXT, b"here")

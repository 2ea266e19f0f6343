"""Large messages: their payload goes from socket to socket through a pipe, and nobody notices."""

import hashlib
import os
import threading

import pytest

import frames

MESSAGE = 64 << 20


def pipes_of(pid):
    """How many ends of pipes a process has open."""
    links = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            links.append(os.readlink(f"/proc/{pid}/fd/{name}"))
        except FileNotFoundError:
            pass
    return sum(link.startswith("pipe:") for link in links)


def exchange(client, server, up, down):
    """Sends both ways at the same time; the threads put the hash of what arrives into the dictionary."""
    heard = {}

    def hear(name, peer, left):
        digest = hashlib.sha256()
        while left:
            data = peer.read(min(left, 1 << 20))
            digest.update(data)
            left -= len(data)
        heard[name] = digest.digest()

    threads = [threading.Thread(target=client.send, args=(up,)), threading.Thread(target=server.send, args=(down,)),
               threading.Thread(target=hear, args=("client", client, len(down))),
               threading.Thread(target=hear, args=("server", server, len(up)))]
    for thread in threads:
        thread.start()
    return threads, heard


@pytest.mark.parametrize("reload", [False, True])
def test_large_messages_pass_both_ways(httpd, raw_origin, tunnel, reload):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    client, server = tunnel(site, origin, "/x")
    child = site.child()
    before = pipes_of(child)
    payload = os.urandom(MESSAGE)
    up, down = frames.encode(frames.BINARY, payload, masked=True), frames.encode(frames.BINARY, payload)
    threads, heard = exchange(client, server, up, down)
    if reload:
        site.graceful()
    for thread in threads:
        thread.join(120)
    assert heard == {"client": hashlib.sha256(down).digest(), "server": hashlib.sha256(up).digest()}
    if not reload:
        assert pipes_of(child) > before, "the messages were copied"
        assert pipes_of(child) <= before + 16

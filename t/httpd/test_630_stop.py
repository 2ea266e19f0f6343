"""However httpd ends, every tunnel is told or cut within seconds, and no process stays behind."""

import os
import signal
import time

import pytest

import frames
import processes
from error_log import ErrorLog
from legs import close_all, scoreboard, talk, wait_keepers, wait_left
from wait import seconds, wait_until

GOING_AWAY = (True, frames.CLOSE, frames.code(1001))
RESTART = (True, frames.CLOSE, frames.code(1012))


def in_keepers_and_child(opened):
    """Tunnels of every kind in two keepers and in a child."""
    ends = []
    for _ in range(2):
        ends += opened.open_all()
        old = opened.site.child()
        opened.site.graceful()
        wait_left(opened.site, old)
    wait_keepers(opened.site, 2)
    ends += opened.open_all()
    opened.site.status.wait_active(12)
    return ends


def expect_going_away(ends, to_clients=GOING_AWAY):
    for client, server in ends:
        assert client.read_frame() == to_clients
        assert server.read_frame() == GOING_AWAY
        for wire in (client, server):
            assert wire.read_until_closed() == b""


@pytest.mark.memcheck
def test_stop(legs):
    opened = legs()
    ends = in_keepers_and_child(opened)
    began = time.monotonic()
    opened.site.signal(signal.SIGTERM)
    expect_going_away(ends)
    assert time.monotonic() - began < seconds(3)
    close_all(ends)
    opened.site.wait_gone(5)


def test_peers_that_take_nothing_do_not_delay_a_stop(legs):
    opened = legs()
    kept = opened.open(True, receive_buffer=65536)
    opened.site.graceful()
    wait_keepers(opened.site, 1)
    block = os.urandom(1 << 20)
    for _, server in (kept, opened.open(False, True, receive_buffer=65536)):
        assert server.send_until_blocked(block, 64 << 20) < 64 << 20
    began = time.monotonic()
    opened.site.signal(signal.SIGTERM)
    opened.site.wait_gone(10)
    # Children and keepers wait side by side, not one after the other.
    assert time.monotonic() - began < seconds(3)


def test_a_frame_that_is_half_way_is_finished_first(legs):
    opened = legs()
    ends = opened.open_all()
    opened.site.graceful()
    wait_keepers(opened.site, 1)
    ends += opened.open_all()
    down = frames.encode(frames.BINARY, os.urandom(5000))
    for client, server in ends:
        server.send(down[:3000])
        assert client.read(3000) == down[:3000]
    opened.site.signal(signal.SIGTERM)
    for client, server in ends:
        assert server.read_frame() == GOING_AWAY
        server.send(down[3000:])
    for client, server in ends:
        assert client.read(len(down) - 3000) == down[3000:]
        assert client.read_frame() == GOING_AWAY
    close_all(ends)
    opened.site.wait_gone(5)


def test_whose_crash_it_is(tmp_path):
    """A child's crash is httpd's own from the first signal that ends children until others are there, and only then."""
    crash = "[core:notice] AH00052: child pid 7 exit signal Segmentation fault (11)\n"
    resumed = "[mpm_event:notice] AH00489: Apache/2.4 configured -- resuming normal operations\n"
    file = tmp_path / "error.log"
    log = ErrorLog(file)

    def add(*lines):
        with file.open("a") as out:
            out.writelines(lines)
        return len(log.verdict())

    assert add(resumed, crash) == 1
    log.mark_stop()
    assert add(crash) == 1
    log.mark_stop()
    assert add(crash) == 1
    assert add(resumed, crash) == 2


def test_restart(legs):
    opened = legs()
    site = opened.site
    ends = in_keepers_and_child(opened)
    generation = site.generation()
    site.signal(signal.SIGHUP)
    expect_going_away(ends, RESTART)
    close_all(ends)

    def restarted():
        try:
            return site.generation() > generation
        except OSError:
            return False

    wait_until(restarted, "the new generation answers", 30)
    wait_keepers(site, 0)
    new = opened.open_all()
    for pair in new:
        talk(*pair)
    site.status.wait_active(4)
    assert site.status.ended() == {"server-restart": 12}
    assert site.status.total() == 16


def graceful_stop(opened, count=1):
    """Begins one; returns when only the parent and so many keepers are left."""
    opened.site.signal(signal.SIGWINCH)

    def names():
        return sorted(processes.title(pid)[0] for pid in processes.group_members(opened.site.pid))

    httpd = processes.title(opened.site.pid)[0]
    wait_until(lambda: names() == [httpd] + count * ["wsflow-keeper"], f"{count} keepers are left", report=names)


def test_graceful_stop(legs, raw_client):
    opened = legs()
    ends = in_keepers_and_child(opened)
    graceful_stop(opened, 3)
    for pair in ends:
        talk(*pair)
    with pytest.raises(ConnectionRefusedError):
        raw_client(opened.site)
    close_all(ends[1:])
    wait_until(lambda: len(processes.group_members(opened.site.pid)) == 2, "one keeper is left with the parent")
    talk(*ends[0])
    assert opened.site.running()
    close_all(ends[:1])
    opened.site.wait_gone()
    assert len(opened.site.log.lines("WSF0133: .*its last tunnel has ended")) == 3


def test_the_time_of_a_graceful_stop_is_bounded(legs):
    opened = legs(main="GracefulShutdownTimeout 2")
    began = time.monotonic()
    ends = opened.open_all()
    graceful_stop(opened)
    for pair in ends:
        talk(*pair)
    expect_going_away(ends)
    assert time.monotonic() - began >= 2
    close_all(ends)
    opened.site.wait_gone(5)


def test_a_stop_ends_a_graceful_stop(legs):
    opened = legs()
    ends = opened.open_all()
    graceful_stop(opened)
    for pair in ends:
        talk(*pair)
    began = time.monotonic()
    opened.site.signal(signal.SIGTERM)
    expect_going_away(ends)
    close_all(ends)
    opened.site.wait_gone(5)
    assert time.monotonic() - began < seconds(3)


def test_a_child_that_still_finishes_requests(legs, raw_origin, raw_client):
    slow = raw_origin()
    opened = legs(plain_conf=f'ProxyPass /slow "{slow.url("/", "http")}"')
    site = opened.site
    ends = opened.open_all()
    client = raw_client(site)
    client.send(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
    server = slow.accept()
    server.read_head()
    old = site.child()
    site.graceful()
    assert old in processes.group_members(site.pid) and "G" in scoreboard(site)
    began = time.monotonic()
    site.signal(signal.SIGTERM)
    expect_going_away(ends)
    # httpd itself goes on waiting for the slow request for some seconds; the tunnels did not.
    assert time.monotonic() - began < seconds(2)
    server.send(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert client.read_head().status == 204


def test_a_parent_that_is_killed(legs):
    opened = legs()
    site = opened.site
    ends = opened.open_all()
    old = site.child()
    site.graceful()
    wait_left(site, old)
    kept = wait_keepers(site, 1)
    orphans = site.children()
    site.signal(signal.SIGKILL)
    try:
        began = time.monotonic()
        expect_going_away(ends)
        assert time.monotonic() - began < seconds(3)
        close_all(ends)
        wait_until(lambda: not set(kept) & set(processes.group_members(site.pid)), "the keeper has gone", 5)
    finally:
        # The children of stock httpd do not notice.
        for pid in orphans:
            os.kill(pid, signal.SIGKILL)
    site.wait_gone()

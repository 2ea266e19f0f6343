"""A process that is killed takes its own tunnels along, and nothing else; every number is right soon after."""

import os
import random
import signal
import socket
import threading

import pytest

import processes
from legs import close_all, keepers, talk, wait_keepers
from origin import ScriptedOrigin, echo_frames
from wait import seconds, wait_until
from wire import Closed, RawClient


def kill(site, pid):
    site.log.allow("AH00052")
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: pid not in processes.group_members(site.pid), "the killed process has gone")


def numbers(site):
    told = site.status.json()
    held = sum(process["tunnels_active"] for process in told["processes"])
    return {"active": told["tunnels"]["active"], "rows": told["connections_total"], "in processes": held,
            "opened": told["tunnels"]["total"], "ended": sum(told["tunnels"]["ended"].values()),
            "lost": told["tunnels"]["ended"]["process-lost"]}


def wait_numbers(site, *, active, opened, lost):
    """The status is right within five seconds."""
    right = {"active": active, "rows": active, "in processes": active, "opened": opened, "ended": opened - active,
             "lost": lost}
    wait_until(lambda: numbers(site) == right, f"the numbers are {right}", 5, report=lambda: numbers(site))


def ended_at_both_ends(pair):
    return all(wire.ended() for wire in pair)


def check_the_living(ends, lost):
    """LOST tunnels have ended, without a word; the others go on."""
    wait_until(lambda: sum(map(ended_at_both_ends, ends)) == lost, f"{lost} tunnels have ended")
    living = [pair for pair in ends if not ended_at_both_ends(pair)]
    for pair in living:
        talk(*pair)
    return living


def test_a_child_is_killed(legs):
    opened = legs(children=3, threads=5)
    site = opened.site
    ends = opened.open_all(6)
    site.status.wait_active(24)
    held = {process["pid"]: process["tunnels_active"] for process in site.status.json()["processes"]}
    victim = max(held, key=held.get)
    assert held[victim] > 0
    kill(site, victim)
    living = check_the_living(ends, held[victim])
    wait_numbers(site, active=24 - held[victim], opened=24, lost=held[victim])
    living += opened.open_all()
    wait_numbers(site, active=28 - held[victim], opened=28, lost=held[victim])
    close_all(living)
    wait_numbers(site, active=0, opened=28, lost=held[victim])


def test_a_keeper_is_killed(legs):
    opened = legs()
    site = opened.site
    first = opened.open_all()
    site.graceful()
    (victim,) = wait_keepers(site, 1)
    ends = opened.open_all()
    site.graceful()
    wait_keepers(site, 2)
    ends += opened.open_all()
    wait_numbers(site, active=12, opened=12, lost=0)
    kill(site, victim)
    check_the_living(first + ends, 4)
    assert all(map(ended_at_both_ends, first))
    wait_numbers(site, active=8, opened=12, lost=4)
    assert len(keepers(site)) == 1
    close_all(ends)
    wait_numbers(site, active=0, opened=12, lost=4)
    wait_keepers(site, 0)


class Guest:
    """Opens tunnels, talks and leaves, again and again; whatever is cut meanwhile is opened anew."""

    def __init__(self, site, path):
        self._site, self._path = site, path
        self.opened = 0
        self.ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self.ending.is_set():
            try:
                self._visit()
            except (Closed, OSError, socket.timeout):
                self.ending.wait(0.01)

    def _visit(self):
        with RawClient(self._site.address()) as client:
            client.send_handshake(self._path)
            if client.read_head().status != 101:
                return
            self.opened += 1
            for _ in range(random.randrange(20)):
                client.send_frame(1, b"hello", masked=True)
                assert client.read_frame() == (True, 1, b"hello")
            if random.randrange(2):
                client.send_frame(8, b"\x03\xe8", masked=True)
                client.read_until_closed()

    def join(self):
        self._thread.join(seconds(30))
        assert not self._thread.is_alive()


@pytest.mark.bulk
def test_children_are_killed_at_random_under_load(httpd):
    with ScriptedOrigin(echo_frames) as origin:
        site = httpd(f'WSFlowTimeout close=500ms\nWSFlowPass /x "{origin.url("/x")}"', children=3, threads=8)
        # httpd itself may replace a killed child although it has enough, and forget the last one when it stops.
        site.log.allow("AH00052", "AH0004[56]", r"proxy.*AH0\d+", "WSF003")
        guests = [Guest(site, "/x") for _ in range(12)]
        killed = 0
        while killed < 8:
            before = sum(guest.opened for guest in guests)
            wait_until(lambda: sum(guest.opened for guest in guests) > before + 30, "guests come and go", 30)
            if killed % 3 == 2:
                site.graceful()
            victims = [process["pid"] for process in site.status.json()["processes"]]
            os.kill(random.choice(victims), signal.SIGKILL)
            killed += 1
        for guest in guests:
            guest.ending.set()
        for guest in guests:
            guest.join()
        wait_until(lambda: site.status.active() == 0, "no tunnel is left", 20)
        told = numbers(site)
        assert told["opened"] == told["ended"] and (told["active"], told["rows"]) == (0, 0), told
        # A tunnel that a client has seen opened may have died before it was counted, the opposite cannot be.
        assert told["opened"] - 8 * 12 <= sum(guest.opened for guest in guests) <= told["opened"] + 8 * 12
        # Nobody holds a place that nobody uses.
        clients = [RawClient(site.address()) for _ in range(10)]
        for client in clients:
            client.open("/x")
        site.status.wait_active(10)
        assert numbers(site)["rows"] == 10
        for client in clients:
            client.close()
        site.status.wait_active(0)

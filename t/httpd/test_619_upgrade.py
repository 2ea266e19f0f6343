"""Upgrades with a graceful reload: builds whose catalogues of counters differ never count into the same memory."""

import os
import pathlib
import re
import resource
import shutil

import pytest

import processes
from legs import close_all, keepers, talk, wait_left
from wait import wait_until


@pytest.fixture
def later():
    """A build of the module with one more reason for refusing handshakes (support/later_version.cmake)."""
    return os.environ["WSFLOW_LATER_VERSION"]


def put(site, module):
    """MODULE takes the place of the file that httpd loads, as a package puts it there."""
    fresh = site.root / "fresh.so"
    shutil.copy(module, fresh)
    os.replace(fresh, site.root / "mod_wsflow.so")


def upgrade(site, module):
    """A graceful reload with MODULE; the keepers of the old one."""
    put(site, module)
    before, old = processes.group_members(site.pid), site.child()
    site.graceful()
    wait_left(site, old)
    return set(processes.group_members(site.pid)) - set(before) - set(site.children())


def refuse(opened, raw_client, by_origin):
    """One handshake is refused for a reason ahead of the later version's own one, BY_ORIGIN for one behind it."""
    opened.site.log.allow("WSF0073")
    client = raw_client(opened.site)
    client.send_handshake(opened.path(False), replace={"Sec-WebSocket-Version": "7"})
    assert client.read_head().status == 426
    for _ in range(by_origin):
        client, server, _ = opened.begin_handshake(raw_client)
        server.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        assert client.read_head().status == 403


def counted(site):
    """Tunnels opened, refusals, tunnels ended, and whether the later version tells it."""
    told = site.status.json()["tunnels"]
    return told["total"], site.status.refused(), sum(told["ended"].values()), "on-trial" in told["refused_by"]


def wait_ended(site, pids):
    wait_until(lambda: not pids & set(processes.group_members(site.pid)), f"{pids} have ended", 20)


def test_counters_start_anew_and_tunnels_live_on(legs, raw_client, later):
    opened = legs(start=False)
    site = opened.site
    module, site.module = site.module, site.root / "mod_wsflow.so"
    put(site, module)
    site.write_conf()
    site.start()
    first = opened.open_all()
    refuse(opened, raw_client, by_origin=2)
    assert counted(site) == (4, {"bad-version": 1, "origin-status": 2}, 0, False)

    site.log.expect("WSF0020")
    first_keepers = upgrade(site, later)
    assert counted(site) == (0, {}, 0, True)
    assert (site.status.active(), keepers(site)) == (0, [])
    second = opened.open_all()
    refuse(opened, raw_client, by_origin=1)
    known = (4, {"bad-version": 1, "origin-status": 1}, 0, True)
    for ends in first + second:
        talk(*ends)
    assert counted(site) == known
    assert len(first_keepers) == 1
    close_all(first)
    wait_ended(site, first_keepers)
    assert counted(site) == known and site.status.active() == 4

    second_keepers = upgrade(site, module)
    assert len(site.log.lines("WSF0020")) == 2
    assert counted(site) == (0, {}, 0, False)
    for ends in second:
        talk(*ends)
    third = opened.open_all()
    assert len(second_keepers) == 1
    close_all(second)
    wait_ended(site, second_keepers)
    assert counted(site) == (4, {}, 0, False)
    close_all(third)
    site.status.wait_active(0)
    assert counted(site) == (4, {}, 4, False)


def test_the_same_build_counts_on(legs, raw_client, later):
    opened = legs(start=False)
    site = opened.site
    site.module = site.root / "mod_wsflow.so"
    put(site, later)
    site.write_conf()
    site.start()
    ends = opened.open_all()
    refuse(opened, raw_client, by_origin=2)
    upgrade(site, later)
    assert counted(site) == (4, {"bad-version": 1, "origin-status": 2}, 0, True)
    close_all(ends)
    site.status.wait_active(0)
    assert counted(site) == (4, {"bad-version": 1, "origin-status": 2}, 4, True)


def small_stacks():
    """Runs in the process that becomes httpd: its threads take little room."""
    resource.setrlimit(resource.RLIMIT_STACK, (1 << 18, 1 << 18))


def leave_no_room(site):
    """From now on httpd cannot get the memory of another segment, but that of a few threads."""
    size = re.search(r"VmSize:\s+(\d+)", pathlib.Path(f"/proc/{site.pid}/status").read_text())[1]
    room = int(size) * 1024 + (14 << 20)
    resource.prlimit(site.pid, resource.RLIMIT_AS, (room, room))


def test_the_configuration_still_judges_without_shared_memory(legs, raw_client, later):
    opened = legs('<Location "/plain">\nWSFlowOrigin https://page.test\n</Location>\n'
                  '<Location "/tls">\nWSFlowTimeout until=1\n</Location>',
                  start=False, main="ThreadStackSize 131072", threads=6)
    site = opened.site
    module, site.module = site.module, site.root / "mod_wsflow.so"
    put(site, module)
    site.write_conf()
    site.start(before_exec=small_stacks, environment={"MALLOC_ARENA_MAX": "1"})
    site.log.expect("WSF0020")
    site.log.expect("crit.*WSF0021")
    site.log.expect("warn.*WSF0202")
    put(site, later)
    leave_no_room(site)
    site.graceful()

    def refusal(path, page):
        client = raw_client(site)
        client.send_handshake(path, [("Origin", page)])
        head = client.read_head()
        return head.status, head.get("retry-after") is not None

    assert refusal("/plain", "https://elsewhere.test") == (403, False)
    assert refusal("/tls", "https://page.test") == (403, False)
    # What it does not refuse gets no tunnel, as nobody could see it.
    assert refusal("/plain", "https://page.test") == (503, True)
    for reason in ("origin-not-allowed", "expired", "max-tunnels"):
        site.wait_access(f"refused={reason}")

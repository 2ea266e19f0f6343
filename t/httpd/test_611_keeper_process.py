"""What a keeper is to the system: a process with a name, nothing that is not its own, and an end."""

import os

import pytest

import processes
from legs import close_all, keepers, talk, told_processes, wait_keepers, wait_left
from wait import wait_until


def shared_memory(pid):
    """Mappings that others can share, the libraries left out."""
    return sorted(name for name in processes.mapped_files(pid) if name.startswith(("/dev/shm", "/dev/zero", "/SYSV")))


def test_a_keeper_shows_itself(legs):
    opened = legs()
    site = opened.site
    site.graceful()
    generation = site.generation()
    ends = opened.open_all()
    site.status.wait_active(4)
    site.graceful()
    (pid,) = wait_keepers(site, 1)
    (told,) = told_processes(site, "keeper")
    assert (told["pid"], told["generation"], told["tunnels_active"]) == (pid, generation, 4)
    assert site.status.json()["keepers"] == 1
    (child,) = [each for each in told_processes(site, "child") if each["pid"] in site.children()]
    assert (child["generation"], child["tunnels_active"]) == (generation + 1, 0)
    assert processes.title(pid) == ("wsflow-keeper", f"wsflow: keeper of generation {generation}")
    assert pid in processes.group_members(site.pid), "apachectl stop does not reach it"
    rows = site.status.json()["connections"]
    assert [(row["pid"], row["kind"], row["generation"]) for row in rows] == [(pid, "keeper", generation)] * 4
    talk(*ends[0])


@pytest.mark.parametrize("threads", [1, 3])
def test_a_keeper_holds_only_what_is_its_own(legs, threads):
    opened = legs(main=f"WSFlowThreads {threads}", plain_conf="ErrorLog logs-plain")
    site = opened.site
    opened.open_all(2)
    site.status.wait_active(8)
    old = site.child()
    site.graceful()
    (pid,) = wait_keepers(site, 1)
    wait_left(site, old)
    held = list(processes.open_descriptors(pid).values())
    assert not set(held) & processes.listening_sockets()
    sockets = [name for name in held if name.startswith("socket:")]
    # Both legs of each tunnel, and both ends of the way of its log lines to httpd.
    assert len(sockets) == 2 * 8 + 2
    others = [name for name in held if name not in sockets]
    assert others.count("anon_inode:[eventpoll]") == threads
    # An inbox a loop and the bell of the last tunnel.
    assert others.count("anon_inode:[eventfd]") == threads + 1
    assert others.count("anon_inode:[signalfd]") == 1
    # All else are files: the standard ones and the error logs.
    rest = {name for name in others if not name.startswith("anon_inode:")}
    assert rest <= {"/dev/null", *(str(site.root / name) for name in ("console", "error.log", "logs-plain"))}
    assert str(site.root / "logs-plain") in rest
    # The sanitizers have threads, too.
    names = sorted(name for name in processes.threads(pid) if name.startswith("wsflow"))
    assert names == ["wsflow-%d" % number for number in range(threads)] + ["wsflow-keeper"]


def test_a_keeper_leaves_with_its_last_tunnel(legs):
    opened = legs()
    site = opened.site
    site.graceful()
    before = len(processes.open_descriptors(site.pid))
    mapped = shared_memory(site.pid)
    in_memory = set(os.listdir("/dev/shm"))
    for _ in range(3):
        first, second = opened.open_all(), opened.open_all()
        site.status.wait_active(8)
        site.graceful()
        (pid,) = wait_keepers(site, 1)
        close_all(first)
        site.status.wait_active(4)
        talk(*second[0])
        assert keepers(site) == [pid]
        close_all(second)
        wait_keepers(site, 0)
        wait_until(lambda: set(processes.group_members(site.pid)) == {site.pid, *site.children()},
                   "only httpd is left", report=lambda: processes.group_members(site.pid))
    assert len(processes.open_descriptors(site.pid)) == before
    assert shared_memory(site.pid) == mapped
    # Others of this machine may come and go; nothing of ours has a name there.
    assert not [name for name in set(os.listdir("/dev/shm")) - in_memory if "wsflow" in name]
    assert len(site.log.wait_for("WSF0133: keeper .*: the keeper ends: its last tunnel has ended", 3)) == 3
    # mod_ssl's lock of the session cache is none of a keeper's descriptors; it is not asked for.
    assert not site.log.lines("session cache lock")


def test_a_child_without_tunnels_has_no_keeper(legs):
    opened = legs()
    site = opened.site
    close_all(opened.open_all())
    site.status.wait_active(0)
    for _ in range(2):
        old = site.child()
        site.graceful()
        wait_left(site, old)
    assert keepers(site) == []
    assert not site.log.lines("WSF013[013]")


def test_the_counters_of_keepers_are_kept(legs):
    opened = legs()
    site = opened.site
    for number in range(1, 4):
        ends = opened.open_all()
        site.graceful()
        for client, server in ends:
            talk(client, server)
        wait_keepers(site, 1)
        close_all(ends)
        site.status.wait_active(0)
        wait_keepers(site, 0)
        told = site.status.json()
        assert told["tunnels"]["total"] == sum(told["tunnels"]["ended"].values()) == 4 * number
        assert told["relayed"]["client_to_origin"]["messages"] == 4 * number
        assert told["relayed"]["origin_to_client"]["messages"] == 4 * number

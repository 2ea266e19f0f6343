"""The phases of a run. Each returns a few words about what it did; run.py judges what was seen meanwhile."""

import os
import signal
import socket
import time

from load import PATIENCE, Broken
from site_under_test import CULLING, PAUSE_S
from wait import seconds, wait_until


def replace(run, count):
    """Fresh tunnels for the children that serve now."""
    # A tunnel counts until both its sides have said that they close: a little longer than its client thinks.
    run.watch.expect(run.load.count - count, run.load.count + count)
    missing = run.load.replace(count)
    if missing:
        raise Broken(f"{missing} of {count} new tunnels could not be opened")
    run.expect_all()


def reloads(run):
    """Graceful reloads, each in the middle of a long message, with fresh tunnels in the new children each time."""
    longest = 0
    for number in range(run.options.reloads):
        start = time.monotonic()
        replace(run, max(run.options.tunnels // 40, 8))
        wait_until(lambda: run.load.bulk_under_way(run.options.bulk), "the long messages are under way", PATIENCE)
        begin = time.monotonic()
        run.note(f"reload {number + 1}")
        run.site.reload()
        longest = max(longest, time.monotonic() - begin)
        run.stay(start + run.options.pause)
    return f"{run.options.reloads} reloads, the new generation answered after {longest:.2f} s at most"


def tunnels_of(run, kind):
    """{pid: tunnels} of the processes of KIND that have any."""
    return {pid: tunnels for pid, its_kind, tunnels in run.site.tunnels()[1] if its_kind == kind and tunnels}


def gone(run, pids):
    """Of PIDS those that are no longer children."""
    return set(pids) - set(run.site.children())


def recycling(run):
    """MaxConnectionsPerChild ends children that hold tunnels."""
    fresh = max(run.options.tunnels // 10, 8)
    run.site.reload(f"MaxConnectionsPerChild {2 * fresh + 200}\n")
    replace(run, fresh)
    holders = tunnels_of(run, "child")
    if not holders:
        raise Broken("no child holds a tunnel")
    run.note("recycling")
    requests = 0
    end = time.monotonic() + seconds(30)
    while gone(run, holders) != set(holders):
        if time.monotonic() > end:
            raise Broken(f"of the children {sorted(holders)} only {gone(run, holders)} were recycled by {requests} requests")
        run.site.get("/")
        requests += 1
    run.stay(time.monotonic() + 1)
    run.site.reload()
    return f"{len(holders)} children with {sum(holders.values())} tunnels recycled by {requests} requests"


def every_child_holds(run, count):
    """Fresh tunnels, COUNT at a time, until each child has some; returns tunnels_of() the children."""
    # Which child accepts is the kernel's choice: on a busy machine it is often the same one.
    end = time.monotonic() + seconds(60)
    while True:
        replace(run, count)
        holders = tunnels_of(run, "child")
        if set(run.site.children()) <= set(holders):
            return holders
        if time.monotonic() > end:
            raise Broken(f"not every child holds tunnels: {holders} of {run.site.children()}")


def culling(run):
    """Load makes the MPM start children; when it is over, some are culled, tunnels and all."""
    run.site.reload(CULLING)
    fresh = max(run.options.tunnels // 10, 16)
    # Children that the load fills take no more tunnels: they have theirs before.
    wait_until(lambda: len(run.site.children()) >= 2, "there are two children", 10)
    few = len(every_child_holds(run, fresh))
    held = []
    try:
        # Half a request holds a worker.
        for _ in range(60):
            held.append(socket.create_connection(run.site.address()))
            held[-1].sendall(b"GET / HTTP/1.1\r\nHost: ")
        wait_until(lambda: len(run.site.children()) >= few + 2, "the load has more children started", 30)
        holders = every_child_holds(run, fresh)
    finally:
        for connection in held:
            connection.close()
    run.note("culling")
    wait_until(lambda: gone(run, holders), "an idle child is culled", 30)
    run.stay(time.monotonic() + 3)
    culled = gone(run, holders)
    run.site.reload()
    return f"{len(culled)} of {len(holders)} children with {sum(holders[pid] for pid in culled)} tunnels culled"


def crashes(run):
    """kill -9 of a child and of a keeper: exactly their tunnels end."""
    replace(run, max(run.options.tunnels // 10, 8))
    done = []
    for kind in ("child", "keeper"):
        holders = tunnels_of(run, kind)
        if not holders:
            raise Broken(f"no {kind} holds a tunnel")
        pid = max(holders, key=holders.get)
        run.note(f"kill -9 of the {kind} {pid}")
        run.lose(holders[pid])
        start = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        try:
            wait_until(lambda: run.load.open_now() <= run.load.count, "its tunnels end", 5)
            wait_until(lambda: run.site.tunnels()[0] == run.load.count, "the status counts right", 5)
        except AssertionError as error:
            raise Broken(f"kill -9 of a {kind} with {holders[pid]} tunnels: {error}; the client has "
                         f"{run.load.open_now()}, the status {run.site.tunnels()}, of {run.load.count}") from None
        done.append(f"{kind} with {holders[pid]} tunnels, counts right after {time.monotonic() - start:.2f} s")
        run.expect_all()
        run.stay(time.monotonic() + 2)
    return "; ".join(done)


def pauses(run):
    """SIGSTOP for the keeper with the most tunnels, for longer than any time-out: its peers have answered meanwhile."""
    run.site.reload()
    holders = wait_until(lambda: tunnels_of(run, "keeper"), "a keeper holds tunnels", 10)
    pid = max(holders, key=holders.get)
    run.note(f"SIGSTOP of the keeper {pid}")
    run.allow_gap(PAUSE_S)
    os.kill(pid, signal.SIGSTOP)
    try:
        run.stay(time.monotonic() + PAUSE_S)
    finally:
        os.kill(pid, signal.SIGCONT)
    # So long the dead would have been found.
    run.stay(time.monotonic() + PAUSE_S)
    run.expect_all()
    return f"a keeper with {holders[pid]} tunnels stood still for {PAUSE_S} s, none ended"


def all_closed(run):
    """The clients go: nothing is left of keepers, descriptors and shared memory."""
    run.watch.expect(0, run.load.count)
    keepers = tunnels_of(run, "keeper")
    left = run.load.close_all()
    if left:
        raise Broken(f"{left} tunnels did not end in order when their clients closed them")
    run.site.status.wait_active(0)
    start = time.monotonic()
    run.watch.expect(0, 0)

    def keepers_left():
        return [pid for pid, kind, _ in run.site.tunnels()[1] if kind == "keeper"] + [
            pid for pid in keepers if os.path.exists(f"/proc/{pid}/fd/0")]

    try:
        wait_until(lambda: not keepers_left(), "every keeper is gone", 10)
    except AssertionError:
        raise Broken(f"keepers {keepers_left()} outlive their tunnels") from None
    taken = time.monotonic() - start
    run.site.reload()
    run.watch.stop()
    wait_until(lambda: not run.more_traces(), "descriptors, processes and shared memory are as before", 15,
               report=run.more_traces)
    return (f"{len(keepers)} keepers gone after {taken:.2f} s; as before the tunnels: "
            f"{', '.join(f'{name} {value}' for name, value in run.traces.items() if isinstance(value, int))}")


def stop(run):
    """SIGTERM: Close 1001 or the end of TCP for everybody, and no process stays."""
    half = max(run.options.tunnels // 4, 20)
    run.load.open(half)
    run.load.open_bulk()
    run.site.reload()
    run.load.open(half)
    run.site.status.wait_active(run.load.count)
    wait_until(lambda: run.load.bulk_under_way(run.options.bulk), "the long messages are under way", PATIENCE)
    before = run.load.ends()
    group = run.site.pid
    start = time.monotonic()
    run.site.stop()
    taken = time.monotonic() - start
    status = run.client.status()
    if run.load.open_now():
        raise Broken(f"{run.load.open_now()} clients have heard nothing {taken:.1f} s after the stop")
    last = status["last_end"] - start
    ends = {how: count - before.get(how, 0) for how, count in run.load.ends().items() if count > before.get(how, 0)}
    if last > seconds(3):
        raise Broken(f"the last client heard of the stop after {last:.1f} s")
    if set(ends) - {"close 1001", "end"}:
        raise Broken(f"clients saw {ends} at the stop")
    run.load.count = 0
    survivors = run.survivors(group)
    if survivors:
        raise Broken(f"processes {survivors} outlived the stop")
    return f"{ends}, the last after {last:.2f} s; httpd gone after {taken:.2f} s"

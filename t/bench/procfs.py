"""CPU time and memory of a process and all that it started, from /proc."""
import os
import time


def tree(root):
    """root and its descendants."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as stat:
                    parent = int(stat.read().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            children.setdefault(parent, []).append(int(entry))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, []))
    return found


def cpu_seconds(pids):
    """Time on a CPU of every thread; schedstat counts nanoseconds where stat counts ticks of 10 ms."""
    total = 0
    for pid in pids:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as schedstat:
                total += int(schedstat.read().split()[0])
    return total / 1e9


def pss_bytes(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
            total += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    return total * 1024


def descriptors(pids):
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)


def settle(root, limit=10):
    """Waits until the processes have finished what the last run left them to do."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        pids = tree(root)
        try:
            before = cpu_seconds(pids)
            time.sleep(0.2)  # the window of the measurement
            if tree(root) == pids and cpu_seconds(pids) - before < 0.004:
                return pids
        except FileNotFoundError:
            continue  # a thread or a process ended just then
    raise TimeoutError(f"process {root} does not come to rest")

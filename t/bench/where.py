#!/usr/bin/python3
"""Where the CPU of a row of run.py goes, by proxy: user and kernel time, changes of threads, system calls per message.

docs/benchmarks.md has a run ("Where the rest goes"). Examples, after `cmake --build --preset release`, as root:
    t/bench/where.py --work churn,churn_tls,oneway256k
    t/bench/where.py --work oneway256k --calls
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

import measure
import procfs
import proxies
from benchtools import MODULE, TOOLS, Origin, build_tools, use_all_descriptors
from rows import WORK

TICK = os.sysconf("SC_CLK_TCK")


def tasks(pids):
    for pid in pids:
        for task in os.listdir(f"/proc/{pid}/task"):
            yield f"/proc/{pid}/task/{task}"


def counted(pids):
    """User seconds, kernel seconds, and how often a thread waited and how often it was displaced."""
    user = kernel = waited = displaced = 0
    for task in tasks(pids):
        with open(f"{task}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
        user, kernel = user + int(fields[11]), kernel + int(fields[12])
        with open(f"{task}/status", encoding="ascii", errors="replace") as status:
            both = re.findall(r"voluntary_ctxt_switches:\s+(\d+)", status.read())
        waited, displaced = waited + int(both[0]), displaced + int(both[1])
    return user / TICK, kernel / TICK, waited, displaced


def look(proxy, row, seconds):
    pids = procfs.settle(proxy.pid)
    running = measure.load_of(proxy, row, seconds)
    before = counted(pids)
    result = running.tell("go")
    after = counted(pids)
    running.finish()
    if result["failed"] or not result["messages"]:
        sys.exit(f"{proxy.name}: {result}")
    return [(one - other) / result["messages"] for one, other in zip(after, before)]


def calls(proxy, row, seconds):
    """The system calls of a message, most frequent first; strace slows what it counts, so they are of another run."""
    with tempfile.NamedTemporaryFile(suffix=".strace") as out:
        pids = procfs.settle(proxy.pid)
        running = measure.load_of(proxy, row, seconds)
        tracer = subprocess.Popen(["strace", "-f", "-c", "-o", out.name, *(word for pid in pids for word in ("-p", str(pid)))],
                                  stderr=subprocess.PIPE, text=True)
        attached = sum("attached" in tracer.stderr.readline() for _ in pids)
        if attached != len(pids):
            sys.exit("strace cannot attach: this needs root")
        result = running.tell("go")
        running.finish()
        if not result["messages"]:
            sys.exit(f"{proxy.name}: {result}")
        procfs.settle(proxy.pid)
        tracer.terminate()
        tracer.communicate()
        found = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+)(?: +\d+)? +(\w+)$", open(out.name, encoding="ascii").read(), re.M)
    each = sorted(((int(count) / result["messages"], name) for count, name in found if name != "total"), reverse=True)
    return ", ".join(f"{name} {count:.2f}" for count, name in each if count >= 0.01)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--module", type=os.path.abspath, default=MODULE)
    parser.add_argument("--work", default="churn,churn_tls,oneway256k,tls1m", help="comma-separated: " + ",".join(WORK))
    parser.add_argument("--proxies", default="floor,splice,wsflow,nginx,haproxy", help="comma-separated families")
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--calls", action="store_true", help="system calls, too")
    options = parser.parse_args()
    build_tools()
    use_all_descriptors()
    wanted = options.proxies.split(",")
    print("| work | proxy | user µs | kernel µs | waits | displaced |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="wsflow-bench.") as root:
        os.chmod(root, 0o755)
        certificate = proxies.make_certificate(root)
        with Origin(TOOLS, certificate) as origin:
            for contender in proxies.available(options.module):
                if contender.family not in wanted:
                    continue
                proxy = proxies.start(contender, root, origin.ports, certificate, TOOLS)
                try:
                    for row in (WORK[name] for name in options.work.split(",")):
                        if not contender.measures(row):
                            continue
                        user, kernel, waited, displaced = look(proxy, row, options.seconds)
                        print(f"| {row.title} | {proxy.name} | {1e6 * user:.1f} | {1e6 * kernel:.1f} | {waited:.2f} "
                              f"| {displaced:.2f} |", flush=True)
                        if options.calls:
                            print(f"    {calls(proxy, row, options.seconds)}", flush=True)
                finally:
                    proxy.stop()


if __name__ == "__main__":
    main()

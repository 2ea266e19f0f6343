#!/usr/bin/python3
"""Holds 100,000 tunnels over the children of one httpd, and says what that costs. No test; by hand, alone on the machine:

    t/scale/run.py --module build/release/mod_wsflow.so --json build/scale/result.json
    t/scale/run.py --module build/release/mod_wsflow.so --steps 1000,10000 --minutes 1 --loops 2

At each step of --steps it opens as many tunnels, and measures memory, CPU, latency and the status while they are
idle, and while each sends a message in 30 s. At the last step it goes on for --minutes, with one graceful reload in the
middle and somebody who looks at the status all the time. docs/operating.md says what the numbers mean.
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

SOURCE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(SOURCE))
sys.path.insert(0, os.path.join(os.path.dirname(SOURCE), "bench"))

import procfs  # noqa: E402
from machine import kernel_memory  # noqa: E402
from site_of_scale import FORMATS, Site  # noqa: E402
from watcher import Watcher  # noqa: E402

EACH = 16_000  # tunnels of one client, or one origin: 20,000 descriptors, and 28,000 ports for two addresses
TOOLS = os.path.join(TREE, "build", "scale")


def build():
    commands = (["cmake", "-S", SOURCE, "-B", TOOLS], ["cmake", "--build", TOOLS, "--target", "scale"])
    for command in commands:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


class Process:
    """A tool with lines of JSON, or one line, on its stdout; ended by its own pid."""

    def __init__(self, name, *words):
        folder = TOOLS if name == "holder" else os.path.join(TOOLS, "bench")
        self.process = subprocess.Popen([os.path.join(folder, name), *map(str, words)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.first = self.line()

    def line(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"a tool ended with {self.process.wait()}")
        return line

    def tell(self, words):
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()

    def stop(self):
        self.process.stdin.close()
        self.process.kill()
        self.process.wait()


class Times:
    """Counts of times by their bucket (Times in crowd.cpp)."""

    def __init__(self, counts):
        self.counts = sorted(counts.items())

    def percentile(self, share):
        total, seen = sum(count for _, count in self.counts), 0
        for bucket, count in self.counts:
            seen += count
            if seen >= share * total:
                return 2 ** (bucket // 8 + 3) * (1 + (bucket % 8 + 1) / 8) / 1000
        return 0

    def text(self):
        return " / ".join(f"{self.percentile(share):.1f}" for share in (0.5, 0.99, 0.999, 1))


class Crowd:
    """All clients together."""

    def __init__(self, site, clients, tls):
        port = site.tls_port if tls else site.port
        self.holders = [Process("holder", "--port", port, "--path", f"/{number}", "--source", 10 + number, "--at-once",
                                max(256 // clients, 8), "--tls", int(tls)) for number in range(clients)]

    def tell(self, word, count):
        self.begin(word, count)
        return self.finish()

    def begin(self, word, count, spread=False):
        for number, holder in enumerate(self.holders):
            each = count
            if spread:
                each = count // len(self.holders) + (number < count % len(self.holders))
            holder.tell(f"{word} {each}")

    def open(self, count):
        self.begin("open", count, spread=True)
        return self.finish()

    def finish(self):
        answers = [json.loads(holder.line()) for holder in self.holders]
        merged = {key: sum(answer[key] for answer in answers)
                  for key in ("open", "failed", "lost", "sent", "echoed", "late", "pings")}
        merged["seconds"] = max(answer["seconds"] for answer in answers)
        merged["why"] = next((answer["why"] for answer in answers if answer["why"]), "")
        for name in ("handshake", "echo"):
            counts = {}
            for answer in answers:
                for bucket, count in answer[name].items():
                    counts[int(bucket)] = counts.get(int(bucket), 0) + count
            merged[name] = Times(counts)
        return merged

    def stop(self):
        for holder in self.holders:
            holder.stop()


def cpu_while(site, action):
    """The result of ACTION, and CPU seconds of httpd's processes that lived through it."""
    pids = set(site.members())
    before = procfs.cpu_seconds(pids)
    result = action()
    alive = pids & set(site.members())
    return result, procfs.cpu_seconds(alive) - before if alive == pids else None


def step(site, crowd, count, base, seconds):
    """What COUNT tunnels cost."""
    opened = crowd.open(count)
    site.wait_active(count, opened)
    crowd.tell("idle", 3)
    told = site.status()
    row = {"tunnels": told["tunnels"]["active"], "refused": told["tunnels"]["refused"], "why": opened["why"],
           "refused_by": {reason: count for reason, count in told["tunnels"]["refused_by"].items() if count},
           "open_rate": opened["open"] / opened["seconds"], "handshake_ms": opened["handshake"].text(),
           "passed": told["tunnels"].get("connections_passed", 0)}
    tunnels = max(row["tunnels"], 1)
    # Of each tunnel that this step has added.
    now = {"user": procfs.pss_bytes(site.members()), "kernel": kernel_memory(), "tunnels": tunnels}
    added = max(tunnels - base["tunnels"], 1)
    row["user"] = (now["user"] - base["user"]) / added
    row["kernel"] = (now["kernel"] - base["kernel"]) / added
    base.update(now)
    _, used = cpu_while(site, lambda: crowd.tell("idle", seconds))
    row["idle_cpu"] = 100 * used / seconds
    held, used = cpu_while(site, lambda: crowd.tell("hold", seconds))
    row["talk_cpu"] = 100 * used / held["seconds"]
    row["us_per_message"] = 1e6 * (used - row["idle_cpu"] / 100 * held["seconds"]) / max(held["sent"], 1)
    row["echo_ms"] = held["echo"].text()
    row["lost"] = held["lost"] + opened["lost"]
    row["status_ms"] = {kind: 1000 * statistics.median(site.look(kind) for _ in range(5)) for kind in FORMATS}
    return row


def long_run(site, crowd, minutes):
    """The last step for long: one reload in the middle, and the status asked for all the time."""
    watcher = Watcher(site)
    crowd.begin("hold", int(minutes * 60))
    before, kept = site.cpu_seconds(), time.monotonic()
    time.sleep(minutes * 30)  # the plan of the run, no wait for anything
    reload = site.graceful()
    held = crowd.finish()
    looks = watcher.stop()
    told = site.status()
    return {"minutes": minutes, "lost": held["lost"], "late": held["late"], "sent": held["sent"], "echoed": held["echoed"],
            "pings": held["pings"], "echo_ms": held["echo"].text(), "why": held["why"],
            "active": told["tunnels"]["active"], "reload_s": reload,
            "keepers": sum(process["kind"] == "keeper" for process in told["processes"]),
            "cpu": 100 * (site.cpu_seconds() - before) / (time.monotonic() - kept),
            "user": procfs.pss_bytes(site.members()) / max(told["tunnels"]["active"], 1), "looks": looks}


def print_steps(rows):
    print("\n| tunnels | opened/s | handshake ms, 50/99/99.9/100 % | user bytes for each more | kernel bytes for each more | idle CPU % | "
          "CPU %, one message per 30 s | us each | echo ms, 50/99/99.9/100 % | passed on | refused | lost |")
    print("|---" * 12 + "|")
    for row in rows:
        print(f"| {row['tunnels']:,} | {row['open_rate']:,.0f} | {row['handshake_ms']} | {row['user']:,.0f} | "
              f"{row['kernel']:,.0f} | {row['idle_cpu']:.1f} | {row['talk_cpu']:.1f} | {row['us_per_message']:.0f} | "
              f"{row['echo_ms']} | {row['passed']:,} | {row['refused']:,} | {row['lost']} |")
    print("\n| tunnels | " + " | ".join(f"status {kind}, ms" for kind in FORMATS) + " |")
    print("|---" * (1 + len(FORMATS)) + "|")
    for row in rows:
        print(f"| {row['tunnels']:,} | " + " | ".join(f"{row['status_ms'][kind]:.1f}" for kind in FORMATS) + " |")


def print_long(run):
    print(f"\n{run['minutes']} minutes: {run['active']:,} tunnels at the end, {run['lost']} lost, {run['sent']:,} messages, "
          f"{run['echoed']:,} echoes, {run['late']} late, {run['pings']:,} pings answered; echo ms {run['echo_ms']}; CPU "
          f"{run['cpu']:.0f} %; reload {run['reload_s']:.1f} s, {run['keepers']} keepers; {run['user']:,.0f} user bytes each")
    for kind, looks in run["looks"].items():
        print(f"    status {kind}: {looks['count']} looks, ms 50 % {looks['p50']:.1f}, 99 % {looks['p99']:.1f}, "
              f"100 % {looks['p100']:.1f}, {looks['failed']} failed")


def one(arguments, loops):
    steps = [int(each) for each in arguments.steps.split(",")]
    clients = -(-max(steps) // EACH)
    with tempfile.TemporaryDirectory(prefix="wsflow-scale-") as root:
        origins = [Process("wsorigin") for _ in range(clients)]
        site = Site(root, os.path.abspath(arguments.module), [int(origin.first) for origin in origins],
                    children=arguments.children, loops=loops, tls=arguments.tls, extra=arguments.conf)
        crowd = None
        try:
            site.start()
            site.look("json")
            crowd = Crowd(site, clients, arguments.tls)
            base = {"user": procfs.pss_bytes(site.members()), "kernel": kernel_memory(), "tunnels": 0}
            print(f"{arguments.children} children, WSFlowThreads {loops}, {'wss' if arguments.tls else 'ws'}", flush=True)
            rows = []
            for count in steps:
                rows.append(step(site, crowd, count, base, arguments.seconds))
                print(f"  {rows[-1]}", file=sys.stderr, flush=True)
            print_steps(rows)
            run = long_run(site, crowd, arguments.minutes) if arguments.minutes else None
            if run:
                print_long(run)
            return {"loops": loops, "steps": rows, "long": run}
        finally:
            if crowd:
                crowd.stop()
            site.stop()
            for origin in origins:
                origin.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--module", required=True)
    parser.add_argument("--steps", default="1000,10000,100000", help="numbers of tunnels, the greatest last")
    parser.add_argument("--minutes", type=float, default=10, help="of the long run; 0: none")
    parser.add_argument("--seconds", type=int, default=30, help="of each measurement of a step")
    parser.add_argument("--children", type=int, default=12)
    parser.add_argument("--loops", default="1", help="values of WSFlowThreads, one run each")
    parser.add_argument("--tls", action="store_true", help="wss clients")
    parser.add_argument("--conf", default="", help="more lines of httpd.conf")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    build()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    runs = [one(arguments, int(loops)) for loops in arguments.loops.split(",")]
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as out:
            json.dump(runs, out, indent=1)
    failed = [run for run in runs if any(row["lost"] or row["refused"] for row in run["steps"])
              or run["long"] and (run["long"]["lost"] or run["long"]["echoed"] != run["long"]["sent"])]
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

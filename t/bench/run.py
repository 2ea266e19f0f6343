#!/usr/bin/python3
"""Measures the proxies side by side: CPU per message, memory per idle tunnel, idle CPU, latency beside tunnels.

docs/benchmarks.md says what the numbers mean. Example:
    t/bench/run.py --module build/release/mod_wsflow.so --json build/bench/result.json
"""
import argparse
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import procfs
import proxies

SOURCE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(SOURCE))

# name: what it is, mode, client leg, origin leg, options of wsload
WORK = {
    "echo64": ("echo 125 B, 64 connections", "echo", "ws", "ws", {"connections": 64}),
    "echo64x16": ("the same, 16 in flight each", "echo", "ws", "ws", {"connections": 64, "inflight": 16}),
    "echo1000": ("echo 125 B, 1000 connections", "echo", "ws", "ws", {"connections": 1000}),
    "big": ("echo 64 KiB, 8 connections", "echo", "ws", "ws", {"connections": 8, "size": 65536}),
    "churn": ("connect, handshake, echo, close", "churn", "ws", "ws", {"connections": 16, "sources": 200}),
    "tls64": ("echo 125 B, 64, wss client", "echo", "wss", "ws", {"connections": 64}),
    "tls64both": ("echo 125 B, 64, wss both legs", "echo", "wss", "wss", {"connections": 64}),
    "tlsbig": ("echo 64 KiB, 8, wss client", "echo", "wss", "ws", {"connections": 8, "size": 65536}),
}
LEGS = (("ws", "ws"), ("wss", "ws"), ("ws", "wss"), ("wss", "wss"))


class Load:
    """A wsload that stands ready; what it says and takes is one line each."""

    def __init__(self, tools, mode, url, options):
        self.start([os.path.join(tools, "wsload"), mode, "--url", url], options)

    def start(self, command, options):
        self.tool = os.path.basename(command[0])
        words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
        self.process = subprocess.Popen(command + words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ready = self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.tool} ended with {self.process.wait()}")
        return json.loads(line)

    def tell(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return self.answer()

    def finish(self):
        self.process.stdin.close()
        self.process.wait(60)


def measure(tools, proxy, name, seconds):
    """One run: CPU seconds of the proxy's processes for each message."""
    _, mode, client, origin, options = WORK[name]
    pids = procfs.settle(proxy.pid)
    load = Load(tools, mode, proxy.url(client, origin), {**options, "seconds": seconds})
    before = procfs.cpu_seconds(pids)
    result = load.tell("go")
    used = procfs.cpu_seconds(pids) - before
    load.finish()
    if result["failed"] or not result["messages"]:
        print(f"  {proxy.name} {name}: {result}", file=sys.stderr)
    return {"us": 1e6 * used / max(result["messages"], 1), "per_second": result["messages"] / result["seconds"],
            "failed": result["failed"], "p99_us": result["p99_us"]}


def offers(proxy, name):
    return proxy.tls_port is not None or WORK[name][2:4] == ("ws", "ws")


def compare(tools, running, names, rounds, seconds):
    """Interleaved: each proxy does the same work in turn, round by round."""
    runs = {name: {proxy.name: [] for proxy in running if offers(proxy, name)} for name in names}
    for number in range(rounds):
        for name in names:
            for proxy in running:
                if offers(proxy, name):
                    runs[name][proxy.name].append(measure(tools, proxy, name, seconds))
                    print(f"  round {number + 1}  {name:10} {proxy.name:8} "
                          f"{runs[name][proxy.name][-1]['us']:8.2f} us", file=sys.stderr)
    table = {}
    for name, by_proxy in runs.items():
        floor = by_proxy.get("floor")
        table[name] = {}
        for proxy, results in by_proxy.items():
            row = {key: statistics.median(run[key] for run in results) for key in ("us", "per_second", "p99_us")}
            row["failed"] = sum(run["failed"] for run in results)
            if floor:  # against the floor of the same round, so that a slow minute of the machine cancels out
                row["floor"] = statistics.median(run["us"] / low["us"] for run, low in zip(results, floor))
            table[name][proxy] = row
    return table


def request_latency(port, count=1000):
    """Ordinary requests, one after the other, each on a new connection; microseconds."""
    times = []
    for _ in range(count):
        start = time.perf_counter()
        with socket.create_connection(("127.0.0.1", port), 30) as connection:
            connection.sendall(b"GET /file.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = b""
            while data := connection.recv(65536):
                answer += data
        times.append(1e6 * (time.perf_counter() - start))
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"an ordinary request was answered {answer[:40]!r}")
    times.sort()
    return {"p50_us": times[count // 2], "p99_us": times[count * 99 // 100]}


def idle(tools, proxy, client, origin, tunnels, seconds):
    """Many silent tunnels: what they cost, whether each still echoes, and what others feel of them."""
    warm_up = Load(tools, "idle", proxy.url(client, origin), {"connections": 200})
    warm_up.finish()
    before_requests = request_latency(proxy.port)
    pids = procfs.settle(proxy.pid)
    before = procfs.pss_bytes(pids)
    load = Load(tools, "idle", proxy.url(client, origin), {"connections": tunnels})
    echoed = load.tell("echo")
    pids = procfs.settle(proxy.pid)
    after = procfs.pss_bytes(pids)
    cpu = procfs.cpu_seconds(pids)
    time.sleep(seconds)  # the window of the measurement
    cpu = procfs.cpu_seconds(pids) - cpu
    with_tunnels = request_latency(proxy.port)
    result = {"tunnels": load.ready["ready"], "failed": echoed["failed"], "echoed": echoed["echoed"],
              "opened_in_seconds": load.ready["seconds"], "bytes_per_tunnel": (after - before) / tunnels,
              "echo_p50_us": echoed["p50_us"], "echo_p99_us": echoed["p99_us"],
              "idle_cpu_percent": 100 * cpu / seconds if seconds else None,
              "descriptors": procfs.descriptors(pids),
              "requests_without": before_requests, "requests_with": with_tunnels}
    load.finish()
    return result


def print_work(table, names):
    print("\nCPU us per message, all processes of the proxy; in brackets: times the floor of the same round")
    print(f"{'':34}" + "".join(f"{name:>18}" for name in names))
    for work, row in table.items():
        cells = []
        for name in names:
            cell = row.get(name)
            ratio = f" ({cell['floor']:.2f})" if cell and "floor" in cell else ""
            failed = f" !{cell['failed']}" if cell and cell["failed"] else ""
            cells.append(f"{cell['us']:.2f}{ratio}{failed}" if cell else "-")
        print(f"{WORK[work][0]:34}" + "".join(f"{cell:>18}" for cell in cells))


def print_idle(rows):
    print("\nIdle tunnels: user memory each (PSS growth), CPU of one core, ordinary requests p50/p99 in us")
    print(f"{'':20}{'tunnels':>9}{'echoed':>8}{'bytes each':>12}{'CPU %':>8}{'without':>14}{'with':>14}")
    for name, legs, row in rows:
        latency = [f"{row[key]['p50_us']:.0f}/{row[key]['p99_us']:.0f}" for key in ("requests_without", "requests_with")]
        cpu = "-" if row["idle_cpu_percent"] is None else f"{row['idle_cpu_percent']:.3f}"
        print(f"{name + ' ' + legs:20}{row['tunnels']:>9}{row['echoed']:>8}{row['bytes_per_tunnel']:>12.0f}"
              f"{cpu:>8}{latency[0]:>14}{latency[1]:>14}")


def build_tools(directory):
    for command in (["cmake", "-S", SOURCE, "-B", directory], ["cmake", "--build", directory, "--target", "bench"]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(done.stdout + done.stderr)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--module", type=os.path.abspath,
                        default=os.path.join(TREE, "build/release/mod_wsflow.so"))
    parser.add_argument("--proxies", help="comma-separated: floor,wsflow,stock,nginx,haproxy (default: all there are)")
    parser.add_argument("--work", default=",".join(WORK), help="comma-separated, or none: %(default)s")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="of one measurement")
    parser.add_argument("--tunnels", type=int, default=9000, help="idle tunnels, 0: no idle part")
    parser.add_argument("--idle-seconds", type=int, default=30)
    parser.add_argument("--idle-proxies", default="wsflow", help="comma-separated")
    parser.add_argument("--json", help="also write all numbers to this file")
    return parser.parse_args()


def main():
    args = arguments()
    names = args.proxies.split(",") if args.proxies else proxies.available(os.path.exists(args.module))
    work = [] if args.work == "none" else args.work.split(",")
    tools = os.path.join(TREE, "build/bench")
    build_tools(tools)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    result = {"cpus": os.cpu_count(), "rounds": args.rounds, "seconds": args.seconds}
    with tempfile.TemporaryDirectory(prefix="wsflow-bench.") as root:
        os.chmod(root, 0o755)
        certificate = proxies.make_certificate(root)
        origin = subprocess.Popen([os.path.join(tools, "wsorigin"), "--cert", certificate["cert"], "--key",
                                   certificate["key"]], stdout=subprocess.PIPE, text=True)
        running = []
        try:
            ports = origin.stdout.readline().split()

            def start(name, threads=None):
                running.append(proxies.start(name, root, ports, certificate, tools, args.module, threads))
                return running[-1]

            if work:
                for name in names:
                    start(name)
                result["work"] = compare(tools, running, work, args.rounds, args.seconds)
                print_work(result["work"], names)
            while running:
                running.pop().stop()
            rows = []
            for name in args.idle_proxies.split(",") if args.tunnels else []:
                for client, leg in LEGS:
                    # A thread a tunnel: so many tunnels are out of the stock proxy's reach.
                    tunnels = min(args.tunnels, 1000) if name == "stock" else args.tunnels
                    rows.append((name, f"{client}-{leg}",
                                 idle(tools, start(name), client, leg, tunnels, args.idle_seconds)))
                    running.pop().stop()
            if rows:
                print_idle(rows)
            result["idle"] = [{"proxy": name, "legs": legs, **row} for name, legs, row in rows]
        finally:
            for proxy in running:
                proxy.stop()
            origin.terminate()
            origin.wait()
    if args.json:
        with open(args.json, "w", encoding="ascii") as out:
            json.dump(result, out, indent=1)


if __name__ == "__main__":
    main()

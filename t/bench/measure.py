"""The measurements of run.py: CPU per message in interleaved rounds, and what silent tunnels cost."""
import socket
import sys
import time

import procfs
from benchtools import Load
from rows import WORK

FIRST = 200  # tunnels that are open before memory is looked at


def load_of(proxy, row, seconds):
    """A load that stands ready to do the work of ROW for so many seconds."""
    return Load(row.mode, proxy.url(row.client, row.origin), {**row.options, "seconds": seconds})


def measure(proxy, row, seconds):
    """One run: CPU of the proxy's processes for each message; without `us` if it failed."""
    pids = procfs.settle(proxy.pid)
    load = load_of(proxy, row, seconds)
    before = procfs.cpu_seconds(pids)
    result = load.tell("go")
    used = procfs.cpu_seconds(pids) - before
    load.finish()
    if result["failed"] or not result["messages"]:
        raise RuntimeError(str(result))
    per_second = result["messages"] / result["seconds"]
    if row.pace and per_second < 0.9 * row.pace:
        raise RuntimeError(f"{per_second:.0f} messages a second instead of {row.pace}: the machine is too busy")
    return {"us": 1e6 * used / result["messages"], "per_second": per_second, "p99_us": result["p99_us"]}


def compare(running, names, rounds, seconds):
    """Interleaved: each contender does the same work in turn, another one first in each round. The runs of each row by
    contender; those that failed say why."""
    runs = {name: {} for name in names}
    for number in range(rounds):
        first = number * len(running) // rounds
        for name in names:
            for proxy in running[first:] + running[:first]:
                if not proxy.contender.measures(WORK[name]):
                    continue
                try:
                    run = measure(proxy, WORK[name], seconds)
                    said = f"{run['us']:9.2f} us"
                except (RuntimeError, TimeoutError) as error:
                    run, said = {"failed": str(error)}, f"failed: {error}"
                runs[name].setdefault(proxy.name, []).append(run)
                print(f"  round {number + 1}  {name:10} {proxy.name:24} {said}", file=sys.stderr)
    return runs


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


def idle(proxy, client, origin, tunnels, seconds):
    """Many silent tunnels: what they cost, whether each still echoes, and what others feel of them."""
    serves_files = proxy.tls_port is not None
    url = proxy.url(client, origin)
    without = request_latency(proxy.port) if serves_files else None
    # What is allocated once, or with the first ones, does not count; these stay, so that nobody takes their memory over.
    first = Load("idle", url, {"connections": FIRST})
    first.tell("echo")
    before = procfs.pss_bytes(procfs.settle(proxy.pid))
    load = Load("idle", url, {"connections": tunnels - FIRST})
    echoed = load.tell("echo")
    pids = procfs.settle(proxy.pid)
    after = procfs.pss_bytes(pids)
    cpu = procfs.cpu_seconds(pids)
    time.sleep(seconds)  # the window of the measurement
    cpu = procfs.cpu_seconds(pids) - cpu
    echoed_again = first.tell("echo")
    result = {"tunnels": first.ready["ready"] + load.ready["ready"], "echoed": echoed_again["echoed"] + echoed["echoed"],
              "opened_in_seconds": load.ready["opened_in"], "bytes_per_tunnel": (after - before) / load.ready["ready"],
              "echo_p50_us": echoed["p50_us"], "echo_p99_us": echoed["p99_us"],
              "idle_cpu_percent": 100 * cpu / seconds if seconds else None,
              "descriptors": procfs.descriptors(pids), "requests_without": without,
              "requests_with": request_latency(proxy.port) if serves_files else None}
    load.finish()
    first.finish()
    print(f"  idle  {client}-{origin}  {proxy.name:24} {result['bytes_per_tunnel']:9.0f} bytes", file=sys.stderr)
    return result

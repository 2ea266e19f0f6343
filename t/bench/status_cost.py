#!/usr/bin/python3
"""Measures what a look at the status costs with thousands of tunnels open: CPU of each format, and what an echo that
goes on beside it feels.

docs/benchmarks.md says what the numbers mean. Example, after `cmake --build --preset release`:
    t/bench/status_cost.py --tunnels 9000
"""
import argparse
import json
import pathlib
import statistics
import sys
import tempfile
import threading
import time

import procfs
import proxies
from benchtools import MODULE, SUPPORT, TOOLS, Load, Origin, build_tools, use_all_descriptors

sys.path.insert(0, SUPPORT)

from server import Httpd  # noqa: E402
from tls import Certificates  # noqa: E402

# Name and address of each; of the tunnels, what a look at them usually asks for and the most that it can.
FORMATS = {
    "page": "/wsflow-status",
    "page, sorted by idle time": "/wsflow-status?sort=idle&dir=desc",
    "page, filtered": "/wsflow-status?filter=127.0.0.1&sort=client",
    "json": "/wsflow-status?json",
    "json, all tunnels": "/wsflow-status?json&count=10000",
    "json, no tunnels": "/wsflow-status?json&count=0",
    "auto": "/wsflow-status?auto",
    "metrics": "/wsflow-status?metrics",
    "server-status": "/server-status",
}


def start(root, module, origin):
    site = Httpd(Certificates(root / "tls"), f"WSFlowPass /ws ws://127.0.0.1:{origin}/", module=module,
                 main="LogLevel warn\nListenBacklog 4096")
    return site.start()


def cost(site, path, times):
    """Milliseconds of CPU for one look, and its size; the page is fetched on one connection after the other."""
    pids = procfs.settle(site.pid)
    size = len(site.get(path).body)
    before = procfs.cpu_seconds(pids)
    for _ in range(times):
        site.get(path)
    return 1000 * (procfs.cpu_seconds(pids) - before) / times, size


def echo(site, options, looks=()):
    """p99 in us of an echo that goes on for a while, with LOOKS at the status beside it."""
    load = Load("echo", f"ws://127.0.0.1:{site.http_port}/ws",
                    {"connections": 8, "seconds": options.seconds})
    done = threading.Event()

    def look():
        while looks and not done.is_set():
            for path in looks:
                site.get(path)
                done.wait(0.05)

    beside = threading.Thread(target=look)
    beside.start()
    result = load.tell("go")
    done.set()
    beside.join()
    load.finish()
    return result["p99_us"]


def measure(site, options):
    idle = Load("idle", f"ws://127.0.0.1:{site.http_port}/ws", {"connections": options.tunnels})
    if idle.ready["ready"] != options.tunnels:
        raise RuntimeError(f"{idle.ready} of {options.tunnels} tunnels are open")
    time.sleep(1.5)  # until their rows are shown
    result = {"tunnels": options.tunnels, "formats": {}, "p99_us": {}}
    for name, path in FORMATS.items():
        spent, size = cost(site, path, options.times)
        result["formats"][name] = {"cpu_ms": spent, "bytes": size}
        print(f"{name:30}{spent:9.2f} ms CPU{size:12} bytes")
    pairs = [(echo(site, options), echo(site, options, FORMATS.values())) for _ in range(options.rounds)]
    result["p99_us"] = {"quiet": statistics.median(quiet for quiet, _ in pairs),
                        "looked_at": statistics.median(looked for _, looked in pairs),
                        "ratio": statistics.median(looked / quiet for quiet, looked in pairs)}
    print(f"p99 of an echo beside it: {result['p99_us']['quiet']:.0f} us quiet, {result['p99_us']['looked_at']:.0f} us "
          f"while every format is asked for, 20 looks a second: {result['p99_us']['ratio']:.2f} times")
    idle.finish()
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--module", type=pathlib.Path,
                        default=pathlib.Path(MODULE))
    parser.add_argument("--tunnels", type=int, default=9000)
    parser.add_argument("--times", type=int, default=20, help="looks at each format")
    parser.add_argument("--rounds", type=int, default=5, help="of the echo")
    parser.add_argument("--seconds", type=int, default=3, help="of one echo")
    parser.add_argument("--json", help="also write all numbers to this file")
    options = parser.parse_args()
    build_tools()
    use_all_descriptors()
    with tempfile.TemporaryDirectory(prefix="wsflow-bench.") as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        with Origin(TOOLS, proxies.make_certificate(folder)) as origin:
            site = start(root, options.module, origin.ports[0])
            try:
                result = measure(site, options)
            finally:
                site.stop()
                site.remove()
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

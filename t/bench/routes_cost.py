#!/usr/bin/python3
"""Measures what thousands of routes cost each request: CPU of httpd's processes for ordinary requests and for refused
handshakes, with WSFlowPass and with ProxyPass of the stock module, in one interleaved run.

docs/benchmarks.md says what the numbers mean. Example, after `cmake --build --preset release`:
    t/bench/routes_cost.py --routes 2000
"""
import argparse
import pathlib
import socket
import statistics
import sys
import tempfile

import procfs
from benchtools import MODULE, SUPPORT

sys.path.insert(0, SUPPORT)

from server import Httpd  # noqa: E402
from tls import Certificates  # noqa: E402

PLAIN = "GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n"
# Nobody listens at the origin: what is measured is the way there.
UPGRADE = ("GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
REQUESTS = {"page, no route": (PLAIN, "/index.html"), "handshake, no route": (UPGRADE, "/index.html"),
            "handshake, last route": (UPGRADE, "/last")}


def start(root, module, directive, routes):
    lines = "".join(f"{directive} /route{number} http://127.0.0.1:9/\n" for number in range(routes))
    site = Httpd(Certificates(root / "tls"), plain_conf=f"{lines}{directive} /last http://127.0.0.1:9/", module=module,
                 main="LogLevel emerg")
    return site.start()


def cost(site, request, times):
    """Microseconds of CPU a request."""
    text = request[0].format(request[1]).encode()
    pids = procfs.settle(site.pid)
    before = procfs.cpu_seconds(pids)
    left = times
    while left > 0:
        with socket.create_connection(site.address()) as connection:
            answers = connection.makefile("rb")
            while left > 0:
                connection.sendall(text)
                status = answers.readline()
                if not status:
                    break
                fields = dict(line.lower().split(b":", 1) for line in iter(answers.readline, b"\r\n"))
                answers.read(int(fields.get(b"content-length", b"0")))
                left -= 1
                if b"close" in fields.get(b"connection", b""):
                    break
    return 1e6 * (procfs.cpu_seconds(pids) - before) / times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--routes", type=int, default=2000)
    parser.add_argument("--times", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--module", type=pathlib.Path, default=pathlib.Path(MODULE))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wsflow-routes-", dir="/tmp") as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        shapes = {"WSFlowPass": ("WSFlowPass", options.routes), "ProxyPass": ("ProxyPass", options.routes),
                  "one WSFlowPass": ("WSFlowPass", 0)}
        sites = {name: start(root / name, options.module, *shape) for name, shape in shapes.items()}
        try:
            for title, request in REQUESTS.items():
                seen = {name: [] for name in sites}
                for _ in range(options.rounds):
                    for name, site in sites.items():
                        seen[name].append(cost(site, request, options.times))
                print(f"{title:24}" + "   ".join(f"{name} {statistics.median(values):7.1f} us"
                                                 for name, values in seen.items()))
        finally:
            for site in sites.values():
                site.stop()
                site.remove()


if __name__ == "__main__":
    main()

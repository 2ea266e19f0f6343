#!/usr/bin/python3
"""Pages beside handshakes that wait: 5,000 to an origin that says nothing, 5,000 to one that takes no connection.

One child, 25 threads. A third of the clients goes meanwhile. Afterwards everything must be back: descriptors, tunnels,
permits, busy workers, connections of the MPM. docs/benchmarks.md shows the result. Example, after
`cmake --build --preset release`:
    t/bench/hung_origin.py
"""
import argparse
import json
import os
import pathlib
import re
import socket
import sys
import tempfile
import threading
import time

from benchtools import MODULE, SUPPORT, use_all_descriptors

sys.path.insert(0, SUPPORT)

from network import SilentAddress  # noqa: E402
from server import Httpd  # noqa: E402
from tls import Certificates  # noqa: E402

HANDSHAKE = ("GET {} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")


def pages(port, seconds, path="/index.html"):
    """Times of a page, on a new connection each, one after the other; seconds."""
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        begin = time.perf_counter()
        with socket.create_connection(("127.0.0.1", port), 30) as sock:
            sock.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            answer = b""
            while data := sock.recv(65536):
                answer += data
        if not answer.startswith(b"HTTP/1.1 200"):
            sys.exit(f"a page was answered {answer[:60]!r}")
        times.append(time.perf_counter() - begin)
    return sorted(times)


def milliseconds(times):
    return {"count": len(times), "p50_ms": round(1000 * times[len(times) // 2], 2),
            "p99_ms": round(1000 * times[len(times) * 99 // 100], 2), "worst_ms": round(1000 * times[-1], 2)}


def shake(site, path, count):
    clients = []
    for _ in range(count):
        clients.append(socket.create_connection(("127.0.0.1", site.http_port), 30))
        clients[-1].sendall(HANDSHAKE.format(path).encode())
    return clients


def descriptors(site):
    return len(os.listdir(f"/proc/{site.child()}/fd"))


def auto(site, name):
    return int(re.search(rf"^{name}: (\d+)", site.get("/server-status?auto").text, re.M)[1])


def counts(site):
    return {"descriptors": descriptors(site), "busy_workers": auto(site, "BusyWorkers"),
            "connections": auto(site, "ConnsTotal"), "tunnels": site.status.json()["tunnels"]["active"],
            "permits": site.status.json()["limits"][0]["in_use"]}


def accept_all(listener, kept):
    while True:
        try:
            kept.append(listener.accept()[0])
        except OSError:
            return


def measure(options, certificates):
    silent = socket.create_server(("127.0.0.1", 0), backlog=4096)
    kept = []
    threading.Thread(target=accept_all, args=(silent, kept), daemon=True).start()
    with SilentAddress() as dropping:
        conf = (f"WSFlowTimeout connect=10s handshake=10s\nWSFlowLimit all concurrency=100000\n"
                f"WSFlowPass /silent ws://127.0.0.1:{silent.getsockname()[1]}/\n"
                f"WSFlowPass /dropping ws://127.0.0.1:{dropping.port}/ retry=0")
        site = Httpd(certificates, conf, threads=25, module=options.module,
                     main=f"AsyncRequestWorkerFactor {options.factor}\nKeepAlive Off\nLogLevel crit")
        site.start()
        try:
            site.get("/")
            before, quiet = counts(site), pages(site.http_port, options.seconds)
            loaded = []
            watch = threading.Thread(target=lambda: loaded.extend(pages(site.http_port, options.seconds)))
            watch.start()
            clients = shake(site, "/silent", options.count) + shake(site, "/dropping", options.count)
            during = counts(site)
            for client in clients[::3]:
                client.close()
            watch.join()
            answers = {}
            for number, client in enumerate(clients):
                if number % 3:
                    client.settimeout(60)
                    status = (client.recv(4096) or b"none ")[9:12].decode()
                    answers[status] = answers.get(status, 0) + 1
                    client.close()
            end = time.monotonic() + 30
            while (after := counts(site)) != before and time.monotonic() < end:
                time.sleep(0.2)
        finally:
            site.stop()
            site.remove()
            silent.close()
    loaded.sort()
    return {"quiet": milliseconds(quiet), "beside": milliseconds(loaded), "before": before, "during": during,
            "after": after, "answers": answers}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--module", type=pathlib.Path, default=pathlib.Path(MODULE))
    parser.add_argument("--count", type=int, default=5000, help="handshakes to each origin")
    parser.add_argument("--factor", type=int, default=400, help="AsyncRequestWorkerFactor")
    parser.add_argument("--seconds", type=float, default=8)
    options = parser.parse_args()
    use_all_descriptors()
    with tempfile.TemporaryDirectory(prefix="wsflow-bench.") as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        print(json.dumps(measure(options, Certificates(root / "tls")), indent=1))


if __name__ == "__main__":
    main()

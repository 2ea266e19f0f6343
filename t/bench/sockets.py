#!/usr/bin/python3
"""The picture of README.md: how long an ordinary page takes beside open sockets, with stock httpd and with the module. Both
have Debian's own mpm_event.conf: 150 worker threads. After `cmake --build --preset release`:
    t/bench/sockets.py --svg docs/sockets.svg
"""
import argparse
import json
import pathlib
import re
import resource
import statistics
import sys
import tempfile
import time
from xml.sax.saxutils import escape

from benchtools import MODULE, SUPPORT

sys.path.insert(0, SUPPORT)

from conf import conf_without_module  # noqa: E402
from loop_thread import LoopThread  # noqa: E402
from echo_origin import EchoOrigin  # noqa: E402
from server import Httpd  # noqa: E402
from tls import Certificates  # noqa: E402
from wire import RawClient  # noqa: E402

# Where nothing has come by then, nothing comes.
PATIENCE_S = 5
DEBIAN = "StartServers 2\nMinSpareThreads 25\nMaxSpareThreads 75\nThreadLimit 64\nThreadsPerChild 25\nMaxRequestWorkers 150"
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 300, 70, 150, 46, 46


def page_ms(site):
    """The median of 25 looks at a page, in ms; None if there is none."""
    taken = []
    for _ in range(25):
        begin = time.monotonic()
        try:
            site.get("/index.html", timeout=PATIENCE_S)
        except OSError:
            return None
        taken.append(1000 * (time.monotonic() - begin))
    return round(statistics.median(taken), 2)


def busy(site):
    """Busy worker threads, but for the one that is asked."""
    return int(re.search(r"^BusyWorkers: (\d+)", site.get("/server-status?auto", timeout=PATIENCE_S).text, re.M)[1]) - 1


def measure(stock, steps, certificates, origin, module):
    site = Httpd(certificates, f"{'' if stock else 'WSFlow On'}\nProxyPass /x {origin.url('/x')}", main=DEBIAN, children=6,
                 module=module)
    if stock:
        conf_without_module(site)
    site.start()
    clients, points = [], []
    try:
        for step in steps:
            while len(clients) < step:
                client = RawClient(site.address())
                clients.append(client)
                client.sock.settimeout(PATIENCE_S)
                try:
                    client.open("/x")
                except (OSError, AssertionError):
                    break
            taken = page_ms(site)
            points.append({"sockets": step, "page_ms": taken, "busy": busy(site) if taken is not None else None})
            if taken is None:
                break
    finally:
        for client in clients:
            client.close()
        site.stop()
        site.remove()
    return points


def picture(stock, ours):
    """Bars would hide the end of the first line: points on a line, and a cross where nobody is answered any more."""
    most = ours[-1]["sockets"]
    slowest = max(point["page_ms"] for point in stock + ours if point["page_ms"] is not None)
    top = 2 * max(slowest, 2)

    def x(sockets):
        return LEFT + (WIDTH - LEFT - RIGHT) * sockets / most

    def y(taken):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * taken / top

    def line(name, points):
        seen = " ".join(f"{x(p['sockets']):.1f},{y(p['page_ms']):.1f}" for p in points if p["page_ms"] is not None)
        return f'<polyline class="line {name}" points="{seen}"/>'

    end = stock[-1]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="Time of an ordinary page beside open WebSockets">',
        "<style>text { font: 13px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2328; } .ground { fill: #fff; } "
        ".small { font-size: 11px; fill: #57606a; } .title { font-weight: 600; font-size: 15px; } .grid { stroke: #d0d7de; } "
        ".line { fill: none; stroke-width: 3; } .stock { stroke: #8c5e00; } .wsflow { stroke: #0072b2; } "
        "@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .ground { fill: #0d1117; } .small { fill: #9198a1; } "
        ".grid { stroke: #3d444d; } .stock { stroke: #e69f00; } .wsflow { stroke: #56b4e9; } }</style>",
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>',
        f'<text class="title" x="{LEFT}" y="24">Time of an ordinary page beside open WebSockets</text>']
    for part in range(5):
        taken = top * part / 4
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(taken):.1f}" y2="{y(taken):.1f}"/>'
                     f'<text class="small" x="{LEFT - 8}" y="{y(taken) + 4:.1f}" text-anchor="end">{taken:.1f} ms</text>')
    for part in range(5):
        sockets = most * part // 4
        parts.append(f'<text class="small" x="{x(sockets):.1f}" y="{HEIGHT - 24}" text-anchor="middle">{sockets:,}</text>')
    parts += [line("stock", stock), line("wsflow", ours)]
    if end["page_ms"] is None:
        at = x(end["sockets"])
        parts.append(f'<line class="line stock" x1="{at:.1f}" x2="{at:.1f}" y1="{HEIGHT - BOTTOM}" y2="{TOP}"/>'
                     f'<text x="{at + 8:.1f}" y="{TOP + 12}">stock httpd: no answer with {end["sockets"]}</text>')
    last = ours[-1]
    parts += [f'<text x="{x(last["sockets"]) + 8:.1f}" y="{y(last["page_ms"]) - 4:.1f}">mod_wsflow</text>',
              f'<text class="small" x="{x(last["sockets"]) + 8:.1f}" y="{y(last["page_ms"]) + 11:.1f}">'
              f'{last["busy"]} busy workers</text>',
              f'<text class="small" x="{LEFT}" y="{HEIGHT - 6}">{escape("open sockets; 150 worker threads (Debian 12), httpd 2.4.71")}'
              "</text>", "</svg>"]
    return "\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--module", type=pathlib.Path, default=pathlib.Path(MODULE))
    parser.add_argument("--most", type=int, default=1200, help="sockets")
    parser.add_argument("--svg", type=pathlib.Path, help="where the picture is to be written")
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    steps = [0, 50, 100, 125, 150, *range(200, options.most + 1, 100)]
    loop = LoopThread()
    with tempfile.TemporaryDirectory(prefix="wsflow-bench.") as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        certificates = Certificates(root / "tls")
        with EchoOrigin(loop) as origin:
            seen = [measure(stock, steps, certificates, origin, options.module) for stock in (True, False)]
    loop.stop()
    for name, points in zip(("stock httpd", "mod_wsflow"), seen):
        print(name, json.dumps(points))
    if options.svg:
        options.svg.write_text(picture(*seen), encoding="utf-8")


if __name__ == "__main__":
    main()

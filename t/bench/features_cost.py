#!/usr/bin/python3
"""Measures what the features cost that people leave on: CPU per echoed message and per life of a tunnel, with and without.

docs/benchmarks.md says what the numbers mean. Examples, after `cmake --build --preset release`:
    t/bench/features_cost.py --count --json build/bench/features.json --write-docs
    t/bench/features_cost.py --from build/bench/features.json --write-docs
"""
import argparse
import contextlib
import json
import pathlib
import statistics
import sys
import tempfile
import threading

import counts
import measure
import page
import proxies
import report
from benchtools import MODULE, SUPPORT, TOOLS, Origin, build_tools, use_all_descriptors
from rows import WORK

sys.path.insert(0, SUPPORT)

from server import Httpd  # noqa: E402
from tls import Certificates  # noqa: E402

PINGS_OFF = "WSFlowPing client=0 origin=0"
PINGS = "WSFlowPing client=45s origin=45s timeout=20s"
LOG = 'WSFlowLog "{root}/tunnels.log" json'
# It is never reached.
LIMIT = '<Location "/ws">\nWSFlowLimit visitors concurrency=10000 rate=900000/s\n</Location>'
BASE = "off"
# Title, lines of the configuration, whether somebody looks at the status once a second. A tunnel has its row in the status
# in all of them; messages are not limited in any.
FEATURES = {
    BASE: ("all off", [PINGS_OFF], False),
    "again": ("all off, too: the noise", [PINGS_OFF], False),
    "pings": ("pings to both sides", [PINGS], False),
    "log": ("`WSFlowLog`", [PINGS_OFF, LOG], False),
    "limit": ("`WSFlowLimit` with `concurrency=` and `rate=`", [PINGS_OFF, LIMIT], False),
    "looks": ("`?metrics` and `?json` asked for once a second", [PINGS_OFF], True),
    "all": ("all on", [PINGS, LOG, LIMIT], True),
}
COUNTED = (BASE, "pings", "log", "limit", "all")
TOGETHER, GOAL = "all", 1.05
WORKS = ("echo64", "churn")


class Site:
    """An httpd with features, as measure.py knows a proxy."""

    def __init__(self, root, name, origin, module):
        _, lines, self.looked_at = FEATURES[name]
        self.name = name
        self.httpd = Httpd(Certificates(root / f"tls-{name}"), module=module)
        conf = "\n".join([f"WSFlowPass /ws ws://127.0.0.1:{origin}/", *lines]).replace("{root}", str(self.httpd.root))
        self.httpd.write_conf(plain_conf=conf, main="LogLevel warn\nListenBacklog 4096")
        file = self.httpd.root / "httpd.conf"
        # A log of every request would cost more than what is looked for.
        file.write_text(file.read_text().replace("CustomLog", "#CustomLog"))
        self.httpd.start()
        self.pid = self.httpd.pid

    def url(self, *_):
        return f"ws://127.0.0.1:{self.httpd.http_port}/ws"

    def close(self):
        self.httpd.stop()
        self.httpd.remove()

    @contextlib.contextmanager
    def watched(self):
        """With a monitoring system beside it, if there is to be one."""
        done = threading.Event()

        def look():
            while not done.wait(1):
                for what in ("metrics", "json"):
                    self.httpd.get(f"/wsflow-status?{what}")

        watcher = threading.Thread(target=look) if self.looked_at else None
        if watcher:
            watcher.start()
        yield
        done.set()
        if watcher:
            watcher.join()


def cost(site, work, seconds):
    with site.watched():
        return measure.measure(site, WORK[work], seconds)["us"]


def compare(sites, options):
    """In pairs, the one without beside each one with, that one first in turn: the machine's moods cancel out."""
    pairs = {(work, name): [] for work in WORKS for name in sites if name != BASE}
    for number in range(options.rounds):
        for (work, name), measured in pairs.items():
            order = (BASE, name) if number % 2 else (name, BASE)
            done = {each: cost(sites[each], work, options.seconds) for each in order}
            measured.append((done[BASE], done[name]))
            print(f"  round {number + 1}  {work:7} {name:6} {done[BASE]:8.2f} {done[name]:8.2f} us", file=sys.stderr)
    return [{"work": work, "features": name, "pairs": measured} for (work, name), measured in pairs.items()]


def run(options):
    build_tools()
    use_all_descriptors()
    sites = {}
    with tempfile.TemporaryDirectory(prefix="wsflow-bench.") as folder, contextlib.ExitStack() as stack:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        origin = stack.enter_context(Origin(TOOLS, proxies.make_certificate(folder)))
        for name in FEATURES:
            sites[name] = Site(root, name, origin.ports[0], options.module)
            stack.callback(sites[name].close)
        result = {"rounds": options.rounds, "seconds": options.seconds, "rows": compare(sites, options)}
        if options.count:
            result["counts"] = count(sites)
        return result


def count(sites):
    counted = {}
    for name in COUNTED:
        sites[name].httpd.stop()
        counted[name] = counts.count(sites[name].httpd)
        print(f"  {name:6} {counted[name]}", file=sys.stderr)
    return counted


def quartiles(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 4], ordered[-1 - len(ordered) // 4]


def timed(result, name):
    """The cells of a row: multiples of what it takes without."""
    measured = {(row["work"], row["features"]): row["pairs"] for row in result["rows"]}
    cells = []
    for work in WORKS:
        if name == BASE:
            us = statistics.median(off for row in result["rows"] if row["work"] == work for off, _ in row["pairs"])
            cells.append(f"1 = {us:.1f} µs")
            continue
        ratios = [on / off for off, on in measured[work, name]]
        low, high = quartiles(ratios)
        mark = "" if name != TOGETHER else " ✓" if round(statistics.median(ratios), 2) <= GOAL else " ✗"
        cells.append(f"{statistics.median(ratios):.2f} ({low:.2f}–{high:.2f}){mark}")
    return cells


def counted(result, name):
    found = result["counts"].get(name)
    return [f"{found['echo']:,.0f}", f"{found['life']:,.0f}", f"{found['calls']:.0f}"] if found else ["–"] * 3


def table(result):
    head = ["on", *(WORK[work].title for work in WORKS)]
    if "counts" in result:
        head += ["instructions of an echo", "of a life", "system calls of a life"]
    rows = [[FEATURES[name][0], *timed(result, name), *(counted(result, name) if "counts" in result else [])]
            for name in FEATURES]
    return report.table([head, *rows])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--module", type=pathlib.Path, default=pathlib.Path(MODULE))
    parser.add_argument("--rounds", type=int, default=9, help="pairs of each row")
    parser.add_argument("--seconds", type=int, default=1, help="of one measurement")
    parser.add_argument("--count", action="store_true", help="instructions and system calls, too (valgrind, strace)")
    parser.add_argument("--json", help="also write all numbers to this file")
    parser.add_argument("--from", dest="source", metavar="JSON", help="measure nothing, take the numbers of this file")
    parser.add_argument("--write-docs", action="store_true", help="put the table into docs/benchmarks.md")
    options = parser.parse_args()
    result = json.loads(pathlib.Path(options.source).read_text()) if options.source else run(options)
    if options.json and not options.source:
        pathlib.Path(options.json).write_text(json.dumps(result, indent=1))
    print(table(result))
    if options.write_docs:
        page.write({"features": table(result)})


if __name__ == "__main__":
    main()

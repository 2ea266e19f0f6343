#!/usr/bin/python3
"""60 requests a second for an origin that needs a second each: without a limit, with mod_proxy's max=, with WSFlowLimit.

docs/flow-control.md shows the result. Example, after `cmake --build --preset release`:
    t/bench/overload.py --seconds 10
"""
import argparse
import json
import pathlib
import re
import statistics
import sys
import tempfile

from benchtools import MODULE, SUPPORT

sys.path.insert(0, SUPPORT)

from open_load import offer, quantile, times  # noqa: E402
from server import Httpd  # noqa: E402
from slow_origin import SlowOrigin  # noqa: E402
from tls import Certificates  # noqa: E402

STATUS, PAGE = "/server-status?auto", "/index.html"
# Lines of the section, and parameters of the route.
WAYS = {
    "no limit": ("", ""),
    "max=20 acquire=1": ("", "max=20 acquire=1"),
    "max=20 acquire=2000": ("", "max=20 acquire=2000"),
    "concurrency=20": ("WSFlowLimit x concurrency=20", ""),
    "queue=40 acquire=2s": ("WSFlowLimit x concurrency=20 queue=40 acquire=2s", ""),
}


def ms(seconds):
    return round(1000 * seconds, 1)


def measure(way, options, certificates):
    section, route = WAYS[way]
    origin = SlowOrigin(1000)
    site = Httpd(certificates, f'<Location "/x">\n{section}\n</Location>\nProxyPass /x "{origin.url("/x")}" retry=0 {route}',
                 main="AsyncRequestWorkerFactor 16", children=options.children, threads=25, module=options.module)
    site.start()
    try:
        before = offer(site.http_port, "/x", 0, 2, (STATUS, PAGE))
        loaded = offer(site.http_port, "/x", options.rate, options.seconds, (STATUS, PAGE))
    finally:
        site.stop()
        site.remove()
    refusals = times(loaded.of(503))
    busy = [int(found[1]) for answer in loaded.looks[STATUS] if (found := re.search(rb"BusyWorkers: (\d+)", answer.body))]
    row = {"way": way, "inside": origin.take()["peak"], "offered": len(loaded.answers), "served": len(loaded.of(200)),
           "served_ms": ms(quantile(times(loaded.of(200)), 0.5)), "refused": len(refusals),
           "unanswered": len(loaded.of(0)), "refused_p50_ms": ms(quantile(refusals, 0.5)),
           "refused_p99_ms": ms(quantile(refusals, 0.99)), "busy": max(busy, default=None),
           "retry_after": sum("retry-after" in answer.headers for answer in loaded.of(503)), "lag_ms": ms(loaded.lag)}
    origin.close()
    for name, path in (("page", PAGE), ("status", STATUS)):
        row[f"{name}_before_ms"] = ms(statistics.median(times(before.looks[path])))
        row[f"{name}_ms"] = ms(statistics.median(times(loaded.looks[path])))
        row[f"{name}_worst_ms"] = ms(max(times(loaded.looks[path])))
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--module", type=pathlib.Path, default=pathlib.Path(MODULE))
    parser.add_argument("--rate", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--children", type=int, default=1, help="of 25 threads each")
    parser.add_argument("--ways", default=",".join(WAYS), help="comma-separated: %(default)s")
    parser.add_argument("--json", help="also write all numbers to this file")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="wsflow-bench.") as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        certificates = Certificates(root / "tls")
        for way in options.ways.split(","):
            rows.append(measure(way, options, certificates))
            print(json.dumps(rows[-1]), flush=True)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()

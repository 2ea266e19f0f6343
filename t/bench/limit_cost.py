#!/usr/bin/python3
"""Measures what a limit costs: CPU per request for a small file, with and without, for one child and for four.

docs/benchmarks.md says what the numbers mean. Example, after `cmake --build --preset release`:
    t/bench/limit_cost.py --rounds 30
"""
import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile

import procfs
from benchtools import MODULE, SUPPORT, TOOLS, Load, build_tools

sys.path.insert(0, SUPPORT)

from server import Httpd  # noqa: E402
from tls import Certificates  # noqa: E402

# What stands at a path, and how it is called. None of these limits is ever reached.
LIMITS = {
    "none": ("no limit", []),
    "again": ("no limit either: the noise", []),
    "one": ("concurrency=", ["one concurrency=1000"]),
    "rate": ("concurrency= and rate=", ["rate concurrency=1000 rate=900000/s"]),
    "queue": ("concurrency= with a queue", ["queue concurrency=1000 queue=1000 acquire=1s"]),
    "keyed": ("key=, one for each connection", ["keyed concurrency=1000 key=%{HTTP:X-User}"]),
    "four": ("four limits", [f"four{number} concurrency={1000 + number}" for number in range(4)]),
}
BASE = "none"
CHILDREN = (1, 4)


class HttpLoad(Tool):
    def __init__(self, port, path, options):
        self.start([os.path.join(TOOLS, "httpload"), "--port", str(port), "--path", path,
                    *words_of(options)])


def start(root, module, children):
    conf = "\n".join(f'Alias /{name}/ "${{root}}/"\n<Location "/{name}/">\n' +
                     "".join(f"  WSFlowLimit {words}\n" for words in limits) + "</Location>"
                     for name, (_, limits) in LIMITS.items())
    site = Httpd(Certificates(root / f"tls{children}"), children=children, module=module)
    (site.root / "htdocs" / "file.txt").write_text("an ordinary answer\n" * 10)
    site.write_conf(conf=conf, main=f'Define root "{site.root}/htdocs"\nLogLevel warn\n')
    # A log of every request would cost more than what is looked for.
    conf = site.root / "httpd.conf"
    conf.write_text(conf.read_text().replace("CustomLog", "#CustomLog"))
    return site.start()


def measure(site, name, options):
    pids = procfs.settle(site.pid)
    load = HttpLoad(site.http_port, f"/{name}/file.txt",
                    {"connections": options.connections, "ms": options.ms})
    before = procfs.cpu_seconds(pids)
    result = load.tell("go")
    used = procfs.cpu_seconds(pids) - before
    load.finish()
    if result["failed"]:
        raise RuntimeError(f"{result['failed']} of {result['messages']} requests failed at /{name}/")
    return 1e6 * used / result["messages"]


def compare(sites, options):
    """In pairs, one without a limit beside each one with, that one first in turn: the machine's moods cancel out."""
    pairs = {(children, name): [] for children in sites for name in LIMITS if name != BASE}
    for number in range(options.rounds):
        for (children, name), measured in pairs.items():
            order = (BASE, name) if number % 2 else (name, BASE)
            done = {each: measure(sites[children], each, options) for each in order}
            measured.append((done[BASE], done[name]))
            print(f"  round {number + 1}  {children} children  {name:6} {done[BASE]:7.2f} {done[name]:7.2f} us",
                  file=sys.stderr)
    return [{"children": children, "limits": name, "without_us": statistics.median(base for base, _ in measured),
             "us": statistics.median(used for _, used in measured),
             "ratio": statistics.median(used / base for base, used in measured),
             "more_us": statistics.median(used - base for base, used in measured)}
            for (children, name), measured in pairs.items()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--module", type=pathlib.Path, default=pathlib.Path(MODULE))
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--ms", type=int, default=500, help="of one measurement")
    parser.add_argument("--connections", type=int, default=16, help="fewer than a child has threads")
    parser.add_argument("--json", help="also write all numbers to this file")
    options = parser.parse_args()
    build_tools()
    with tempfile.TemporaryDirectory(prefix="wsflow-bench.") as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        sites = {}
        try:
            for children in CHILDREN:
                sites[children] = start(root, options.module, children)
            rows = compare(sites, options)
        finally:
            for site in sites.values():
                site.stop()
                site.remove()
    print("\nCPU us per request for a small file on kept connections, all processes of httpd; medians, and of the pairs")
    for row in rows:
        print(f"{row['children']} children  {LIMITS[row['limits']][0]:28}{row['without_us']:7.2f} without "
              f"{row['us']:7.2f} with  x {row['ratio']:.3f}  {row['more_us']:+6.2f} us")
    if options.json:
        with open(options.json, "w", encoding="ascii") as out:
            json.dump(rows, out, indent=1)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""Measures the proxies side by side: CPU per message, memory per idle tunnel, idle CPU, latency beside tunnels.

docs/benchmarks.md says what the numbers mean. Examples:
    t/bench/run.py --json build/bench/result.json
    t/bench/run.py --before OLD/mod_wsflow.so --nginx /opt/nginx/sbin/nginx --json build/bench/result.json --write-docs
    t/bench/run.py --from build/bench/result.json --write-docs
    t/bench/run.py --quick --work echo64,tls64k --tunnels 0 --proxies floor,wsflow,nginx
"""
import argparse
import dataclasses
import datetime
import json
import os
import platform
import re
import sys
import tempfile

import measure
import page
import picture
import proxies
import report
from benchtools import MODULE, TOOLS, Origin, build_tools, use_all_descriptors
from rows import IDLE, WORK

# A peer's thread a tunnel sets the bound.
MOST_TUNNELS = {"stock": 1000}
# A connection of TLS is slow to open, and its memory does not depend on their number.
MOST_TLS_TUNNELS = 3000


def about():
    """The machine, and when it was measured."""
    with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        cpu = re.search(r"model name\s*: (.*)", cpuinfo.read())
    kernel = ".".join(platform.release().split(".")[:2])
    return {"date": datetime.date.today().isoformat(), "load": os.getloadavg()[0],
            "cpus": os.cpu_count(), "cpu": cpu[1] if cpu else platform.machine(),
            "kernel": f"Linux {kernel}", "system": platform.freedesktop_os_release()["PRETTY_NAME"],
            "httpd": proxies.version_of([proxies.HTTPD, "-v"], r"Apache/(\S+)"),
            "openssl": " ".join(proxies.version_of(["openssl", "version"], r"(.*)").split()[:2])}


def chosen(args):
    """The contenders of this run."""
    found = proxies.available(args.module, args.before, args.nginx, args.haproxy)
    if not args.proxies:
        return found
    wanted = args.proxies.split(",")
    unknown = set(wanted) - {name for one in found for name in (one.family, one.name)}
    if unknown:
        sys.exit(f"not here: {', '.join(sorted(unknown))}; there are {', '.join(one.name for one in found)}")
    return [one for one in found if one.family in wanted or one.name in wanted]


def measure_work(contenders, names, start, args):
    running = []
    try:
        for contender in contenders:
            if any(contender.measures(WORK[name]) for name in names):
                running.append(start(contender))
        return measure.compare(running, names, args.rounds, args.seconds)
    finally:
        for proxy in running:
            proxy.stop()


def idle_runs(contenders, args):
    """Contender, legs and number of tunnels of each."""
    for contender in contenders:
        if contender.bulk or contender.family in ("splice", "before") or not args.tunnels:
            continue
        for row in IDLE.values():
            tls = (row.client, row.origin) != ("ws", "ws")
            if tls and contender.family == "floor":
                continue
            most = min(MOST_TUNNELS.get(contender.family, args.tunnels), MOST_TLS_TUNNELS if tls else args.tunnels)
            yield contender, row, min(args.tunnels, most)


def measure_idle(contenders, start, args):
    runs = []
    for contender, row, tunnels in idle_runs(contenders, args):
        proxy = start(contender)
        try:
            run = measure.idle(proxy, row.client, row.origin, tunnels, args.idle_seconds)
        finally:
            proxy.stop()
        runs.append({"proxy": f"{proxies.LABELS[contender.family]} {contender.version}".strip(), "family": contender.family,
                     "client": row.client, "origin": row.origin, **run})
    return runs


def measure_all(args):
    contenders = chosen(args)
    names = [] if args.work == "none" else args.work.split(",")
    unknown = set(names) - set(WORK)
    if unknown:
        sys.exit(f"no such work: {', '.join(sorted(unknown))}; there is {', '.join(WORK)}")
    build_tools()
    use_all_descriptors()
    result = {**about(), "rounds": args.rounds, "seconds": args.seconds,
              "contenders": [dataclasses.asdict(one) for one in contenders]}
    for one in result["contenders"]:
        del one["path"]  # of this machine
        print(f"  {one['name']:24} {one['version']}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="wsflow-bench.") as root:
        os.chmod(root, 0o755)
        certificate = proxies.make_certificate(root)
        with Origin(TOOLS, certificate) as origin:

            def start(contender):
                return proxies.start(contender, root, origin.ports, certificate, TOOLS)

            result["work"] = measure_work(contenders, names, start, args)
            result["idle"] = measure_idle(contenders, start, args)
    return result


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--module", type=os.path.abspath, default=MODULE)
    parser.add_argument("--before", type=os.path.abspath, help="another build of the module, measured beside it")
    parser.add_argument("--nginx", action="append", default=[], metavar="PATH", help="another nginx; may be given again")
    parser.add_argument("--haproxy", action="append", default=[], metavar="PATH", help="another HAProxy; likewise")
    parser.add_argument("--proxies", help="comma-separated families or names (default: all there are): "
                        + ",".join(proxies.LABELS))
    parser.add_argument("--work", default=",".join(WORK), help="comma-separated, or none: %(default)s")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2, help="of one measurement")
    parser.add_argument("--tunnels", type=int, default=9000, help="idle tunnels, 0: no idle part")
    parser.add_argument("--idle-seconds", type=int, default=10)
    parser.add_argument("--quick", action="store_true", help="one short round, few tunnels: whether it works")
    parser.add_argument("--json", help="also write all numbers to this file")
    parser.add_argument("--from", dest="source", metavar="JSON", help="measure nothing, take the numbers of this file")
    parser.add_argument("--write-docs", action="store_true", help="put tables and picture into docs/")
    args = parser.parse_args()
    if args.quick:
        args.rounds, args.seconds, args.idle_seconds, args.tunnels = 1, 1, 1, min(args.tunnels, 1000)
    return args


def main():
    args = arguments()
    if args.source:
        with open(args.source, encoding="utf-8") as file:
            data = json.load(file)
    else:
        data = measure_all(args)
    if args.json and not args.source:
        with open(args.json, "w", encoding="utf-8") as out:
            json.dump(data, out, indent=1)
    result = report.Result(data)
    parts = {"machine": page.paragraph(report.machine(result)), "comparison": report.comparison(result),
             "reading": page.bullets(report.sentences(result))}
    if data["idle"]:
        parts["idle"] = report.idle_table(result)
    print("\n\n".join(parts.values()))
    if args.write_docs:
        page.write(parts)
        with open(page.PICTURE, "w", encoding="utf-8") as out:
            out.write(picture.draw(result))


if __name__ == "__main__":
    main()

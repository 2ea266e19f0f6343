#!/usr/bin/python3
"""What presence costs: CPU of httpd for a tunnel that is opened and closed, with and without, and the memory of keys online.

docs/testing.md has the numbers. Examples, after `cmake --build --preset release`:
    t/cluster/cost.py
    t/cluster/cost.py --keys 4000 --store sqlite3
"""
import argparse
import json
import pathlib
import resource
import statistics
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parents[1]
sys.path[1:1] = [str(HERE.parent / folder) for folder in ("httpd/support", "stores/support", "soak", "bench")]
sys.dont_write_bytecode = True

import place as places  # noqa: E402
import processes  # noqa: E402
import procfs  # noqa: E402
from node import STORE  # noqa: E402
from presence import store_module  # noqa: E402
from programs import Origin, Peer  # noqa: E402
from server import Httpd  # noqa: E402
from tls import Certificates  # noqa: E402

COUNTED = "WSFlowPresence key=%{HTTP:X-User} grace=0"


class Churn(Peer):
    """churn.py: "go COUNT" opens and closes so many tunnels, "hold COUNT" keeps them open."""

    def __init__(self, site):
        super().__init__(sys.executable, "-B", HERE / "churn.py", site.host, site.http_port)

    def tell(self, words):
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        return json.loads(self.line())


def start(certs, origin, place, module, counted):
    """httpd with one child; where nobody is counted, it has the store too."""
    store = STORE.format(module=store_module(module), driver=place.driver, parameters=place.parameters, lease=10)
    route = f'WSFlowPass /plain "ws://127.0.0.1:{origin.port}/"'
    site = Httpd(certs, f"{COUNTED if counted else ''}\n{route}", threads=25, module=module,
                 main=f"{store}AsyncRequestWorkerFactor 64\nListenBacklog 4096\nLogLevel warn\n")
    conf = site.root / "httpd.conf"
    conf.write_text(conf.read_text().replace("CustomLog", "#CustomLog"))
    return site.start()


def used(site):
    """CPU of the processes that there are."""
    return procfs.cpu_seconds(processes.group_members(site.pid))


def cpu(sites, options):
    """In pairs, one without and one with, each first in turn. Microseconds for a tunnel."""
    churns = {name: Churn(site) for name, site in sites.items()}
    rounds = {name: [] for name in sites}
    try:
        for number in range(options.rounds + 1):
            for name in sorted(sites, reverse=number % 2 == 0):
                procfs.settle(sites[name].pid)
                before = used(sites[name])
                churns[name].tell(f"go {options.tunnels}")
                procfs.settle(sites[name].pid)  # what the writer does with it belongs to it
                if number:  # the first round is for what is made once
                    rounds[name].append(1e6 * (used(sites[name]) - before) / options.tunnels)
            if number:
                print(f"  round {number}: " + ", ".join(f"{name} {rounds[name][-1]:.1f} us" for name in sites), file=sys.stderr)
    finally:
        for churn in churns.values():
            churn.stop()
    return rounds


def memory(site, keys):
    """Bytes of the child before and after so many tunnels, of one key each."""
    churn = Churn(site)
    try:
        churn.tell("go 500")  # what is made once
        pids = procfs.settle(site.pid)
        before = procfs.pss_bytes(pids)
        churn.tell(f"hold {keys}")
        return procfs.pss_bytes(procfs.settle(site.pid)) - before
    finally:
        churn.stop()


def measure(options, root):
    certs = Certificates(root / "tls")
    place = places.PLACES[options.store]()
    origin = Origin(options.tools, certs)
    sites = {}
    try:
        for name, counted in (("without", False), ("with", True)):
            sites[name] = start(certs, origin, place, options.module, counted)
        rounds = cpu(sites, options)
        more = statistics.median(one - two for one, two in zip(rounds["with"], rounds["without"]))
        result = {"without_us": statistics.median(rounds["without"]), "with_us": statistics.median(rounds["with"]),
                  "more_us": more}
        grown = {name: memory(site, options.keys) for name, site in sites.items()}
        result["bytes_per_key"] = (grown["with"] - grown["without"]) / options.keys
        result["bytes_per_tunnel"] = grown["without"] / options.keys
        return result
    finally:
        for site in sites.values():
            site.stop()
            site.remove()
        origin.stop()
        place.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--module", type=pathlib.Path, default=TREE / "build/release/mod_wsflow.so")
    parser.add_argument("--tools", type=pathlib.Path, default=TREE / "build/release/t/soak", help="where the origin is")
    parser.add_argument("--store", choices=sorted(places.PLACES), default="pgsql")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--tunnels", type=int, default=2000, help="of one measurement")
    parser.add_argument("--keys", type=int, default=4000, help="online at a time")
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="wsflow-cluster-") as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        result = measure(options, root)
    print("CPU of httpd for a tunnel that is opened and closed: {without_us:.1f} us, with presence {with_us:.1f} us, "
          "{more_us:+.1f} us by pairs\nmemory of a key online {bytes_per_key:.0f} bytes, beside {bytes_per_tunnel:.0f} of its "
          "tunnel; 100,000 keys {mb:.1f} MB".format(**result, mb=result["bytes_per_key"] / 10))


if __name__ == "__main__":
    main()

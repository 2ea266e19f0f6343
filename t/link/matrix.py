#!/usr/bin/python3
"""Tunnels over bad links: whether every byte arrives, nobody healthy is cut, and the dead are found in time.

docs/testing.md says what it is for. It prints a line for each tunnel and ends with 1 if a promise was broken. Needs root.
Examples, after `cmake --build --preset release`:
    t/link/matrix.py
    t/link/matrix.py --only 'outage|MTU' --congestion cubic
"""

import argparse
import concurrent.futures
import pathlib
import re
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "httpd" / "support"))
sys.dont_write_bytecode = True

import link as links  # noqa: E402
from cases import CASES  # noqa: E402
from network import own_network  # noqa: E402
from play import Failure, Play  # noqa: E402
from server import Httpd  # noqa: E402
from tls import Certificates  # noqa: E402

CONGESTION = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control")


def judge(play, site):
    """Whether all was as promised; prints what became of the tunnel."""
    try:
        taken, outcome = play.run(site, lambda play: outcome_of(play, site))
        kept, said = True, f"{taken:5.1f} s, {outcome}"
    except (Failure, AssertionError, OSError) as reason:
        kept, said = False, str(reason)
    print(f"{'kept  ' if kept else 'BROKEN'}  {play.name():<58}  {said}", flush=True)
    return kept


def outcome_of(play, site):
    """From the tunnel log, which has the line when both connections are closed."""
    log = site.root / "tunnels.log"
    end = time.monotonic() + 70
    while time.monotonic() < end:
        found = re.search(rf"^/{play.number} (\S+)$", log.read_text() if log.exists() else "", re.M)
        if found:
            return found[1]
        time.sleep(0.1)
    return "still open"


def run(options, root):
    certs = Certificates(root / "tls")
    plays = [(case, direction, tls) for case in CASES for tls in (False, True) for direction in case.directions]
    # Number 0 keeps the server's address alive.
    plays = [Play(*play, number, certs) for number, play in enumerate(plays, 1)]
    plays = [play for play in plays if re.search(options.only, play.name())]
    if not plays:
        sys.exit("no such case")
    with links.Link():
        site = Httpd(certs, "\n".join(play.configuration() for play in plays), module=options.module, host=links.SERVER,
                     main='WSFlowLog "tunnels.log" "%U %{outcome}w"\nLogLevel wsflow:info')
        site.start()
        try:
            with concurrent.futures.ThreadPoolExecutor(options.jobs) as threads:
                kept = list(threads.map(lambda play: judge(play, site), plays))
        finally:
            site.stop()
        complaints = site.verdict()
        site.remove()
    if complaints:
        print("httpd's log:", *complaints, sep="\n")
    print(f"{sum(kept)} of {len(kept)} kept")
    return all(kept) and not complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--module", type=pathlib.Path, default=TREE / "build/release/mod_wsflow.so")
    parser.add_argument("--only", default="", help="a regular expression that names of cases match")
    parser.add_argument("--jobs", type=int, default=24, help="tunnels at a time")
    parser.add_argument("--congestion", help="TCP's congestion control instead of the system's")
    options = parser.parse_args()
    if reason := links.why_unavailable():
        sys.exit(reason)
    with own_network(), tempfile.TemporaryDirectory(prefix="wsflow-matrix-") as folder:
        if options.congestion:
            CONGESTION.write_text(options.congestion)
        print(f"congestion control: {CONGESTION.read_text().strip()}")
        root = pathlib.Path(folder)
        root.chmod(0o755)
        if not run(options, root):
            sys.exit(1)


if __name__ == "__main__":
    main()

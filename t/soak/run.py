#!/usr/bin/python3
"""Holds tunnels through reloads, recycled and culled children, crashes and a stop, and says whether any promise broke.

docs/reloads.md says what it proves. Examples, after `cmake --build --preset release`:
    t/soak/run.py
    t/soak/run.py --stock
"""
import argparse
import pathlib
import re
import resource
import sys
import tempfile
import time
from collections import Counter

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "httpd" / "support"))
sys.dont_write_bytecode = True

import phases  # noqa: E402
import stock  # noqa: E402
from error_log import is_warning_of_others  # noqa: E402
from load import Broken, Load  # noqa: E402
from programs import Client, Origin  # noqa: E402
from site_under_test import Site, StockSite, session_members  # noqa: E402
import processes  # noqa: E402
from tls import Certificates  # noqa: E402
from wait import seconds, wait_until  # noqa: E402
from watch import Watch  # noqa: E402

PERIOD_MS = 100  # from one echo to the next message
GAP_MS = 250  # with what the tunnels beside the site show to be the machine's taken off
SLOT_S = 2  # a child that stops leaves its slot
PAGE_S = 2


class Run:
    def __init__(self, options, site, client):
        self.options, self.site, self.client = options, site, client
        self.load = Load(site, client)
        self.watch = Watch(site)
        self.traces = None
        self._notes = []
        self._lost = 0
        self._pause_ms = 0

    def allow_gap(self, duration):
        """In this phase the tunnels of a process stand still for DURATION seconds."""
        self._pause_ms = 1000 * duration

    def note(self, what):
        """Remembers when something was done, to name it beside a gap."""
        self._notes.append((time.monotonic(), what))

    def after(self, moment):
        before = [(when, what) for when, what in self._notes if when <= moment]
        return f"{moment - before[-1][0]:.2f} s after {before[-1][1]}" if before else "at the beginning"

    def expect_all(self):
        self.site.status.wait_active(self.load.count)
        self.watch.expect(self.load.count, self.load.count)

    def lose(self, count):
        """COUNT tunnels are about to be killed."""
        self.watch.expect(self.load.count - count, self.load.count)
        self.load.count -= count
        self._lost += count

    def stay(self, until):
        """Holds the tunnels until then; a broken promise ends it."""
        while True:
            self.check_tunnels()
            left = until - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 0.2))

    def check_tunnels(self):
        ends = self.load.ends()
        if sum(ends.values()) > self._lost or set(ends) - {"end"}:
            saw = self._notes[-1][1] if self._notes else "nothing"
            raise Broken(f"{sum(ends.values()) - self._lost} tunnels ended that should not have ({ends}), after {saw}")

    def phase(self, title, do):
        """Does one phase, judges what was seen in it, and prints one line."""
        self.watch.take()
        self.client.reset()
        self._pause_ms = 0
        start = time.monotonic()
        done = do(self)
        if self.load.count:
            self.judge_idle()
            self.check_tunnels()
        watched = self.watch.take()
        numbers = f", {self.judge(watched)}" if watched["pages"] else ""
        print(f"{title}: {done}; {time.monotonic() - start:.1f} s{numbers}", flush=True)

    def judge_idle(self):
        silent = self.client.probe(10)
        if silent:
            raise Broken(f"{silent} idle tunnels do not echo")

    def judge(self, watched):
        seen = self.load.seen()
        machine = max(seen.direct_gap_ms - PERIOD_MS, 0)
        for what, gap, moment in (("two echoes", seen.gap_ms, seen.gap_at),
                                  ("two pieces of a long message", seen.bulk_gap_ms, seen.bulk_gap_at)):
            if gap - machine > seconds(GAP_MS) + self._pause_ms:
                raise Broken(f"{gap:.0f} ms between {what}, {self.after(moment)}, and {seen.direct_gap_ms:.0f} ms "
                             f"beside the site ({seen.late} echoes came later than {GAP_MS} ms)")
        if watched["unanswered"]:
            raise Broken(f"{len(watched['unanswered'])} requests failed: {watched['unanswered'][:3]}")
        if watched["page_ms"] > 1000 * seconds(PAGE_S):
            raise Broken(f"an ordinary page took {watched['page_ms']:.0f} ms, {self.after(watched['page_at'])}")
        if watched["wrong_counts"]:
            raise Broken(f"{len(watched['wrong_counts'])} of {watched['samples']} samples of the status count wrong: "
                         f"{watched['wrong_counts'][:3]}")
        if watched["stopping_s"] > seconds(SLOT_S):
            raise Broken(f"a child that stops held its slot for {watched['stopping_s']:.1f} s")
        return (f"longest gap {seen.gap_ms:.0f} ms (bulk {seen.bulk_gap_ms:.0f}, direct {seen.direct_gap_ms:.0f}), "
                f"{seen.echoes} echoes, {seen.bulk_messages} long messages, {watched['pages']} pages in "
                f"{watched['page_ms']:.0f} ms at most, slots stopping {watched['stopping']} for "
                f"{watched['stopping_s']:.1f} s, G {watched['graceful_workers']}, {watched['samples']} counts exact, "
                f"{watched['keepers']} keepers")

    def more_traces(self):
        """What there is more of than before the tunnels, or else."""
        now = self.site.traces()
        return {name: f"{now[name]} instead of {was}" for name, was in self.traces.items()
                if (now[name] > was if isinstance(was, int) else now[name] != was)}

    def at_rest(self):
        """The traces, when two looks at them are the same."""
        first = self.site.traces()
        time.sleep(0.2)
        return first if self.site.traces() == first else None

    @staticmethod
    def survivors(group):
        return sorted(set(processes.group_members(group)) | set(session_members(group)))

    def warm_up(self):
        """What httpd makes once is made; then its traces are taken."""
        self.load.open_direct()
        self.load.open(64)
        self.load.close_all()
        self.site.reload()
        self.site.status.wait_active(0)
        self.traces = wait_until(self.at_rest, "httpd rests", 10)

    def open_all(self):
        start = time.monotonic()
        self.watch.expect(0, self.options.tunnels + 2)
        missing = self.load.open(self.options.tunnels) + self.load.open_bulk()
        if missing:
            raise Broken(f"{missing} tunnels could not be opened")
        self.expect_all()
        print(f"0 open: {self.load.count} tunnels in {time.monotonic() - start:.1f} s", flush=True)

    def all_phases(self):
        self.warm_up()
        with self.watch:
            self.open_all()
            self.phase("1 reloads", phases.reloads)
            self.phase("2 recycling", phases.recycling)
            self.phase("3 culling", phases.culling)
            self.phase("4 crashes", phases.crashes)
            self.phase("5 pauses", phases.pauses)
            self.phase("6 all closed", phases.all_closed)
        self.phase("7 stop", phases.stop)


def warnings(site):
    """Other modules' warnings: a keeper must not call what belongs to a child."""
    found = Counter(re.sub(r"\[[^]]*\] ", "", line) for line in site.log.lines() if is_warning_of_others(line))
    return [f"{count} x {text}" for text, count in found.most_common(10)]


def run(options, root):
    certs = Certificates(root / "tls")
    origin = Origin(options.tools, certs)
    client = Client(options.tools, period_ms=PERIOD_MS, limit_ms=int(seconds(GAP_MS)), bulk=options.bulk)
    site = (StockSite if options.stock else Site)(certs, origin, options.module)
    reason = None
    try:
        site.start()
        if options.stock:
            stock.measure(options, site, client)
        else:
            site.log.allow("AH00052.*Killed", "WSF0082")  # the crashes and the culling that we ask for
            Run(options, site, client).all_phases()
            reason = "\n".join(site.verdict() + warnings(site))
    except (Broken, AssertionError) as error:
        reason = str(error)
    finally:
        said = origin.said() + client.said()
        client.stop()
        origin.stop()
        if reason and site.log.text():
            print("--- the last lines of the error log\n" + "\n".join(
                site.log.lines(r":(?:warn|error|crit|alert|emerg)\]|exit signal")[-20:]), file=sys.stderr)
        try:
            site.stop()
        except AssertionError as error:
            reason = reason or str(error)
        site.remove()
    if said:
        reason = f"{reason or ''}\n{said[:2000]}"
    return reason


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--module", type=pathlib.Path, default=TREE / "build/release/mod_wsflow.so")
    parser.add_argument("--tools", type=pathlib.Path, default=TREE / "build/release/t/soak", help="where the peers are")
    parser.add_argument("--tunnels", type=int, default=2000)
    parser.add_argument("--reloads", type=int, default=20)
    parser.add_argument("--pause", type=float, default=2, help="seconds from one reload to the next")
    parser.add_argument("--bulk", type=int, default=50_000_000, help="bytes of a long message")
    parser.add_argument("--stock", action="store_true", help="mod_proxy_http instead, as many tunnels as it can hold")
    return parser.parse_args()


def main():
    options = arguments()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="wsflow-soak-") as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        reason = run(options, root)
    if reason:
        sys.exit(f"BROKEN: {reason}")
    print(f"kept, {time.monotonic() - start:.0f} s" if not options.stock else f"{time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()

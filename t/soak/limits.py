#!/usr/bin/python3
"""A storm on a limited section through four children, with reloads and kills: never more than its permits inside.

docs/flow-control.md says what it proves. Example, after `cmake --build --preset release`:
    t/soak/limits.py --clients 500 --seconds 30
"""
import argparse
import json
import os
import pathlib
import random
import re
import signal
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "httpd" / "support"))
sys.dont_write_bytecode = True

import processes  # noqa: E402
from programs import Peer  # noqa: E402
from server import Httpd  # noqa: E402
from slow_origin import SlowOrigin  # noqa: E402
from tls import Certificates  # noqa: E402
from wait import seconds, wait_until  # noqa: E402

PERMITS = 20
TOLERANCE_S = 0.2
# A child that is killed takes the answers of its clients along, and they know at once.
CUT_S = 1

CONF = """\
<LocationMatch "^/(http|ws)">
  WSFlowLimit inside concurrency={permits} queue={queue} acquire={acquire}ms
</LocationMatch>
ProxyPass /http "{http}" disablereuse=on retry=0
WSFlowPass /ws "{ws}"
"""
# Time from the request's first line to its last word (of a handshake: to the 101), status, query.
MAIN = """\
AsyncRequestWorkerFactor 16
CustomLog "storm.log" "%D %s %q"
"""
_LINE = re.compile(r"(\d+) (200|101|503) (?:\?ms=(\d+))?$", re.M)


class Storm:
    def __init__(self, site, origin, acquire_ms):
        self._site, self._origin, self._acquire_ms = site, origin, acquire_ms
        self._kills = []

    def limit(self):
        (limit,) = [limit for limit in self._site.status.json()["limits"] if limit["name"] == "inside"]
        return limit

    def blow(self, duration, pause):
        """Reloads and kills in turn; after some reloads a keeper is killed, too."""
        end = time.monotonic() + duration
        turns = 0
        while time.monotonic() + pause < end:
            time.sleep(pause)  # the time for clients to come and go between two blows
            turns += 1
            if turns % 2:
                self._site.graceful()
            elif turns % 4:
                self._kill(random.choice(self._site.children()))
            else:
                keepers = set(processes.group_members(self._site.pid)) - {self._site.pid, *self._site.children()}
                self._kill(random.choice(sorted(keepers) or self._site.children()))
        time.sleep(max(end - time.monotonic(), 0))
        return turns

    def _kill(self, pid):
        self._kills.append(time.monotonic())
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # a child or keeper that has ended meanwhile

    def check(self, told, seen):
        for what, wrong in (("more than the permits were inside", seen["peak"] > PERMITS),
                            ("the permits were never all used", seen["peak"] < PERMITS),
                            ("answers were wrong", told["wrong"]),
                            ("somebody waited too long", told["unexplained"]),
                            ("nobody was refused or nobody waited", not told["refused"] or not told["waited"]),
                            ("connections were cut although nobody was killed", self._unkilled(told["cuts"]))):
            if wrong:
                raise AssertionError(f"{what}: {json.dumps(told)}, at the origin {seen['peak']} at "
                                     f"{seen['peak_at']:.2f}, kills at {self._kills}")

    def longest_waits(self, told):
        """Of the admitted and of the refused in ms, by httpd's own log: from when it had the request."""
        waits = {True: 0.0, False: 0.0}
        for took, status, ms in _LINE.findall((self._site.root / "storm.log").read_text()):
            admitted = status != "503"
            waits[admitted] = max(waits[admitted], int(took) / 1000 - (int(ms or 0) if admitted else 0))
        if max(waits.values()) > self._acquire_ms + 1000 * seconds(TOLERANCE_S) + told["lag_ms"]:
            raise AssertionError(f"somebody waited too long: {waits} ms, and this machine makes wait {told['lag_ms']:.0f}")
        return waits[True], waits[False]

    def _unkilled(self, cuts):
        return [cut for cut in cuts if not any(kill <= cut + 0.1 and cut < kill + seconds(CUT_S) for kill in self._kills)]

    def check_rest(self):
        """Nothing is left, and each permit can be had."""
        def at_rest():
            limit = self.limit()
            return limit["in_use"] == 0 and limit["waiting"] == 0
        wait_until(at_rest, "no permit is in use and nobody waits", 10, report=self.limit)
        self._origin.take()
        answers = []
        ends = [threading.Thread(target=lambda: answers.append(self._site.get("/http?ms=500").status))
                for _ in range(PERMITS)]
        for end in ends:
            end.start()
        self._origin.wait_inside(PERMITS)
        for end in ends:
            end.join()
        if answers != [200] * PERMITS:
            raise AssertionError(f"after the storm: {answers}")
        wait_until(at_rest, "no permit is in use after the last requests", 10, report=self.limit)


def run(options, root):
    origin = SlowOrigin()
    site = Httpd(Certificates(root / "tls"), CONF.format(
        permits=PERMITS, queue=options.clients // 4, acquire=options.acquire, http=origin.url("/http"),
        ws=origin.url("/ws", "ws")), main=MAIN, children=4, threads=25, module=options.module)
    # The kills that we ask for, and what httpd and mod_proxy have to say of them.
    site.log.allow("AH00052.*Killed", "AH0004[56]", r"proxy.*AH0\d+", r"\[wsflow:warn\].*limit inside", "WSF003")
    reason = None
    try:
        site.start()
        herd = Peer(sys.executable, "-B", HERE / "limits_herd.py", site.http_port, options.clients, options.acquire)
        storm = Storm(site, origin, options.acquire)
        try:
            turns = storm.blow(options.seconds, options.pause)
            herd.process.stdin.close()
            told = json.loads(herd.line())
        finally:
            reason = herd.said()
            herd.stop()
        storm.check(told, origin.take())
        storm.check_rest()
        admitted_ms, refused_ms = storm.longest_waits(told)
        print(f"{turns} reloads and kills; inside at most {PERMITS}; {told['admitted']} admitted ({told['waited']} of them "
              f"waited, {told['tunnels']} tunnels), {told['refused']} refused, {told['given_up']} given up, "
              f"{len(told['cuts'])} cut by kills; longest wait of the admitted {admitted_ms:.0f} ms, of the refused "
              f"{refused_ms:.0f} ms (acquire={options.acquire}ms), for the clients, who wait for new children too, "
              f"{told['worst_ms']['admitted']:.0f} and {told['worst_ms']['refused']:.0f} ms; {told['pages']} ordinary pages "
              f"in {told['page_ms'][0]:.1f} ms, {told['page_ms'][1]:.0f} ms at most")
        reason = reason or "\n".join(site.verdict())
    except (AssertionError, RuntimeError) as error:
        reason = f"{error}\n{reason or ''}"
    finally:
        if reason:
            print("--- the last lines of the error log\n" + "\n".join(
                site.log.lines(r":(?:warn|error|crit|alert|emerg)\]|exit signal")[-20:]), file=sys.stderr)
        try:
            site.stop()
        except AssertionError as error:
            reason = reason or str(error)
        site.remove()
        origin.close()
    return reason


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--module", type=pathlib.Path, default=TREE / "build/release/mod_wsflow.so")
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--acquire", type=int, default=1000, help="ms")
    parser.add_argument("--pause", type=float, default=1, help="seconds from one reload or kill to the next")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wsflow-limits-") as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        reason = run(options, root)
    if reason:
        sys.exit(f"BROKEN: {reason}")


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""Whether all numbers agree: tunnels with known ends through four children, three reloads and a kill -9; then the JSON,
the metrics, server-status, the tunnel log and the clients' own count must be equal.

docs/operating.md says what it proves. Example, after `cmake --build --preset release`:
    t/soak/agreement.py --tunnels 10000
"""
import argparse
import asyncio
import collections
import os
import pathlib
import random
import re
import resource
import signal
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "httpd" / "support"))
sys.dont_write_bytecode = True

from prometheus_client.parser import text_string_to_metric_families  # noqa: E402

import crowd  # noqa: E402
from server import Httpd  # noqa: E402
from tls import Certificates  # noqa: E402
from wait import wait_until  # noqa: E402

AT_ONCE = 250
HELD = 0.1  # of the tunnels live through all reloads, and until the kill
# What each side sent: bytes, messages, frames.
LOG = '"tunnels.log" "%{id}w %{outcome}w ' + " ".join(
    f"%{{{what}-from-{side}}}w" for side in ("client", "origin") for what in ("bytes", "messages", "frames")) + '"'


class Broken(Exception):
    pass


def expect(what, seen, wanted):
    if seen != wanted:
        raise Broken(f"{what}: {seen} instead of {wanted}")


class Numbers:
    """What one httpd says of its tunnels, in each of its ways."""

    def __init__(self, site):
        self._site = site

    def json(self):
        told = self._site.status.json("&count=0")
        return {"opened": told["tunnels"]["total"], "active": told["tunnels"]["active"],
                "ended": {key: value for key, value in told["tunnels"]["ended"].items() if value},
                "refused": {key: value for key, value in told["tunnels"]["refused_by"].items() if value},
                "bytes": [told["relayed"][way]["bytes"] for way in ("client_to_origin", "origin_to_client")]}

    def metrics(self):
        result = {"ended": {}, "refused": {}, "bytes": [0, 0]}
        for family in text_string_to_metric_families(self._site.get("/wsflow-status?metrics").text):
            for sample in family.samples:
                value, labels = int(sample.value) if sample.value.is_integer() else sample.value, sample.labels
                if sample.name == "wsflow_tunnels_active":
                    result["active"] = result.get("active", 0) + value
                elif sample.name == "wsflow_tunnels_total" and value:
                    result["ended"][labels["outcome"]] = value
                elif sample.name == "wsflow_handshakes_total" and labels["result"] == "upgraded":
                    result["opened"] = value
                elif sample.name == "wsflow_handshakes_total" and value:
                    result["refused"][labels["result"]] = value
                elif sample.name == "wsflow_relayed_bytes_total":
                    result["bytes"][labels["direction"] == "origin_to_client"] = value
        return result

    def lines(self, page):
        """Of `?auto` lines, whose names have no dashes."""
        told = dict(re.findall(r"^WSFlow(\w+): (\d+)$", self._site.get(page).text, re.M))

        def by(prefix):
            return {_dashed(key[len(prefix):]): int(value) for key, value in told.items()
                    if key.startswith(prefix) and key != prefix and int(value)}
        return {"opened": int(told["TunnelsTotal"]), "active": int(told["TunnelsActive"]), "ended": by("Ended"),
                "refused": by("Refused"), "bytes": [int(told[f"Bytes{way}"]) for way in ("ClientToOrigin", "OriginToClient")]}

    def log(self):
        """Ended tunnels by outcome, and of those that were not lost what they passed."""
        ids, ended, passed = set(), collections.Counter(), [0] * 6
        for line in (self._site.root / "tunnels.log").read_text().splitlines():
            tunnel, outcome, *counts = line.split()
            if tunnel in ids:
                raise Broken(f"tunnel {tunnel} has two lines")
            ids.add(tunnel)
            ended[outcome] += 1
            if outcome != "process-lost":
                passed = [sum(pair) for pair in zip(passed, map(int, counts))]
        return dict(ended), passed


def _dashed(camel):
    return re.sub(r"(?<!^)([A-Z])", r"-\1", camel).lower()


async def load(people, count):
    kinds = list(crowd.OUTCOMES)
    tasks = [people.live("hold") for _ in range(int(count * HELD))]
    tasks += [people.live(kinds[i % len(kinds)]) for i in range(count - len(tasks))]
    refusals = [people.refuse(kind) for kind in crowd.REFUSALS for _ in range(max(count // 100, 3))]
    random.shuffle(tasks)
    await people.all(tasks + refusals, AT_ONCE)


def wanted_of(people):
    ended = collections.Counter()
    for kind, count in people.ended.items():
        ended[crowd.OUTCOMES[kind]] += count
    if people.cut:
        ended["process-lost"] += people.cut
    return {"opened": people.opened, "active": 0, "ended": dict(ended),
            "refused": {crowd.REFUSALS.get(kind, kind): count for kind, count in people.refused.items()}}


def check(site, people):
    """At rest: everything is equal."""
    numbers = Numbers(site)
    wanted = wanted_of(people)
    expect("tunnels that behaved strangely", dict(+people.strange), {})

    def rests():
        now = numbers.json()
        return now["active"] == 0 and sum(now["ended"].values()) == people.opened
    wait_until(rests, "all tunnels have ended", 20, report=numbers.json)
    json = numbers.json()
    expect("the JSON against the clients", {key: json[key] for key in wanted}, wanted)
    expect("the metrics against the JSON", numbers.metrics(), json)
    expect("?auto against the JSON", numbers.lines("/wsflow-status?auto"), json)
    expect("server-status against the JSON", numbers.lines("/server-status?auto"), json)
    wait_until(lambda: sum(numbers.log()[0].values()) == people.opened, "the log has a line for each tunnel", 10,
               report=lambda: (numbers.log()[0], wanted["ended"]))
    ended, passed = numbers.log()
    expect("the tunnel log against the JSON", ended, json["ended"])
    told = site.status.json("&count=0")
    if not people.cut:
        ways = [told["relayed"][way] for way in ("client_to_origin", "origin_to_client")]
        expect("bytes, messages and frames of the tunnel log against the JSON", passed,
               [count for way in ways for count in (way["bytes"], way["messages"], sum(way["frames"].values()))])
    routes = told["routes"]
    expect("the routes against the JSON", sum(route["opened"] for route in routes), json["opened"])


async def run_on(options, site, people):
    loop = asyncio.get_running_loop()

    def aside(do, *arguments):
        return loop.run_in_executor(None, do, *arguments)

    each = options.tunnels // 4
    for part in range(4):
        await load(people, each)
        if part < 3:
            await aside(site.graceful)
        if part == 1:
            await people.release()
            await aside(check, site, people)
            print(f"after {people.opened} tunnels and two reloads all is equal", flush=True)
    # Ends that are under way would be counted to the victim.
    await aside(wait_until, lambda: site.status.active() == people.held(), "only those are left that are held", 20)
    victim = max((process for process in site.status.json("&count=0")["processes"] if process["kind"] == "child"),
                 key=lambda process: process["tunnels_active"])
    if not victim["tunnels_active"]:
        raise Broken("no child holds a tunnel")
    os.kill(victim["pid"], signal.SIGKILL)
    await people.release()
    expect("tunnels that were cut", people.cut, victim["tunnels_active"])
    await aside(check, site, people)


def run(options, root):
    people = None

    async def whole():
        nonlocal people
        origin = await asyncio.start_server(crowd.serve, "127.0.0.1", 0, backlog=1024)
        port = origin.sockets[0].getsockname()[1]
        site = Httpd(Certificates(root / "tls"), f"WSFlowPass /ws/ ws://127.0.0.1:{port}/", children=4, threads=25,
                     main=f"ListenBacklog 1024\nAsyncRequestWorkerFactor 64\nWSFlowLog {LOG}\nLogLevel wsflow:info", module=options.module)
        site.log.allow("AH00052.*Killed", "WSF007", "WSF003", r"proxy.*AH0\d+")
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(None, site.start)
            people = crowd.Crowd(site.http_port)
            await run_on(options, site, people)
            return "\n".join(site.verdict())
        except (AssertionError, Broken) as broken:
            print("--- the last lines of the error log\n" + "\n".join(site.log.text().splitlines()[-20:]), file=sys.stderr)
            return str(broken)
        finally:
            origin.close()
            await loop.run_in_executor(None, site.stop)
            site.remove()

    start = time.monotonic()
    reason = asyncio.run(whole())
    if not reason:
        print(f"{people.opened} tunnels and {sum(people.refused.values())} refusals in {time.monotonic() - start:.0f} s: "
              f"{dict(people.ended)}, {people.cut} lost with their process; JSON, metrics, ?auto, server-status, log and "
              "clients agree")
    return reason


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--module", type=pathlib.Path, default=TREE / "build/release/mod_wsflow.so")
    parser.add_argument("--tunnels", type=int, default=10_000)
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="wsflow-agreement-") as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        reason = run(options, root)
    if reason:
        sys.exit(f"BROKEN: {reason}")


if __name__ == "__main__":
    main()

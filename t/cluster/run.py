#!/usr/bin/python3
"""Users come and go over several nodes while these are reloaded, killed and stopped and the database goes away; says
whether the sessions in the database, and the events that were told, are what the users did.

docs/testing.md says what it proves. Examples, after `cmake --build --preset release`:
    t/cluster/run.py
    t/cluster/run.py --store sqlite3
    t/cluster/run.py --seconds 20 --users 60 --rate 20 --lease 3 --reloads 1
"""
import argparse
import json
import pathlib
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parents[1]
sys.path[1:1] = [str(HERE.parent / folder) for folder in ("httpd/support", "stores/support", "soak", "bench")]
sys.dont_write_bytecode = True

import place as places  # noqa: E402
import truth  # noqa: E402
from crowd import Crowd, open_by_key  # noqa: E402
from node import Node  # noqa: E402
from programs import Origin  # noqa: E402
from shared_limit import SharedLimit, can_share  # noqa: E402
from stream import Stream  # noqa: E402
from tls import Certificates  # noqa: E402
from wait import seconds, wait_until  # noqa: E402

SECOND = truth.SECOND
TOLERANCE_S = 1
DOWN_S = 2  # of a killed node


class Run:
    def __init__(self, options, place, nodes, crowd, shared):
        self._options, self._place, self._nodes, self._crowd, self._shared = options, place, nodes, crowd, shared
        self._up = {node.number for node in nodes}
        self._reloaded, self._killed, self._paused = random.Random(options.seed).choices(nodes, k=3) \
            if len(nodes) < 3 else random.Random(options.seed).sample(nodes, 3)
        self.faults = truth.Faults([], [], int(options.lease * SECOND), int(options.grace * SECOND))
        self._paused_at = 0
        self.result = {"driver": place.driver, "nodes": len(nodes), "users": options.users, "seed": options.seed,
                       "seconds": options.seconds}
        self.differences = []
        self._lag = 0.0
        self._stopped = False

    # What happens, and when
    def plan(self):
        """(second, what, how) in order."""
        span, options = self._options.seconds, self._options
        events = [(span * (number + 1) / (options.reloads + 1), f"{self._reloaded.name} is reloaded", self._reload)
                  for number in range(options.reloads)]
        for begin, length, names, do, undo in (
                (0.2, DOWN_S, (f"{self._killed.name} is killed", "is started"), self._kill, self._start),
                (0.35, span / 6, (f"{self._place.driver} is stopped", "is started"), self._stop_store, self._start_store),
                (0.54, 1.5 * options.lease, (f"{self._paused.name} is paused", "goes on"), self._pause, self._go_on),
                (0.8, span / 6, ("redis is stopped", "is started, empty"), self._stop_redis, self._start_redis)):
            if do == self._stop_redis and not self._shared:
                continue
            events += [(begin * span, names[0], do), (begin * span + length, names[1], undo)]
        return sorted(events, key=lambda event: event[0])

    def _use(self, number, up):
        (self._up.add if up else self._up.discard)(number)
        self._crowd.use(self._up)
        if self._shared:
            self._shared.use(self._up)

    def _reload(self):
        if self._reloaded.number in self._up:
            self.faults.reloads.append((self._reloaded.number, truth.now()))
            self._reloaded.hang_up()

    def _kill(self):
        self._use(self._killed.number, False)
        self.faults.kills.append((self._killed.number, *self._killed.kill()))

    def _start(self):
        self._killed.start_again()
        self._use(self._killed.number, True)

    def _pause(self):
        self._use(self._paused.number, False)
        if self._shared:
            self._shared.pause()
        self._paused_at = self._paused.pause()

    def _go_on(self):
        self.faults.pauses.append((self._paused.number, self._paused_at, self._paused.go_on()))
        self._use(self._paused.number, True)
        if self._shared:
            self._shared.pause_is_over(self._paused)

    def _stop_store(self):
        self._place.stop()
        self._stopped = True

    def _start_store(self):
        self._place.start()
        self._stopped = False

    def _stop_redis(self):
        self._shared.redis.stop()

    def _start_redis(self):
        self._shared.redis.start()

    def load(self):
        self._use(0, True)
        begin = time.monotonic()
        for second, what, do in self.plan():
            self._watch(begin + min(second, self._options.seconds))
            do()
            print(f"{time.monotonic() - begin:6.1f} s  {what}", flush=True)
        self._watch(begin + self._options.seconds)
        self.result["load_s"] = time.monotonic() - begin

    def _watch(self, until):
        """The load goes on until then."""
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 1))
            if self._shared:
                self._shared.look()
            for node in self._nodes:
                if node.number in self._up:
                    node.sample_cpu()
                    if not self._stopped:
                        self._lag = max(self._lag, node.told()["lag_s"])

    # What is true afterwards
    def settle(self):
        """All rest: the open sessions are those of the open sockets. Then all leave, and nobody is online."""
        if self._shared:
            wrong, self.result["shared_limit"] = self._shared.judge(self._nodes)
            self.differences += wrong
        count, refused, failed = self._crowd.rest()
        if refused:
            self.differences.append(f"handshakes were refused: {refused}")
        self.result.update(failed_connections=failed, open_at_the_end=count)
        wanted = open_by_key(truth.read(self._crowd.files, self.faults)[0])
        self.result["agree_after_s"] = self._agree("the open sessions are those of the open sockets", wanted)
        self._crowd.close()
        self.result["all_left_after_s"] = self._agree("nobody is online", {})
        wait_until(lambda: places.counts(self._place)[2] == 0, "all events are told", 20,
                   report=lambda: places.counts(self._place))

    def _agree(self, what, wanted):
        begin = time.monotonic()

        def odd():
            found = places.open_sockets(self._place)
            return sorted((key, wanted.get(key), found.get(key)) for key in wanted.keys() | found.keys()
                          if wanted.get(key) != found.get(key))
        try:
            wait_until(lambda: not odd(), what, self._options.lease + self._options.grace + 5, pause=0.1)
        except AssertionError:
            if left := odd():
                self.differences.append(f"not within a lease: {what}; {len(left)} keys, sockets as they are and in the "
                                        f"database: {left[:20]}")
        return time.monotonic() - begin

    def compare(self):
        sockets, lost, cut = truth.read(self._crowd.files, self.faults)
        sessions = places.sessions(self._place)
        self.differences += [f"a socket was lost: {line}" for line in lost]
        found = truth.Comparison(sockets, sessions, self.faults.grace, int(seconds(TOLERANCE_S) * SECOND))
        stream = Stream([node.events for node in self._nodes])
        self.differences += found.differences
        if not any(session.ended is None for session in sessions):
            self.differences += stream.compare(sessions, self.faults.lease)
        batches, dropped, _, _ = places.counts(self._place)
        if dropped:
            self.differences.append(f"{dropped} events were dropped")
        self.result["cut_by_reloads"] = cut
        opened = sum(1 for each in sockets.values() for socket in each if socket.certain)
        told = [node.told() for node in self._nodes]
        cpu = sum(node.cpu() for node in self._nodes)
        self.result.update(
            sockets=opened, sessions=found.compared, worst=str(found.worst), error_ms=found.error / 1000,
            killed_error_ms=found.killed_error / 1000, batches=batches,
            events=len(stream.events), doubles=stream.doubles, late=stream.late, longest_lag_s=self._lag,
            failures=sum(each["failures"] for each in told), lost=sum(each["lost"] for each in told),
            httpd_cpu_s=cpu, cpu_us_per_socket=1e6 * cpu / max(opened, 1))
        if not sessions or opened < self._options.rate * self._options.seconds / 4:
            self.differences.append(f"too little was tried: {opened} sockets, {len(sessions)} sessions")

    def end(self):
        """After an orderly stop no process has a lease."""
        for node in self._nodes:
            node.stop()
        if left := places.counts(self._place)[3]:
            self.differences.append(f"{left} processes have a lease after the stop")

    def report(self):
        result = self.result
        print("""\
{sockets} sockets of {users} users on {nodes} nodes in {load_s:.0f} s, {sessions} sessions compared ({driver})
largest error {error_ms:.1f} ms, with a killed node {killed_error_ms:.1f} ms; {open_at_the_end} sockets open at the end,
agreed after {agree_after_s:.1f} s, all had left after {all_left_after_s:.1f} s; {cut_by_reloads} handshakes cut by reloads
{batches} batches, longest lag {longest_lag_s:.1f} s, {failures} failures of the store, {lost} intervals lost
{events} events, {doubles} told twice, {late} leaves told later than they were; CPU of httpd {cpu_us_per_socket:.0f} us for a socket""".format(**result))
        if "shared_limit" in result:
            print("a limit of {limit} for all: {peak} inside at most, {peak_of_pause} while a node was paused; {admitted} were let "
                  "in, {refused} refused".format(**result["shared_limit"]))


def play(options, root):
    """The differences, and the result."""
    certs = Certificates(root / "tls")
    place = places.PLACES[options.store]()
    origin = Origin(options.tools, certs)
    nodes, crowd, run, shared = [], None, None, None
    try:
        if options.limit and can_share(options.module):
            shared = SharedLimit(options)
        nodes += [Node(number, certs, origin, place, options, root, shared) for number in range(options.nodes)]
        for node in nodes:
            node.start()
        crowd = Crowd(root, nodes, options)
        if shared:
            shared.begin(nodes)
        run = Run(options, place, nodes, crowd, shared)
        run.load()
        run.settle()
        run.compare()
        run.end()
        run.report()
        run.differences += [f"{node.name}: {line}" for node in nodes for line in node.verdict()]
        return run.differences, run.result
    except (AssertionError, RuntimeError) as error:
        return [*(run.differences if run else []), str(error)], run.result if run else {}
    finally:
        said = "".join(each.said() for each in (crowd, shared) if each)
        if said:
            print(said[-3000:], file=sys.stderr)
        for each in (crowd, shared, origin):
            if each:
                each.stop()
        for node in nodes:
            node.end()
            if options.keep:
                shutil.copytree(node.root, options.keep / node.name, dirs_exist_ok=True,
                                ignore=shutil.ignore_patterns("*.sock", "cgisock*"))
            node.remove()
        place.close()
        if options.keep:
            for file in root.glob("[ue]*"):
                shutil.copy(file, options.keep)


def build(options):
    if not options.module.exists():
        for command in (["cmake", "--preset", "release"], ["cmake", "--build", "build/release", "-j2", "--target", "mod_wsflow",
                                                           "mod_wsflow_presence", "soakorigin"]):
            subprocess.run(command, check=True, cwd=TREE)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--module", type=pathlib.Path, default=TREE / "build/release/mod_wsflow.so")
    parser.add_argument("--tools", type=pathlib.Path, default=TREE / "build/release/t/soak", help="where the origin is")
    parser.add_argument("--store", choices=sorted(places.PLACES), default="pgsql")
    parser.add_argument("--nodes", type=int, help="3, or 1 with sqlite3")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--users", type=int, default=3000)
    parser.add_argument("--rate", type=float, default=500, help="sockets that are opened in a second, and closed")
    parser.add_argument("--clients", type=int, default=2, help="processes of users")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lease", type=int, default=6)
    parser.add_argument("--grace", type=int, default=1)
    parser.add_argument("--reloads", type=int, default=11)
    parser.add_argument("--limit", type=int, default=100, help="permits that the nodes share through Redis; 0: none")
    parser.add_argument("--keyed", action="store_true", help="with --limit: those are the permits of one key")
    parser.add_argument("--result", type=pathlib.Path, help="a file for the numbers, as JSON")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for logs, events and what the users did")
    options = parser.parse_args()
    options.nodes = options.nodes or (1 if options.store == "sqlite3" else 3)
    return options


def main():
    options = arguments()
    build(options)
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="wsflow-cluster-") as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        differences, result = play(options, root)
    if options.result:
        options.result.write_text(json.dumps({**result, "differences": differences}, indent=1) + "\n")
    if differences:
        sys.exit("\n".join([*differences[:30], f"BROKEN: {len(differences)} differences, seed {options.seed}"]))
    print("kept")


if __name__ == "__main__":
    main()

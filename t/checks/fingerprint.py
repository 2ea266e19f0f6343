#!/usr/bin/python3
"""The fingerprint of the shared segment tells builds apart that would misread each other's memory, and no others."""

import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import tempfile

import tree as base

SOURCE = "mod_wsflow/metrics/segment_fingerprint.cpp"
HEADER = "mod_wsflow/metrics/segment_fingerprint.hpp"
PROGRAM = f'#include <cstdio>\n#include "{HEADER}"\nint main() {{ std::printf("%lx", wsflow::metrics::segment_fingerprint()); }}\n'

CATALOGUE = "mod_wsflow/metrics/catalogue.hpp"
TIMES = "mod_wsflow/metrics/times.hpp"
RATES = "mod_wsflow/metrics/rates.hpp"
OUTCOME = "mod_wsflow/base/outcome.hpp"
LIMIT = "mod_wsflow/limits/limit_definition.hpp"
TABLE = "mod_wsflow/limits/table.hpp"
LAYOUT = "mod_wsflow/shm/layout.hpp"
# What is changed, file, pattern, replacement (of the first match).
CHANGES = [
    ("a counter is put in between", CATALOGUE, r'(    \{"wsflow_not_websocket_total",)',
     r'    {"wsflow_more_total", "", "More.", {}},\n\1'),
    ("a counter has another name", CATALOGUE, r'("wsflow_)log_lines_lost(_total")(.*counter\("wsflow_)log_lines_lost',
     r"\1log_lines_gone\2\3log_lines_gone"),
    ("a histogram keeps no longest time", CATALOGUE, r"kLifetimes,\s*kLongestTunnel", "kLifetimes, 0"),
    ("a bucket has another bound", TIMES, r"kRttBounds\[\] = \{1, 2, 5", "kRttBounds[] = {1, 3, 5"),
    ("a sampled value is put in between", RATES, r"(  limit_refused,)", r"  dropped,\n\1"),
    ("a refusal is put in between", OUTCOME, r"(  expired,)", r"  on_trial,\n\1"),
    ("two outcomes change places", OUTCOME, r"  drained,(.*?)  ordered,", r"  ordered,\1  drained,"),
    ("two reasons of limits change places", LIMIT, r"  queue_full,(.*?)  timeout,", r"  timeout,\1  queue_full,"),
    ("two states of permits change places", TABLE, r"\bwaiting, held\b", "held, waiting"),
    ("two fields change places", LAYOUT, r"> active;(.*?)> active_worker;", r"> active_worker;\1> active;"),
    ("a field has another type", LAYOUT, r"std::atomic<std::uint64_t> max_tunnels", "std::atomic<std::int64_t> max_tunnels"),
    ("an array is longer", LAYOUT, r"kCounterCapacity = 224", "kCounterCapacity = 232"),
    ("a bit means something else", LAYOUT, r"kUser = 8;(.*?)kSlowClient = 16;", r"kUser = 16;\1kSlowClient = 8;"),
]
# What must not even compile: a field that the fingerprint does not know.
FORGOTTEN = [
    ("a field is added", LAYOUT, r"(  std::atomic<std::uint32_t> kind;)", r"  std::atomic<std::uint8_t> more;\n\1"),
    ("a field of the limits is added", TABLE, r"(  std::uint32_t last_serial;)", r"  std::uint32_t more;\n\1"),
]
# What changes nothing.
COMMENT = ("a comment is changed", LAYOUT, r"(?m)^// ", "//  ")


class Builds:
    def __init__(self, tree, compiler):
        if shutil.which(compiler) is None:
            base.missing(f"no compiler {compiler}")
        tree.path(SOURCE)
        self._tree, self._compiler = tree, compiler

    def fingerprint(self, change=None):
        """The fingerprint of a build of the tree with this change; None if it does not compile."""
        with tempfile.TemporaryDirectory(prefix="wsflow-fingerprint-") as name:
            folder = pathlib.Path(name)
            if change:
                self._write(folder, *change)
            (folder / "main.cpp").write_text(PROGRAM, encoding="utf-8")
            done = subprocess.run([self._compiler, "-std=c++20", "-O0", f"-I{folder}", f"-I{self._tree.root}", "-o",
                                   folder / "main", folder / "main.cpp", self._tree.root / SOURCE], capture_output=True)
            return subprocess.check_output([folder / "main"], text=True) if done.returncode == 0 else None

    def _write(self, folder, what, name, pattern, replacement):
        text = self._tree.text(name)
        changed = re.sub(pattern, replacement, text, count=1, flags=re.S)
        if changed == text:
            base.missing(f"{what}: {name} has no {pattern}")
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(changed, encoding="utf-8")


def check(tree, options):
    builds = Builds(tree, options.compiler)
    changes, forgotten = ([case for case in cases if options.only in case[0]] for cases in (CHANGES, FORGOTTEN))
    own = builds.fingerprint() or base.missing(f"{SOURCE} does not compile")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        *prints, unchanged = pool.map(builds.fingerprint, [*changes, *forgotten, COMMENT])
    findings = []
    for (what, name, *_), found in zip(changes, prints):
        if found is None:
            base.missing(f"{what}: {name} does not compile")
        if found == own:
            findings.append(f"{name}: {what}, and the fingerprint stays")
    for (what, name, *_), found in zip(forgotten, prints[len(changes):]):
        if found is not None:
            findings.append(f"{name}: {what}, and the fingerprint need not know it")
    if unchanged != own:
        findings.append(f"{COMMENT[1]}: {COMMENT[0]}, and the fingerprint is another one")
    return findings


base.run(check, ("--compiler", {"default": "g++"}), ("--only", {"default": "", "help": "what the name of a change has"}))

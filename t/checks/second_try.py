#!/usr/bin/python3
"""t/failures.awk, on logs of a real ctest: what a second try excuses, and that the reasons of both tries are told."""

import pathlib
import subprocess
import tempfile

import tree as base

SCRIPT = "t/failures.awk"
# What the first try of the test says, its name, whether the second one passes; what t/failures.awk makes of it, and says.
CASES = [
    ("E   late", "httpd.release.a", True, 0, "httpd.release.a ("),
    ("E   late", "httpd.release.a", False, 0, "E   late"),
    ("undeclared: AH00052: child pid 1 exit signal Aborted (6)", "httpd.release.a", True, 1, "undeclared: AH00052"),
    ("sanitizer.17:", "httpd.tsan.a", True, 1, "sanitizer.17:"),
    ("valgrind.17:", "httpd.valgrind", True, 1, "valgrind.17:"),
    ("E   late", "stores.release.model", True, 0, "stores.release.model ("),
    ("BROKEN: a tunnel has ended", "soak.small.release", True, 1, "soak.small.release ("),
    ("E   wrong", "a case", True, 1, "a case ("),
    ("E   wrong", "build.asan", True, 1, "build.asan ("),
]


def judged(script, words, name, passes):
    """Exit status and words of SCRIPT about a test whose first try says WORDS and fails."""
    with tempfile.TemporaryDirectory() as folder:
        second = "exit 0" if passes else "exit 1"
        (pathlib.Path(folder) / "CTestTestfile.cmake").write_text(
            f'add_test([=[{name}]=] sh -c "if test -f tried\nthen {second}\nfi\ntouch tried\necho \'{words}\'\nexit 1")\n'
            'add_test(other true)\n')
        subprocess.run(["ctest", "--repeat", "until-pass:2"], cwd=folder, capture_output=True, check=False)
        log = pathlib.Path(folder) / "Testing" / "Temporary" / "LastTest.log"
        done = subprocess.run(["awk", "-f", script, log], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout


def check(tree, _):
    findings = []
    for words, name, passes, status, says in CASES:
        code, said = judged(tree.path(SCRIPT), words, name, passes)
        if code != status or says not in said or said.count("== failed: ") != (1 if passes else 2):
            findings.append(f"{SCRIPT}: {name}, which says {words!r}, makes it exit with {code} and say {said!r}")
    return findings


base.run(check)

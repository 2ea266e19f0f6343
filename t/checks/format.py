#!/usr/bin/python3
"""clang-format would change nothing."""

import shutil
import subprocess

import tree as base


def check(tree, _):
    if shutil.which("clang-format") is None:
        base.missing("no clang-format")
    tree.path(".clang-format")
    names = tree.sources() + tree.files("t", ".cpp", ".hpp")
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", "--style=file", *names], cwd=tree.root,
                          capture_output=True, text=True)
    complaints = [line for line in done.stderr.splitlines() if ": error: " in line]
    if done.returncode != 0 and not complaints:
        base.missing(f"clang-format: {done.stderr.strip()}")
    per_file = {}
    for complaint in complaints:
        per_file.setdefault(complaint.split(":")[0], complaint)
    return [f"{name}: is not formatted ({first.split(' error:')[0].removeprefix(name)})"
            for name, first in sorted(per_file.items())]


base.run(check)

#!/usr/bin/python3
"""No source, test or script is longer than 400 lines."""

import tree as base

LIMIT = 400
SUFFIXES = (".cpp", ".hpp", ".h", ".py", ".sh", ".js", ".html", ".css", ".txt", ".conf", ".in")


def check(tree, _):
    findings = []
    for folder in ("mod_wsflow", "t", "apxs", "conf.d"):
        suffixes = SUFFIXES if folder != "apxs" else ("", ".map", ".list")
        for name in tree.files(folder, *suffixes):
            if name.startswith("t/fuzz/corpus/"):
                continue
            lines = tree.text(name).count("\n")
            if lines > LIMIT:
                findings.append(f"{name}: {lines} lines, the limit is {LIMIT}")
    return findings


base.run(check)

#!/usr/bin/python3
"""apxs/sources.list, which both builds read, names every source file once."""

import re

import tree as base

LIST = "apxs/sources.list"


def check(tree, _):
    listed = [line for line in tree.text(LIST).splitlines() if re.match(r"[a-z]", line)]
    findings = [f"{name}: stands in {LIST} twice" for name in base.duplicates(listed)]
    if listed != sorted(listed):
        findings.append(f"{LIST}: is not sorted")
    return findings + base.differences(tree.files("mod_wsflow", ".cpp"), "mod_wsflow/", listed, LIST)


base.run(check)

#!/usr/bin/python3
"""apxs/sources.list, which both builds read, names every source file once; apxs/programs.list every program."""

import re

import tree as base

LIST = "apxs/sources.list"
PLACES = ("bindir", "sbindir")
FOLDER = "mod_wsflow/programs"


def check_programs(tree):
    listed = base.programs(tree)
    folders = [path.name for path in (tree.root / FOLDER).iterdir() if path.is_dir()] if (tree.root / FOLDER).is_dir() else []
    findings = base.differences(folders, FOLDER + "/", listed, base.PROGRAMS)
    if list(listed) != sorted(listed):
        findings.append(f"{base.PROGRAMS}: is not sorted")
    for name, words in listed.items():
        if not words or words[0] not in PLACES:
            findings.append(f"{base.PROGRAMS}: {name} is installed to {' or '.join(PLACES)}, and to nowhere else")
        if name in folders and not (tree.root / FOLDER / name / f"wsflow_{name}.cpp").is_file():
            findings.append(f"{FOLDER}/{name}/: there is no wsflow_{name}.cpp, which has main()")
    return findings


def check(tree, _):
    listed = [line for line in tree.text(LIST).splitlines() if re.match(r"[a-z]", line)]
    findings = [f"{name}: stands in {LIST} twice" for name in base.duplicates(listed)]
    if listed != sorted(listed):
        findings.append(f"{LIST}: is not sorted")
    findings += base.differences(tree.files("mod_wsflow", ".cpp"), "mod_wsflow/", listed, LIST)
    return findings + check_programs(tree)


base.run(check)

#!/usr/bin/python3
"""What wsflow-doctor knows is what docs/doctor.md tells: the table of what limits tunnels, the other troubles, the keys of the
dump and of the report."""

import re

import tree as base

TABLE = "mod_wsflow/capacity/capacity_table.cpp"
DOCTOR = ("mod_wsflow/programs/doctor/diagnosis.cpp", "mod_wsflow/programs/doctor/nested_times.cpp")
DUMP = "mod_wsflow/httpd/dump/config_dump.cpp"
REPORT = "mod_wsflow/programs/doctor/report_json.cpp"
DOCS = "docs/doctor.md"
WRITERS = "write_key|begin_object|number|real|flag|text|text_or_null|number_or_null"


def documented(tree, title, columns):
    rows = [tuple(base.plain(cell) for cell in row[:columns]) for row in base.table_rows(base.section(tree, DOCS, title))]
    return rows or base.missing(f"{DOCS} lists nothing under {title}")


def check_table(tree):
    """Name, effect and order of each row."""
    rows = base.initialiser(base.without_comments(tree.text(TABLE)), "kRows")
    coded = [f"{base.joined_strings(row[0])}, {base.joined_strings(row[1])}, {row[2]}" for row in rows]
    told = [", ".join(row) for row in documented(tree, "What limits tunnels", 3)]
    findings = base.differences(coded, TABLE, told, DOCS)
    return findings or ([] if coded == told else [f"{DOCS}: its table has another order than {TABLE}"])


def check_troubles(tree):
    coded = set()
    for name in DOCTOR:
        code = base.without_comments(tree.text(name))
        found = set(re.findall(r'\b(?:warning|note)\(\s*"([\w-]+)"', code)) | set(re.findall(r'\.id = "([\w-]+)"', code))
        coded |= found or base.missing(f"{name} names no trouble")
    told = [part for row in documented(tree, "What else it says", 1) for part in row[0].split(", ")]
    return base.differences(coded, " and ".join(DOCTOR), told, DOCS)


def check_keys(tree, name, title):
    code = base.without_comments(tree.text(name))
    coded = set(re.findall(rf'\b(?:{WRITERS})\(\s*writer,\s*"(\w+)"', code)) | set(re.findall(r'writer\.Key\("(\w+)"\)', code))
    told = [part for row in documented(tree, title, 1) for part in row[0].split(", ")]
    return base.differences(coded or base.missing(f"{name} writes no key"), name, told, f"{DOCS}, {title}")


def check(tree, _):
    return (check_table(tree) + check_troubles(tree) + check_keys(tree, DUMP, "The dump") +
            check_keys(tree, REPORT, "JSON"))


base.run(check)

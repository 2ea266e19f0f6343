#!/usr/bin/python3
"""The catalogue of counters, their names and docs/metrics.md agree."""

import re

import tree as base

CATALOGUE = "mod_wsflow/metrics/catalogue.cpp"
NAMES = "mod_wsflow/base/outcome.cpp"
DOCS = "docs/metrics.md"


def read_families(tree):
    entries = base.initialiser(base.without_comments(tree.text(CATALOGUE)), "kFamilies")
    for entry in entries:
        if len(entry) != 5:
            base.missing(f"{CATALOGUE}: an entry of kFamilies has {len(entry)} fields: {entry}")
    return [tuple(base.joined_strings(field) for field in entry[:3]) for entry in entries]


def read_names(tree, enumeration):
    """What name(ENUMERATION) can return."""
    code = base.without_comments(tree.text(NAMES))
    found = re.findall(rf"case {enumeration}::\w+:\s*return \"([^\"]+)\";", code)
    return found or base.missing(f"{NAMES} names no {enumeration}")


def check(tree, _):
    families = read_families(tree)
    findings = [f"{name}: stands in the catalogue twice" for name in base.duplicates([f[0] for f in families])]
    for name, labels, help_text in families:
        if not re.fullmatch(r"wsflow_[a-z0-9]+(_[a-z0-9]+)*_total", name):
            findings.append(f"{name}: a counter is called wsflow_…_total, in small letters")
        if labels and not re.fullmatch(r"[a-z_]+(,[a-z_]+)*", labels):
            findings.append(f"{name}: labels \"{labels}\" are not small words with commas")
        if not help_text.endswith("."):
            findings.append(f"{name}: its help is no sentence: \"{help_text}\"")

    rows = {base.plain(row[0]): row[1:] for row in base.table_rows(base.section(tree, DOCS, "Counters"))}
    findings += base.differences([f[0] for f in families], CATALOGUE, rows, DOCS)
    for name, labels, help_text in families:
        if name not in rows:
            continue
        documented = base.plain(rows[name][0]).replace(", ", ",").replace("–", "")
        if documented != labels:
            findings.append(f"{name}: labels are \"{labels}\", \"{documented}\" in {DOCS}")
        if rows[name][1] != help_text:
            findings.append(f"{name}: help is \"{help_text}\", \"{rows[name][1]}\" in {DOCS}")

    for enumeration, title in (("Outcome", "Outcomes"), ("Refusal", "Refusals")):
        listed = [base.plain(row[0]) for row in base.table_rows(base.section(tree, DOCS, title))]
        findings += base.differences(read_names(tree, enumeration), NAMES, listed, f"{DOCS}, {title}")
    return findings


base.run(check)

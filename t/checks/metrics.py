#!/usr/bin/python3
"""The catalogue of counters and histograms, their names and docs/metrics.md agree."""

import re

import tree as base

NAMES = "mod_wsflow/base/outcome.cpp"
DOCS = "docs/metrics.md"


# Table of the catalogue: how its names end, and where it is documented.
TABLES = {"kFamilies": ("_total", "Counters"), "kHistograms": ("_seconds", "Histograms"),
          "kReadingFamilies": ("", "Gauges and limits")}


def read_names(tree, enumeration):
    """What name(ENUMERATION) can return."""
    code = base.without_comments(tree.text(NAMES))
    found = re.findall(rf"case {enumeration}::\w+:\s*return \"([^\"]+)\";", code)
    return found or base.missing(f"{NAMES} names no {enumeration}")


def check_table(tree, table, unit, title):
    families = base.metric_families(tree, table)
    findings = [f"{name}: stands in the catalogue twice" for name in base.duplicates([f[0] for f in families])]
    for name, labels, help_text in families:
        if not re.fullmatch(rf"wsflow_[a-z0-9]+(_[a-z0-9]+)*{unit}", name):
            findings.append(f"{name}: one of {title} is called wsflow_…{unit}, in small letters")
        if labels and not re.fullmatch(r"[a-z_]+(,[a-z_]+)*", labels):
            findings.append(f"{name}: labels \"{labels}\" are not small words with commas")
        if not help_text.endswith("."):
            findings.append(f"{name}: its help is no sentence: \"{help_text}\"")

    rows = {base.plain(row[0]): row[1:] for row in base.table_rows(base.section(tree, DOCS, title))
            if row[0].startswith("`")}
    findings += base.differences([f[0] for f in families], base.CATALOGUE_TABLES[table], rows, DOCS)
    for name, labels, help_text in families:
        if name not in rows:
            continue
        documented = base.plain(rows[name][0]).replace(", ", ",").replace("–", "")
        if documented != labels:
            findings.append(f"{name}: labels are \"{labels}\", \"{documented}\" in {DOCS}")
        if rows[name][1] != help_text:
            findings.append(f"{name}: help is \"{help_text}\", \"{rows[name][1]}\" in {DOCS}")
    return findings


def check(tree, _):
    findings = []
    for table, (unit, title) in TABLES.items():
        findings += check_table(tree, table, unit, title)
    for enumeration, title in (("Outcome", "Outcomes"), ("HandshakeRefusal", "Refusals")):
        listed = [base.plain(row[0]) for row in base.table_rows(base.section(tree, DOCS, title))]
        findings += base.differences(read_names(tree, enumeration), NAMES, listed, f"{DOCS}, {title}")
    return findings


base.run(check)

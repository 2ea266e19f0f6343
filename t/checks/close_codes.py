#!/usr/bin/python3
"""The table of Close codes in docs/close-codes.md is that of the code."""

import re

import tree as base

TABLE = "mod_wsflow/tunnel/close_codes.hpp"
NAMES = "mod_wsflow/base/outcome.cpp"
DOCS = "docs/close-codes.md"


def outcomes(tree):
    code = base.without_comments(tree.text(NAMES))
    found = dict(re.findall(r"case Outcome::(\w+):\s*return \"([^\"]+)\";", code))
    return found or base.missing(f"{NAMES} names no outcome")


def in_code(tree):
    """(outcome, cause): (code to the client, code to the origin), as texts."""
    names, rows = outcomes(tree), {}
    for outcome, cause, codes in base.initialiser(base.without_comments(tree.text(TABLE)), "kEndings"):
        key = names[outcome.rsplit("::")[-1]], cause.rsplit("::")[-1]
        if key in rows:
            base.missing(f"{TABLE}: {key} stands there twice")
        rows[key] = tuple(code if code != "0" else "–" for code in re.findall(r"\d+", codes))
    return rows


def check(tree, _):
    code, docs, findings = in_code(tree), {}, []
    for outcome, cause, client, origin, why in base.table_rows(base.section(tree, DOCS, "Codes")):
        key = base.plain(outcome), cause
        if key in docs:
            findings.append(f"{DOCS}: {' by '.join(key)} stands there twice")
        if not why.endswith("."):
            findings.append(f"{DOCS}: {' by '.join(key)} has no reason: \"{why}\"")
        docs[key] = (client, origin)
    findings += base.differences([" by ".join(key) for key in code], TABLE, [" by ".join(key) for key in docs], DOCS)
    for key in code.keys() & docs.keys():
        if code[key] != docs[key]:
            findings.append(f"{' by '.join(key)}: {' and '.join(code[key])} in {TABLE}, "
                            f"{' and '.join(docs[key])} in {DOCS}")
    return findings


base.run(check)

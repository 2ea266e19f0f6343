#!/usr/bin/python3
"""The tables of Close codes in docs/close-codes.md, and the defaults of WSFlowCloseCode, are those of the code."""

import re

import tree as base

TABLE = "mod_wsflow/tunnel/close_codes.hpp"
NAMES = "mod_wsflow/base/outcome.cpp"
DIRECTIVES = "mod_wsflow/directives.cpp"
DOCS = "docs/close-codes.md"


def outcomes(tree):
    code = base.without_comments(tree.text(NAMES))
    found = dict(re.findall(r"case Outcome::(\w+):\s*return \"([^\"]+)\";", code))
    return found or base.missing(f"{NAMES} names no outcome")


def unquoted(expression):
    return expression.strip('"')


def notices(tree, code):
    """Notice: (name, code, reason)."""
    return {notice.rsplit("::")[-1]: (unquoted(name), number, unquoted(reason))
            for notice, name, number, reason in base.initialiser(code, "kNoticeRows")}


def ends(tree, code, told):
    """(outcome, cause): (what the client is told, code to the origin, its reason), as texts."""
    names, rows = outcomes(tree), {}
    for outcome, cause, notice, number, reason in base.initialiser(code, "kEndings"):
        key = names[outcome.rsplit("::")[-1]], cause.rsplit("::")[-1]
        if key in rows:
            base.missing(f"{TABLE}: {key} stands there twice")
        name = told.get(notice.rsplit("::")[-1], ("–",))[0]
        rows[key] = (name, number if number != "0" else "–", unquoted(reason) or "–")
    return rows


def compare(found, documented, what):
    """Findings where a table in the documentation is not that of the code."""
    yield from base.differences(list(found), TABLE, list(documented), DOCS)
    for key in found.keys() & documented.keys():
        if found[key] != documented[key]:
            yield f"{what} {key}: {', '.join(found[key])} in {TABLE}, {', '.join(documented[key])} in {DOCS}"


def rows_of(tree, title, keys):
    """The rows of a table, by their first KEYS cells, and what stands there twice."""
    rows, twice = {}, []
    for cells in base.table_rows(base.section(tree, DOCS, title)):
        key = " by ".join(base.plain(cell) for cell in cells[:keys])
        twice += [f"{DOCS}: {key} stands there twice"] if key in rows else []
        rows[key] = tuple(base.plain(cell) for cell in cells[keys:])
    return rows, twice


def defaults(tree, told):
    """Whether the default of the directive is the table's."""
    text = " ".join(f"{name}={number}" for name, number, _ in told.values())
    code = re.sub(r'"\s*"', "", tree.text(DIRECTIVES))
    if text not in code:
        yield f"{DIRECTIVES}: the default of WSFlowCloseCode is not {text}"


def check(tree, _):
    code = base.without_comments(tree.text(TABLE))
    told = notices(tree, code)
    to_clients, findings = rows_of(tree, "Codes to clients", 1)
    findings += [f"{DOCS}: {key} has no reason: \"{cells[-1]}\"" for key, cells in to_clients.items()
                 if not cells[-1].endswith(".")]
    findings += compare({name: (number, reason) for name, number, reason in told.values()},
                        {key: cells[:2] for key, cells in to_clients.items()}, "to clients,")
    who, twice = rows_of(tree, "Who is told what", 2)
    found = {" by ".join(key): cells for key, cells in ends(tree, code, told).items()}
    return findings + twice + list(compare(found, who, "told of")) + list(defaults(tree, told))


base.run(check)

#!/usr/bin/python3
"""The keys that the status writes are those that docs/status-formats.md lists."""

import fnmatch
import re

import tree as base

JSON = "mod_wsflow/status/json*.cpp"
# What writes a key and its value.
WRITERS = "write_key|begin_object|number|real|flag|text|milliseconds|setting|rates|text_or_null|number_or_null"
LINES = "mod_wsflow/status/auto_lines.cpp"
DOCS = "docs/status-formats.md"

# Keys that come from a table, as the documentation writes them.
TABLES = {"limits::name(static_cast<limits::LimitReason>": ["<reason>"], "base::name(reason)": ["<refusal>"],
          "metrics::close_code_name(i)": ["<close code>"]}
# Keys that come from the catalogue of metrics: its tables and, of the fields of their rows, those with a path in JSON, with
# the key of a line, and with the begin of one whose end is in the code.
CATALOGUE = ("kFamilies", "kHistograms")
PATHS = ("json", "json_count", "json_mean", "spread")
LINE_KEYS = ("line", "line_count")
LINE_BEGINS = ("percentiles",)
# How the documentation writes a label of such a path, where not as it is.
LABELS = {"<result>": ["<refusal>"], "<code>": ["<close code>"], "<from>": ["client", "origin"],
          "<peer>": ["client", "origin"]}
# What writes them: expressions, and a file that writes no others.
CATALOGUE_WRITER = "mod_wsflow/status/json_counts.cpp"
WRITERS_FILE = "mod_wsflow/status/json_writer.cpp"
CATALOGUE_EXPRESSIONS = ("family.shown.", "entries.front().path", "camel(Pattern::of(entry.path)")


def catalogue_fields(tree, names):
    """The texts of these fields in the rows of the catalogue."""
    rows = [",".join(row) for table in CATALOGUE for row in base.catalogue(tree, table)]
    found = re.findall(rf'\.(?:{"|".join(names)}) = "([^"]+)"', "\n".join(rows))
    return found or base.missing(f"{base.CATALOGUE} shows nothing as {', '.join(names)}")


def catalogue_keys(tree):
    return {key for path in catalogue_fields(tree, PATHS) for part in path.split(".") for key in LABELS.get(part, [part])}


def keys_of(expression):
    """The keys that an expression can be; none if this check cannot tell."""
    for call, keys in TABLES.items():
        if expression.startswith(call):
            return keys
    return re.findall(r'"([^"]+)"', expression)


def json_keys(tree):
    keys, findings = catalogue_keys(tree), []
    for name in fnmatch.filter(tree.sources(), JSON) or base.missing(f"no {JSON}"):
        if name in (CATALOGUE_WRITER, WRITERS_FILE):
            continue
        code = base.without_comments(tree.text(name))
        own = set()
        for call in re.finditer(rf"\b(?:{WRITERS})\(writer, ", code):
            expression = base.split_arguments(code[call.end():])[0]
            found = keys_of(expression)
            # "key" is the parameter of a function that writes one.
            if not found and expression != "key" and not expression.startswith(CATALOGUE_EXPRESSIONS):
                findings.append(f"{name}:{base.line_of(code, call.start())}: cannot tell which key {expression} is")
            own.update(found)
        if not own:
            base.missing(f"{name} writes no key of its own")
        keys |= own
    return keys, findings


def line_keys(tree):
    code = base.without_comments(tree.text(LINES))
    keys, findings = {"WSFlow" + re.sub("<.*>", "…", line) for line in catalogue_fields(tree, LINE_KEYS)}, []
    for call in re.finditer(r"\bline\(out, ", code):
        expression = base.split_arguments(code[call.end():])[0]
        process = re.fullmatch(r'prefix \+ "(\w+)"', expression)
        limit = re.fullmatch(r'limit \+ (?:"(\w+)"|camel\("(\w+)", .*\))', expression, re.S)
        literal = re.fullmatch(r'"(\w+)"', expression)
        begun = re.fullmatch(r'begin \+ "(\w+)"', expression)
        if begun:
            keys |= {f"WSFlow{begin}{begun[1]}" for begin in catalogue_fields(tree, LINE_BEGINS)}
        elif process:
            keys.add(f"WSFlowProcess[i]{process[1]}")
        elif limit:
            keys.add(f"WSFlowLimit[i]{limit[1] or limit[2] + '…'}")
        elif literal:
            keys.add(f"WSFlow{literal[1]}")
        elif not expression.startswith(CATALOGUE_EXPRESSIONS):
            findings.append(f"{LINES}:{base.line_of(code, call.start())}: cannot tell which key {expression} is")
    return keys or base.missing(f"{LINES} writes no line"), findings


def documented(tree, title):
    rows = base.table_rows(base.section(tree, DOCS, title))
    names = [part for row in rows for part in re.findall(r"`([^`]+)`", row[0])]
    return names or base.missing(f"{DOCS} lists nothing under {title}")


def check(tree, _):
    findings = []
    for read, title, where in ((json_keys, "JSON", JSON), (line_keys, "Lines", LINES)):
        keys, unclear = read(tree)
        findings += unclear + base.differences(keys, where, documented(tree, title), f"{DOCS}, {title}")
    return findings


base.run(check)

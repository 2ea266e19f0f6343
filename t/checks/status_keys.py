#!/usr/bin/python3
"""The keys that the status writes are those that docs/status-formats.md lists."""

import fnmatch
import re

import tree as base

JSON = "mod_wsflow/status/json*.cpp"
# What writes a key and its value.
WRITERS = "number|real|flag|text|milliseconds|setting|spread|rates|text_or_null|number_or_null"
LINES = "mod_wsflow/status/auto_lines.cpp"
DOCS = "docs/status-formats.md"

# Keys that come from a table, as the documentation writes them.
TABLES = {"metrics::name(": "<direction>", "metrics::opcode_class_name(": "<opcode>",
          "metrics::close_code_name(": "<close code>", "base::name(static_cast<base::HandshakeRefusal>": "<refusal>",
          "base::name(static_cast<base::Outcome>": "<outcome>", "limits::name(static_cast<limits::LimitReason>": "<reason>"}


def keys_of(expression):
    """The keys that an expression can be; none if this check cannot tell."""
    for call, key in TABLES.items():
        if expression.startswith(call):
            return [key]
    return re.findall(r'"([^"]+)"', expression)


def json_keys(tree):
    keys, findings = set(), []
    for name in fnmatch.filter(tree.sources(), JSON) or base.missing(f"no {JSON}"):
        code = base.without_comments(tree.text(name))
        before = len(keys)
        for call in re.finditer(rf"\bKey\(|\b(?:{WRITERS})\(writer, ", code):
            expression = base.split_arguments(code[call.end():])[0]
            found = keys_of(expression)
            if not found and expression != "key":  # "key" is the parameter of such a function
                findings.append(f"{name}:{base.line_of(code, call.start())}: cannot tell which key {expression} is")
            keys.update(found)
        if len(keys) == before:
            base.missing(f"{name} writes no key of its own")
    return keys, findings


def line_keys(tree):
    code = base.without_comments(tree.text(LINES))
    keys, findings = set(), []
    for call in re.finditer(r"\bline\(out, ", code):
        expression = base.split_arguments(code[call.end():])[0]
        camel = re.fullmatch(r'camel\("(\w+)", .*\)', expression, re.S)
        process = re.fullmatch(r'prefix \+ "(\w+)"', expression)
        limit = re.fullmatch(r'limit \+ (?:"(\w+)"|camel\("(\w+)", .*\))', expression, re.S)
        literal = re.fullmatch(r'"(\w+)"', expression)
        if camel:
            keys.add(f"WSFlow{camel[1]}…")
        elif process:
            keys.add(f"WSFlowProcess[i]{process[1]}")
        elif limit:
            keys.add(f"WSFlowLimit[i]{limit[1] or limit[2] + '…'}")
        elif literal:
            keys.add(f"WSFlow{literal[1]}")
        else:
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

#!/usr/bin/python3
"""Every log message has a number of its own, and docs/log-messages.md lists exactly those, with level and text."""

import re

import tree as base

DOCS = "docs/log-messages.md"
# Writes the lines of LogSink, which bring their number along.
SINK = "mod_wsflow/httpd/process/server_log.cpp"
LEVELS = {"CRIT": "crit", "ERR": "error", "WARNING": "warn", "NOTICE": "notice", "INFO": "info", "DEBUG": "debug",
          "critical": "crit", "error": "error", "warning": "warn", "info": "info", "debug": "debug"}


def template(argument):
    """The text of a format with … for what is filled in."""
    pieces = re.findall(r'"(?:\\.|[^"\\])*"|\b[A-Z_0-9]+\b', argument)
    text = "".join(base.joined_strings(piece) if piece.startswith('"') else "FMT" for piece in pieces)
    return re.sub(r"%%|%[-+ 0-9.*]*(FMT|[a-zA-Z])", lambda found: "%" if found[0] == "%%" else "…", text)


def httpd_calls(name, code):
    """(number, level, text) of each ap_log_*error."""
    for call in re.finditer(r"\bap_log_[rcp]?error\(", code):
        where = f"{name}:{base.line_of(code, call.start())}"
        arguments = base.split_arguments(code[call.end():])
        # "first ? APLOG_WARNING : APLOG_INFO" is two levels.
        levels = re.findall(r"\bAPLOG_(\w+)", arguments[1])
        level = ", then ".join(LEVELS.get(each, each) for each in levels) if len(levels) == 2 else "".join(levels)
        numbered = re.match(r"WSFLOGNO\((\w*)\)(.*)", arguments[4], re.S)
        if numbered:
            yield where, numbered[1], level, template(numbered[2])
        elif name != SINK:
            yield where, None, level, template(arguments[4])


def sink_calls(name, code):
    """(number, level, text or None) of each LogSink::write; the text may be put together at run time."""
    for call in re.finditer(r"\bwrite\((?:base::)?LogLevel::", code):
        where = f"{name}:{base.line_of(code, call.start())}"
        level, number, _, text, *_ = base.split_arguments(code[call.end():])
        number = f"{int(number):04}" if number.isdigit() else None
        yield where, number, level, template(text) if text.startswith('"') else None


def read_docs(tree):
    rows = [row for row in base.table_rows(tree.text(DOCS)) if row[0].startswith("WSF")]
    if not rows:
        base.missing(f"{DOCS} lists no message")
    return rows


def check(tree, _):
    findings, messages = [], []
    for name in tree.sources():
        code = base.without_comments(tree.text(name))
        messages += list(httpd_calls(name, code)) + list(sink_calls(name, code))
    if not messages:
        base.missing("no log message in mod_wsflow/")

    code_of = {}
    for where, number, level, text in messages:
        if number is None or not re.fullmatch(r"\d{4}", number):
            findings.append(f"{where}: no number of four digits: \"{text}\"")
        elif number in code_of:
            findings.append(f"{where}: WSF{number} is taken by {code_of[number][0]}")
        elif not set(level.split(", then ")) <= set(LEVELS.values()) | set(LEVELS):
            findings.append(f"{where}: WSF{number} has the level {level}")
        else:
            code_of[number] = (where, LEVELS.get(level, level), text)

    rows = read_docs(tree)
    listed = [row[0].removeprefix("WSF") for row in rows]
    findings += [f"{DOCS}: WSF{number} stands there twice" for number in base.duplicates(listed)]
    if listed != sorted(listed):
        findings.append(f"{DOCS}: the messages are not in the order of their numbers")
    findings += base.differences([f"WSF{n}" for n in code_of], "the code", [f"WSF{n}" for n in listed], DOCS)
    for row in rows:
        number, cells = row[0].removeprefix("WSF"), row[1:]
        if len(cells) != 4 or not all(cells):
            findings.append(f"{DOCS}: WSF{number} needs level, text, meaning and advice")
        elif number in code_of:
            where, level, text = code_of[number]
            if cells[0] != level:
                findings.append(f"{DOCS}: WSF{number} is \"{level}\" at {where}, not \"{cells[0]}\"")
            if text is not None and base.plain(cells[1]) != text:
                findings.append(f"{DOCS}: WSF{number} reads \"{text}\" at {where}, not \"{base.plain(cells[1])}\"")
    return findings


base.run(check)

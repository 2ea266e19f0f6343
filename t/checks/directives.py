#!/usr/bin/python3
"""The table of directives, its manual and the reference configuration say the same."""

import re

import tree as base

TABLE = "mod_wsflow/directives.cpp"
MANUAL = "docs/mod_wsflow.md"
REFERENCE = "conf.d/wsflow-reference.conf"
FIELDS = ("Description", "Syntax", "Default", "Context")


def read_table(tree):
    code = base.without_comments(tree.text(TABLE))
    table = {}
    for entry in base.initialiser(code, "kDirectives"):
        if len(entry) != 5:
            base.missing(f"{TABLE}: an entry of kDirectives has {len(entry)} fields: {entry}")
        name, syntax, default, context, help_text = (base.joined_strings(field) for field in entry)
        table[name] = {"Syntax": syntax, "Default": default, "Context": context,
                       "Description": help_text[0].upper() + help_text[1:]}
    return code, table


def check_commands(code, table):
    """Each directive is a command, once, and httpd accepts it where the table says."""
    findings, names = [], list(table)
    indexes = []
    for entry in base.initialiser(code, "kCommands"):
        if not entry:
            continue  # the null entry at the end
        found = re.search(r"kDirectives\[(\d+)\]\.name", entry[0])
        if found is None:
            findings.append(f"{TABLE}: a command is not made from kDirectives: {entry[0]}")
            continue
        index = int(found[1])
        indexes.append(index)
        if index >= len(names):
            findings.append(f"{TABLE}: kDirectives[{index}] does not exist")
            continue
        sections = "kAnywhere" in entry[0] or "ACCESS_CONF" in entry[0]
        if sections != ("directory" in table[names[index]]["Context"]):
            where = "in sections" if sections else "outside of sections only"
            findings.append(f"{names[index]}: httpd accepts it {where}, its context says otherwise")
    findings += [f"{TABLE}: kDirectives[{index}] has two commands" for index in base.duplicates(indexes)]
    return findings + [f"{name}: has no command" for i, name in enumerate(names) if i not in indexes]


def read_manual(tree):
    found = {}
    for title, body in re.findall(r"^## (WSFlow\w*)\n(.*?)(?=^## |\Z)", tree.text(MANUAL), re.M | re.S):
        fields = dict(re.findall(r"^- \*\*(\w+):\*\* (.*)$", body, re.M))
        found[title] = {key: base.plain(value) for key, value in fields.items()}
    return found or base.missing(f"{MANUAL} describes no directive")


def read_reference(tree):
    found = {}
    for block in re.split(r"\n\s*\n", tree.text(REFERENCE)):
        fields = dict(re.findall(r"^#   (\w+): +(.*)$", block, re.M))
        if "Syntax" not in fields:
            continue
        name = fields["Syntax"].split()[0]
        found[name] = fields
        if not re.search(rf"^#{name} \S", block, re.M):
            found[name]["Description"] = "(no example line)"
    return found or base.missing(f"{REFERENCE} describes no directive")


def compare(table, described, where):
    findings = base.differences(table, TABLE, described, where)
    for name in table.keys() & described.keys():
        for field in FIELDS:
            wanted, given = table[name][field], described[name].get(field, "(missing)").rstrip(".")
            if given not in (wanted, f"{name} {wanted}" if field == "Default" else wanted):
                findings.append(f"{name}: {field} is \"{wanted}\" in the table, \"{given}\" in {where}")
    return findings


def leftovers(tree, table):
    """Directives that are named somewhere but do not exist. The keys of status-formats.md only look like some."""
    findings = []
    names = tree.files("docs", ".md") + tree.files("conf.d", ".conf") + ["README.md"]
    for name in names:
        if name == "docs/status-formats.md":
            continue
        for word in sorted(set(re.findall(r"(?<![\w`?])WSFlow[A-Z]\w*|`WSFlow[A-Z]\w*", tree.text(name)))):
            if word.strip("`") not in table:
                findings.append(f"{name}: there is no directive {word.strip('`')}")
    return findings


def check(tree, _):
    code, table = read_table(tree)
    return (check_commands(code, table) + compare(table, read_manual(tree), MANUAL) +
            compare(table, read_reference(tree), REFERENCE) + leftovers(tree, table))


base.run(check)

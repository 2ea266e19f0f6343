#!/usr/bin/python3
"""The table of directives, its manual and the reference configuration say the same."""

import re

import tree as base

TABLE = "mod_wsflow/directives.cpp"
MANUAL = "docs/mod_wsflow.md"
REFERENCE = "conf.d/wsflow-reference.conf"
FIELDS = ("Description", "Syntax", "Default", "Context")


def read_contexts(code):
    """The constants that rows give as their context."""
    return dict((name, base.joined_strings(text))
                for name, text in re.findall(r"constexpr const char\* (k\w+) = (\"[^;]*\");", code))


def read_table(tree):
    """The code, what users read of each directive, and how httpd gets it: its macro, setter and place."""
    code = base.without_comments(tree.text(TABLE))
    contexts = read_contexts(code)
    table, commands = {}, []
    for entry in base.initialiser(code, "kDirectives"):
        if len(entry) != 4:
            base.missing(f"{TABLE}: a row of kDirectives has {len(entry)} fields: {entry}")
        found = re.match(r"(\w+)\(", entry[0])
        command = base.split_arguments(entry[0][found.end():]) if found else []
        if len(command) != 5:
            base.missing(f"{TABLE}: a row does not begin with a command of httpd: {entry[0]}")
        name, help_text = base.joined_strings(command[0]), base.joined_strings(command[4])
        if entry[3] not in contexts:
            base.missing(f"{TABLE}: {name} has no context that this check knows: {entry[3]}")
        table[name] = {"Syntax": base.joined_strings(entry[1]), "Default": base.joined_strings(entry[2]),
                       "Context": contexts[entry[3]], "Description": help_text[0].upper() + help_text[1:]}
        commands.append((name, found[1], command[1], command[3]))
    return code, table, commands


def check_rows(code, table, commands):
    """Name, setter and place of a directive stand in one row, and nothing pairs them anew."""
    findings = []
    for name, macro, _, place in commands:
        if not macro.startswith("AP_INIT_"):
            findings.append(f"{name}: its row is made by {macro}, not by a macro AP_INIT_... of httpd")
        sections = "kAnywhere" in place or "ACCESS_CONF" in place
        if sections != ("directory" in table[name]["Context"]):
            where = "in sections" if sections else "outside of sections only"
            findings.append(f"{name}: httpd accepts it {where}, its context says otherwise")
        if table[name]["Syntax"].split()[0] != name:
            findings.append(f"{name}: its syntax is another directive's: {table[name]['Syntax']}")
    findings += [f"{TABLE}: {name} has two rows" for name in base.duplicates([row[0] for row in commands])]
    findings += [f"{TABLE}: {setter} sets two directives" for setter in base.duplicates([row[2] for row in commands])]
    # A command of another list, or an element that is named by a number, could stand for another directive.
    others = len(re.findall(r"\bAP_INIT_\w+\(", code)) - len(commands)
    if others or re.findall(r"kDirectives\[([^\]]+)\]", code) != ["I"]:
        findings.append(f"{TABLE}: kCommands is not made of all rows of kDirectives, in their order")
    return findings


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
    code, table, commands = read_table(tree)
    return (check_rows(code, table, commands) + compare(table, read_manual(tree), MANUAL) +
            compare(table, read_reference(tree), REFERENCE) + leftovers(tree, table))


base.run(check)

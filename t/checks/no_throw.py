#!/usr/bin/python3
"""What must not stand in mod_wsflow/: exceptions of ours, naked new and delete, stdio, mutable statics."""

import re

import tree as base

FORBIDDEN = {
    r"\bthrow\b": "our code does not throw",
    r"\bnew\b(?!\s*\()(?!>)": "naked new: use std::make_unique, or placement in a pool",
    r"(?<!=)(?<!= )\bdelete\b": "naked delete",
    r"\bstatic\b(?!\s+(?:inline\s+)?(?:constexpr|consteval)\b)[^;{}(=]*[;{=]": "mutable static",
}

# Likewise, but for programs, which are no module of httpd.
FORBIDDEN_IN_MODULES = {
    r"\b(?:std::)?(?:f|s|sn|v|vf|vs|vsn|d)?printf\s*\(": "stdio in a module is printed again by each child",
    r"\b(?:f?puts|f?putc|putchar|fwrite|fopen)\s*\(": "stdio in a module is printed again by each child",
    r"#\s*include\s*<(?:iostream|fstream|sstream|cstdio|stdio\.h|regex|functional)>": "header not wanted in the module",
    r"\bstd::(?:cout|cerr|clog|regex|function)\b": "not wanted in the module",
    r"\bthread_local\b": "no thread-local state: the module must unload",
}

# What is there all the same, and why: (file, what the line holds).
ALLOWED = {
    ("mod_wsflow/httpd/process/process.cpp", "Process* g_child"):
        "the one pointer that the module keeps: hooks of httpd have no argument for it",
    ("mod_wsflow/tunnel/tunnel.hpp", "void operator delete(Tunnel* tunnel, std::destroying_delete_t)"):
        "a tunnel gives its memory back to where it is from: a pool, or the C library",
    ("mod_wsflow/tunnel/tunnel.cpp", "operator delete(Tunnel* tunnel, std::destroying_delete_t)"): "likewise",
    ("mod_wsflow/tunnel/tunnel.cpp", "::operator delete(tunnel"): "likewise",
    ("mod_wsflow/presence/registry.cpp", "::operator delete(static_cast<void*>(interval))"):
        "an interval and its key are one block of memory: there are very many",
}

NAMESPACE = re.compile(r"(?:inline\s+)?namespace\b[\w:\s]*|extern\s+\"\"\s*")
NO_VARIABLE = re.compile(r"(?:using|typedef|template|struct|class|enum|union|static_assert|static|namespace|friend)\b"
                         r"|.*\bconstexpr\b|(?:constinit\s+)?const\b[^*]*$|.*\boperator\b|extern\b|\[\[")


def statements(code):
    """(offset, text) of what stands in namespaces and in no other braces; text ends before `;` or `{`."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m[0]), code, flags=re.M)
    depth, begin = 0, 0
    for at, c in enumerate(code):
        if c not in ";{}":
            continue
        text = code[begin:at].strip()
        if c == "{" and depth == 0 and NAMESPACE.fullmatch(text):
            begin = at + 1
            continue
        if depth == 0 and text and c in ";{":
            yield begin + code[begin:at].index(text[0]), text
        if c == "{":
            depth += 1
        elif c == "}" and depth > 0:
            depth -= 1
        begin = at + 1  # a `}` at depth 0 closes a namespace


def is_variable(text):
    before_value = text.split("=")[0]
    return ("(" not in before_value and not NO_VARIABLE.match(re.sub(r"\s+", " ", before_value)) and
            re.search(r"[\w>*&]\s+[*&]*\w+(?:\[\w*\])*\s*$", before_value) is not None)


def check(tree, _):
    findings, used = [], set()

    def report(name, text, offset, why):
        number = base.line_of(text, offset)
        line = text.splitlines()[number - 1].strip()
        for key in ALLOWED:
            if key[0] == name and key[1] in line:
                used.add(key)
                return
        findings.append(f"{name}:{number}: {why}: {line}")

    for name in tree.sources():
        code = base.bare(tree.text(name))
        of_module = {} if name.startswith("mod_wsflow/programs/") else FORBIDDEN_IN_MODULES
        for pattern, why in {**FORBIDDEN, **of_module}.items():
            for found in re.finditer(pattern, code):
                report(name, code, found.start(), why)
        for offset, text in statements(code):
            if is_variable(text):
                report(name, code, offset, "mutable variable of a namespace")
    findings += [f"{name}: \"{what}\" is allowed by this check but not there" for name, what in set(ALLOWED) - used]
    return findings


base.run(check)

#!/usr/bin/python3
"""The module builds where httpd lacks all that it has gained since the oldest version that is served, and does not build
where it cannot work.

The headers of such an httpd are those of this machine, with other names for what is newer.
"""

import pathlib
import re
import shutil
import subprocess
import tempfile

import httpd_names
import tree as base

# Where the versions are told to people.
DOCS = ("README.md", "docs/mod_wsflow.md")


def named(tree):
    """What names something newer than the oldest version, and is not newer.hpp."""
    pattern = re.compile(rf"\b(?:{'|'.join(sorted(httpd_names.newer(tree)))})\b")
    asked = httpd_names.declared_weak(tree)
    findings, users = [], []
    for name in tree.sources():
        code = base.bare(tree.text(name))
        if name == httpd_names.NEWER:
            continue
        found = set(pattern.findall(code))
        findings += [f"{name}: {each} is newer than the oldest httpd: it belongs into {httpd_names.NEWER}"
                     for each in sorted(found - asked)]
        if name.endswith(".cpp") and (found & asked or "newer::" in code):
            users.append(name)
    return findings, users or base.missing(f"nothing uses {httpd_names.NEWER}")


def prefix(tree):
    """A file to be read first: the headers of httpd without what is newer."""
    plain = sorted(name for name in httpd_names.newer(tree) if "\\" not in name)
    _, minor = httpd_names.oldest(tree)
    return "\n".join([*(f"#define {name} absent_{name}" for name in plain), f'#include "{httpd_names.API}"',
                      *(f"#undef {name}" for name in plain),
                      "#undef MODULE_MAGIC_NUMBER_MINOR", f"#define MODULE_MAGIC_NUMBER_MINOR {minor}", ""])


class Compiler:
    def __init__(self, tree, options):
        if shutil.which(options.compiler) is None:
            base.missing(f"no compiler {options.compiler}")
        self._tree = tree
        self._command = [options.compiler, "-std=c++20", "-fsyntax-only", f"-I{tree.root}", *httpd_names.flags()]

    def complaint(self, name, before, *flags):
        """The first error in NAME with BEFORE read ahead of it, or None."""
        with tempfile.TemporaryDirectory(prefix="wsflow-older-") as folder:
            path = pathlib.Path(folder) / "before.hpp"
            path.write_text(before, encoding="utf-8")
            done = subprocess.run([*self._command, *flags, "-include", path, "-x", "c++", self._tree.root / name],
                                  capture_output=True, text=True)
        if done.returncode == 0:
            return None
        return next((line for line in done.stderr.splitlines() if "error" in line), "it does not compile")


def refused(tree, compiler):
    """Versions for which the module must not compile, and how the message must name those for which it does."""
    major, minor = httpd_names.oldest(tree)
    words = re.search(r'^#error ".*Apache httpd (2\.4), from (2\.4\.\d+) on', tree.text(httpd_names.API), re.M)
    if not words:
        base.missing(f"{httpd_names.API} names no versions in an #error")
    one_less = f"#include <ap_mmn.h>\n#undef MODULE_MAGIC_NUMBER_MINOR\n#define MODULE_MAGIC_NUMBER_MINOR {minor - 1}\n"
    findings = []
    for what, before, flags in (("an older httpd", one_less, []),
                                ("trunk", "", [f"-DMODULE_MAGIC_NUMBER_MAJOR={major + 1}"])):
        said = compiler.complaint(httpd_names.API, before, *flags)
        if said is None or words[2] not in said:
            findings.append(f"{httpd_names.API}: accepts {what}: {said or 'no error'}")
    return findings + [f"{name}: does not say that httpd {words[2]} is the oldest" for name in DOCS
                       if f"{words[2]}" not in tree.text(name)]


def check(tree, options):
    findings, users = named(tree)
    compiler = Compiler(tree, options)
    before = prefix(tree)
    for name in users:
        said = compiler.complaint(name, before)
        if said:
            findings.append(f"{name}: does not compile for the oldest httpd: {said}")
    return findings + refused(tree, compiler)


base.run(check, ("--compiler", {"default": "g++"}))

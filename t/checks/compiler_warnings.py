#!/usr/bin/python3
"""Warnings of a compiler are errors in our own runs alone: nobody else's build fails for what a compiler has learnt."""

import json
import re
import shutil
import subprocess

import httpd_names
import tree as base

# What g++ 12 has warned of at -O3, by mistake: a literal in front of a string that is just made.
WARNED_OF = ("mod_wsflow/httpd/status/status_actions.cpp", "mod_wsflow/httpd/tunnel/tunnel_log_record.cpp",
             "mod_wsflow/status/html_text.cpp", "mod_wsflow/status/html_tunnels.cpp")


def warned_of(tree, compiler, only):
    """Release builds, which our own runs have not."""
    if shutil.which(compiler) is None:
        base.missing(f"no compiler {compiler}")
    command = [compiler, "-std=c++20", "-O3", "-DNDEBUG", "-Wall", "-Wextra", "-Werror", f"-I{tree.root}",
               *httpd_names.flags(), "-c", "-o", "/dev/null"]
    for name in (name for name in WARNED_OF if only in name):
        done = subprocess.run([*command, tree.path(name)], capture_output=True, text=True)
        if done.returncode != 0:
            error = next((line for line in done.stderr.splitlines() if "error" in line), "it does not compile")
            yield f"{name}: a warning at -O3: {error}"


def check(tree, options):
    cmake, makefile = tree.text("CMakeLists.txt"), tree.text("apxs/Makefile")
    presets = json.loads(tree.text("CMakePresets.json"))["configurePresets"]
    if "WSFLOW_WERROR" not in cmake or "WERROR" not in makefile:
        base.missing("the builds have no switch for it")
    findings = []
    if not re.search(r'^option\(WSFLOW_WERROR "[^"]*" OFF\)$', cmake, re.M):
        findings.append("CMakeLists.txt: WSFLOW_WERROR is not off by default")
    switched = re.sub(r"if\(WSFLOW_WERROR\).*?endif\(\)", "", cmake, flags=re.S)
    for name, text in (("CMakeLists.txt", switched), ("apxs/Makefile", makefile.replace("$(if $(WERROR),-Werror)", ""))):
        if "-Werror" in text:
            findings.append(f"{name}: warnings are errors for everybody")
    bases = [each for each in presets if each.get("cacheVariables", {}).get("WSFLOW_WERROR") == "ON"]
    names = {each["name"] for each in bases}
    findings += [f"CMakePresets.json: the presets do not make warnings errors: {each['name']}" for each in presets
                 if each["name"] not in names and each.get("inherits") not in names]
    return findings or list(warned_of(tree, options.compiler, options.only))


base.run(check, ("--compiler", {"default": "g++"}), ("--only", {"default": "", "help": "what the name of a source has"}))

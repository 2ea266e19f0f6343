#!/usr/bin/python3
"""Warnings of a compiler are errors in our own runs alone: nobody else's build fails for what a compiler has learnt."""

import json
import re

import tree as base


def check(tree, _):
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
    return findings


base.run(check)

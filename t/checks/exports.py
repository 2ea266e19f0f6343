#!/usr/bin/python3
"""The built module exports its record and nothing else, has no symbol that would pin it in memory, and needs none that only
some of the versions of httpd have."""

import pathlib
import re
import subprocess

import httpd_names
import tree as base


def symbols_of(module, which):
    """(kind, name) of each of its dynamic symbols."""
    listing = subprocess.run(["nm", "-D", which, module], capture_output=True, text=True)
    if listing.returncode != 0:
        base.missing(f"nm: {listing.stderr.strip()}")
    return [line.split()[-2:] for line in listing.stdout.splitlines()]


def check(tree, options):
    if not options.module.is_file():
        base.missing(f"{options.module} is not there")
    symbols = symbols_of(options.module, "--defined-only")
    findings = [f"{name}: a unique symbol (STB_GNU_UNIQUE): the module would never be unloaded"
                for kind, name in symbols if kind == "u"]
    newer = re.compile("|".join(httpd_names.newer(tree)))
    findings += [f"{name}: is newer than the oldest httpd, which cannot load the module: it must be weak"
                 for kind, name in symbols_of(options.module, "--undefined-only")
                 if kind == "U" and newer.fullmatch(name)]
    names = [name for _, name in symbols]
    return findings + base.differences([options.record], "what httpd looks up", names, str(options.module.name))


base.run(check, ("module", {"type": pathlib.Path}), ("--record", {"default": "wsflow_module"}))

#!/usr/bin/python3
"""The built module exports its record and nothing else, and has no symbol that would pin it in memory."""

import pathlib
import subprocess

import tree as base


def check(_, options):
    if not options.module.is_file():
        base.missing(f"{options.module} is not there")
    listing = subprocess.run(["nm", "-D", "--defined-only", options.module], capture_output=True, text=True)
    if listing.returncode != 0:
        base.missing(f"nm: {listing.stderr.strip()}")
    symbols = [line.split()[-2:] for line in listing.stdout.splitlines()]
    findings = [f"{name}: a unique symbol (STB_GNU_UNIQUE): the module would never be unloaded"
                for kind, name in symbols if kind == "u"]
    names = [name for _, name in symbols]
    return findings + base.differences(["wsflow_module"], "what httpd looks up", names, str(options.module.name))


base.run(check, ("module", {"type": pathlib.Path}))

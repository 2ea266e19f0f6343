#!/usr/bin/python3
"""What is installed is the module without what only a debugger reads, by CMake and by make, at the place of modules."""

import os
import pathlib
import shutil
import subprocess
import tempfile

import tree as base

# In the place of apxs: says where modules are, and installs there what it is told to.
APXS = """#!/bin/sh
case "$*" in
  *LIBEXECDIR*) echo '{folder}/modules' ;;
  -q*) ;;
  '-i -n wsflow '*) mkdir -p '{folder}/modules' && cp "$4" '{folder}/modules/' ;;
  *) exit 1 ;;
esac
"""


def run(*command, **variables):
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **variables})
    return None if done.returncode == 0 else f"{' '.join(map(str, command))}: {(done.stdout + done.stderr).strip()[-300:]}"


def judge(what, place):
    if not place.is_file():
        return [f"{what}: {place.name} is not there"]
    left = subprocess.run(["readelf", "-SW", place], check=True, capture_output=True, text=True).stdout
    return [f"{what}: the installed {place.name} has a section {name}" for name in (".symtab", ".debug_info")
            if f" {name} " in left]


def by_cmake(options, folder):
    wrong = run("cmake", "--install", options.module.parent, DESTDIR=str(folder))
    (modules,) = subprocess.run(["apxs", "-q", "LIBEXECDIR"], check=True, capture_output=True, text=True).stdout.split()
    return [wrong] if wrong else judge("cmake --install", folder / modules.lstrip("/") / options.module.name)


def by_make(tree, options, folder):
    apxs, out = folder / "apxs", folder / "out"
    apxs.write_text(APXS.format(folder=folder))
    apxs.chmod(0o755)
    out.mkdir()
    shutil.copy(options.module, out)
    # "-o all": it is built.
    wrong = run("make", "-C", tree.path("apxs"), "-o", "all", f"APXS={apxs}", f"out={out}", "install")
    return [wrong] if wrong else judge("make install", folder / "modules" / options.module.name)


def check(tree, options):
    if not options.module.is_file():
        base.missing(f"{options.module} is not there")
    with tempfile.TemporaryDirectory(prefix="wsflow-installed-") as folder:
        path = pathlib.Path(folder)
        return by_make(tree, options, path) + (by_cmake(options, path) if options.cmake else [])


base.run(check, ("module", {"type": pathlib.Path}), ("--cmake", {"action": "store_true", "help": "in its build tree"}))

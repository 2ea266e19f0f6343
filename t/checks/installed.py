#!/usr/bin/python3
"""What is installed are the modules and programs without what only a debugger reads, their pages for man(1), and the schemas of
databases, by CMake and by make, at the places of httpd. A program is hardened, and needs no library but those of C++ and its own;
the page of the module has all directives."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import tree as base

# In the place of apxs: says where things belong, below DESTDIR.
APXS = """#!/bin/sh
case "$*" in
  *LIBEXECDIR*) echo '{folder}/modules' ;;
  *sbindir*) echo '{folder}/sbindir' ;;
  *bindir*) echo '{folder}/bindir' ;;
  *datadir*) echo '{folder}/data' ;;
  *mandir*) echo '{folder}/man' ;;
  -q*) ;;
  *) exit 1 ;;
esac
"""


def run(*command, **variables):
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **variables})
    return None if done.returncode == 0 else f"{' '.join(map(str, command))}: {(done.stdout + done.stderr).strip()[-300:]}"


SCHEMA = "mod_wsflow/stores/presence/schema"
MANUAL = "docs/mod_wsflow.md"


# Libraries that each program may need.
RUNTIME = r"libstdc\+\+\.so\.6|libgcc_s\.so\.1|libm\.so\.6|libc\.so\.6|libpthread\.so\.0|ld-linux\S*"


def readelf(option, place):
    return subprocess.run(["readelf", "-W", option, place], check=True, capture_output=True, text=True).stdout


def judge_module(what, place):
    if not place.is_file():
        return [f"{what}: {place.name} is not there"]
    left = readelf("-S", place)
    return [f"{what}: the installed {place.name} has a section {name}" for name in (".symtab", ".debug_info")
            if f" {name} " in left]


def judge_program(what, place, libraries):
    findings = judge_module(what, place)
    if not place.is_file():
        return findings
    dynamic, headers = readelf("-d", place), readelf("-l", place)
    named = "|".join(rf"lib{re.escape(name)}\.so\S*" for name in libraries)
    findings += [f"{what}: {place.name} needs {library}" for library in re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
                 if not re.fullmatch(f"{RUNTIME}|{named}" if named else RUNTIME, library)]
    return findings + [f"{what}: {place.name} is built without {name}" for name, found in (
        ("-pie", re.search(r"\(FLAGS_1\).*\bPIE\b", dynamic)),
        ("-z now", re.search(r"\bNOW\b", dynamic)), ("-z relro", "GNU_RELRO" in headers)) if not found]


def judge_pages(tree, what, place, programs):
    """PLACE: what apxs calls mandir. PROGRAMS: those that are there, and where apxs puts them."""
    sections = {"mod_wsflow": 8, **{f"wsflow-{name}": 8 if words[0] == "sbindir" else 1 for name, words in programs.items()}}
    wanted = sorted(f"man{section}/{name}.{section}" for name, section in sections.items())
    there = {path.relative_to(place).as_posix(): path for path in place.rglob("*") if path.is_file()}
    findings = base.differences(wanted, "what has a page", sorted(there), f"the pages that {what} installs")
    for name in set(wanted) & set(there):
        text = there[name].read_text(encoding="utf-8")
        if not re.search(r"^\.SH NAME\n\S+ \\- \S", text, re.M):
            findings.append(f"{what}: {name} does not say what it is about")
    page = there.get("man8/mod_wsflow.8")
    if page is None:
        return findings
    text = page.read_text(encoding="utf-8")
    directives = re.findall(r"^## (WSFlow\w*)$", tree.text(MANUAL), re.M) or base.missing(f"{MANUAL} has no directive")
    findings += base.differences(directives, MANUAL, re.findall(r"^\.SS (\w+)$", text, re.M), f"the page that {what} installs")
    left = [line for line in text.splitlines() if re.search(r"`|\*\*|\]\(", line)]
    return findings + [f"{what}: {page.name} has Markdown left: {line[:60]}" for line in left]


def judge(tree, options, what, place_of):
    """PLACE_OF tells where what apxs calls LIBEXECDIR, datadir, mandir, bindir and sbindir is."""
    listed = base.programs(tree)
    modules = [path for path in options.module if path.suffix == ".so"]
    programs = [path.name.removeprefix("wsflow-") for path in options.module if path.suffix != ".so"]
    findings = [finding for module in modules for finding in judge_module(what, place_of("LIBEXECDIR") / module.name)]
    findings += base.differences(programs, "what is built", listed, base.PROGRAMS)
    for name in sorted(set(programs) & set(listed)):
        place, *libraries = listed[name]
        findings += judge_program(what, place_of(place) / f"wsflow-{name}", libraries)
    findings += judge_pages(tree, what, place_of("mandir"), {name: listed[name] for name in programs if name in listed})
    data = place_of("datadir") / "wsflow/presence"
    schemas = {pathlib.PurePosixPath(name).relative_to(SCHEMA).as_posix() for name in tree.files(SCHEMA, ".sql")}
    there = {path.relative_to(data).as_posix() for path in data.rglob("*") if path.is_file()}
    return findings + base.differences(sorted(schemas), SCHEMA, sorted(there), f"what {what} installs")


def of_httpd(what):
    (place,) = subprocess.run(["apxs", "-q", what], check=True, capture_output=True, text=True).stdout.split()
    return place.lstrip("/")


def by_cmake(tree, options, folder):
    wrong = run("cmake", "--install", options.module[0].parent, DESTDIR=str(folder))
    return [wrong] if wrong else judge(tree, options, "cmake --install", lambda what: folder / of_httpd(what))


def by_make(tree, options, folder):
    apxs, out = folder / "apxs", folder / "out"
    apxs.write_text(APXS.format(folder=folder))
    apxs.chmod(0o755)
    out.mkdir()
    for module in options.module:
        shutil.copy(module, out)
    # "-o all": it is built.
    root = folder / "root"
    wrong = run("make", "-C", tree.path("apxs"), "-o", "all", f"APXS={apxs}", f"out={out}", f"DESTDIR={root}", "install")
    places = {"LIBEXECDIR": "modules", "datadir": "data", "mandir": "man", "bindir": "bindir", "sbindir": "sbindir"}
    return [wrong] if wrong else judge(tree, options, "make install",
                                       lambda what: root / str(folder).lstrip("/") / places[what])


def check(tree, options):
    for module in options.module:
        if not module.is_file():
            base.missing(f"{module} is not there")
    with tempfile.TemporaryDirectory(prefix="wsflow-installed-") as folder:
        path = pathlib.Path(folder)
        return by_make(tree, options, path) + (by_cmake(tree, options, path) if options.cmake else [])


base.run(check, ("module", {"type": pathlib.Path, "nargs": "+"}),
         ("--cmake", {"action": "store_true", "help": "in its build tree"}))

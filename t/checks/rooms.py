#!/usr/bin/python3
"""The rooms of mod_wsflow/: each name in one folder, httpd/ for what knows httpd alone, and a map that is true."""

import collections
import pathlib
import re

import tree as base

MOST_FILES = 25  # of a room of httpd/: more of them are two rooms
BORDER = {"mod_wsflow/httpd/api.hpp", "mod_wsflow/httpd/log.hpp"}
MAP = "docs/internals/README.md"
PAGES = "docs/internals"  # name paths as the map does
RECIPES = "CONTRIBUTING.md"
PLACEHOLDER = r"NAME|NNN|ROOM|FILE"  # of a path in a recipe

# Who may ask child() for the process, how often, and why. All others get a Process& from their caller.
ASKS = {
    "mod_wsflow/httpd/process/process.hpp": (1, "declares it"),
    "mod_wsflow/httpd/process/process.cpp": (1, "defines it"),
    "mod_wsflow/httpd/balancing/lbmethod.cpp": (1, "finder of a method of mod_proxy_balancer"),
    "mod_wsflow/httpd/checks/status_check.cpp": (1, "hook fixups"),
    "mod_wsflow/httpd/handshake/upgrade_handler.cpp": (1, "hook scheme_handler of mod_proxy"),
    "mod_wsflow/httpd/lifecycle/child.cpp": (3, "hooks child_init and child_stopping; handler of SIGTERM"),
    "mod_wsflow/httpd/limits/gate.cpp": (1, "hook handler"),
    "mod_wsflow/httpd/passing/arrival.cpp": (2, "hook pre_connection; accept function of the MPM"),
    "mod_wsflow/httpd/request/connection_state.cpp": (1, "hook pre_connection"),
    "mod_wsflow/httpd/request/refusal.cpp": (1, "hook request_status of mod_proxy"),
    "mod_wsflow/httpd/status/status_handler.cpp": (2, "hook handler; status_hook of mod_status"),
    "mod_wsflow/httpd/tunnel/worker_tunnel.cpp": (2, "handler of SIGTERM, where the MPM is prefork"),
}


def check_names(tree):
    """A stem of a file name stands in one folder: an include, a test and a question have one answer."""
    folders = collections.defaultdict(set)
    for name in tree.sources():
        path = pathlib.PurePosixPath(name)
        folders[path.stem].add(path.parent.as_posix())
    return [f"{stem}: stands in {' and '.join(sorted(found))}" for stem, found in sorted(folders.items())
            if len(found) > 1]


def check_sizes(names):
    rooms = collections.Counter(pathlib.PurePosixPath(name).parent.as_posix() for name in names)
    return [f"{room}/: {count} files, the limit of a room is {MOST_FILES}" for room, count in sorted(rooms.items())
            if count > MOST_FILES]


def check_border(tree, names):
    """What reaches no header of httpd does not belong into httpd/. A .hpp and its .cpp are one."""
    includes = {name: re.findall(r'^\s*#\s*include\s+"([^"]+)"', base.without_comments(tree.text(name)), re.M)
                for name in tree.sources()}

    reached, before = set(BORDER), 0
    while len(reached) > before:
        before = len(reached)
        reached |= {name for name, headers in includes.items() if not reached.isdisjoint(headers)}
    units = collections.defaultdict(set)
    for name in names:
        units[name.rsplit(".", 1)[0]].add(name)
    return [f"{unit}: reaches no header of httpd, so its place is outside of httpd/"
            for unit, files in sorted(units.items()) if reached.isdisjoint(files)]


def check_units(tree):
    """t/unit/ROOM has the tests of mod_wsflow/ROOM."""
    tests = tree.files("t/unit", ".cpp")
    rooms = {pathlib.PurePosixPath(name).parent.relative_to("t/unit").as_posix() for name in tests
             if name.endswith("_test.cpp")}
    return [f"t/unit/{room}/: there is no mod_wsflow/{room}/" for room in sorted(rooms)
            if not (tree.root / "mod_wsflow" / room).is_dir()]


def check_asks(tree):
    """child() is for functions that httpd or the kernel calls, with no argument of ours."""
    findings = []
    for name in tree.sources():
        calls = re.findall(r"(?<![\w.>:])child\(\)", base.bare(tree.text(name)))
        allowed = ASKS.get(name, (0, ""))[0]
        if len(calls) > allowed:
            findings.append(f"{name}: asks child() {len(calls)} times, {allowed} are allowed: take a Process& instead")
        elif len(calls) < allowed:
            findings.append(f"{name}: may ask child() {allowed} times by this check but asks {len(calls)} times")
    return findings + [f"{name}: may ask child() by this check but is not there" for name in sorted(ASKS)
                       if not (tree.root / name).is_file()]


def exists(tree, path):
    """PATH below mod_wsflow/ or from the top, with or without the suffix of a source file."""
    return any((tree.root / top / (path + suffix)).exists() for top in ("mod_wsflow", "")
               for suffix in ("", ".hpp", ".cpp"))


def check_paths(tree, name):
    text = tree.text(name)
    named = set(re.findall(r"`([a-z.][\w.]*(?:/[\w.]+)+/?|[a-z]\w*/)`", text))
    findings = [f"{name}: there is no {path}" for path in sorted(named)
                if not re.search(PLACEHOLDER, path) and not exists(tree, path)]
    here = (tree.root / name).parent
    for link in sorted(set(re.findall(r"\]\((?!\w+:|#)([^)#]+)", text))):
        if not (here / link).exists():
            findings.append(f"{name}: links to {link}, which is not there")
    return findings


def check_map(tree):
    """Each folder below mod_wsflow/, and each one of t/, is named in the map once, as `folder/`."""
    top = tree.path("mod_wsflow")
    folders = {path.parent.relative_to(top).as_posix() for path in map(tree.path, tree.sources())} - {"."}
    folders |= {f"t/{path.name}" for path in tree.path("t").iterdir() if path.is_dir() and path.name[0] not in "._"}
    named = collections.Counter(re.findall(r"`([\w./]+)/`", tree.text(MAP)))
    return [f"{MAP}: names the folder {folder}/ {named[folder]} times, not once" for folder in sorted(folders)
            if named[folder] != 1]


def check(tree, _):
    names = tree.files("mod_wsflow/httpd", ".cpp", ".hpp")
    findings = check_names(tree) + check_sizes(names) + check_border(tree, names)
    findings += check_units(tree) + check_asks(tree) + check_map(tree)
    for page in tree.files(PAGES, ".md") + [RECIPES]:
        findings += check_paths(tree, page)
    return findings


base.run(check)

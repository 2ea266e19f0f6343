#!/usr/bin/python3
"""Who may include whom: the layers of mod_wsflow/, and where foreign headers are allowed."""

import re

import tree as base

# Below httpd/, and what each may include.
PARTS = {
    "base": set(),
    "ws": {"base"},
    "os": {"base"},
    "capacity": {"base"},
    "limits": {"base", "os"},
    "cluster": {"base", "os", "limits", "shm", "stores"},
    "shm": {"base", "os", "limits"},
    "metrics": {"base", "shm"},
    "tunnel": {"base", "ws", "os", "limits", "shm", "metrics"},
    "config": {"base", "ws", "limits", "tunnel"},
    "presence": {"base", "os", "shm", "metrics", "stores", "cluster"},
    "status": {"base", "ws", "capacity", "limits", "shm", "metrics", "config", "presence"},
    # Modules of their own, which know mod_wsflow.so by the C interfaces in stores/ alone.
    "stores": set(),
    "stores/presence": {"stores"},
    "stores/redis": {"stores"},
}
# Programs beside the modules: what each takes of the rooms that know no httpd, and the foreign headers that it may include.
PROGRAMS = {
    "programs/doctor": {"base", "capacity", "os"},
    "programs/load": {"base", "ws", "os", "config", "status"},
}
PROGRAM_HEADERS = {
    "programs/doctor": {"rapidjson", "system"},
    "programs/load": {"system", "openssl", "rapidjson"},
}
# The rooms of httpd/ from the ground up: each may include the rooms on the steps below its own, and all parts. The border
# itself, the files directly in httpd/, is the lowest.
STEPS = (("httpd",), ("httpd/config",), ("httpd/lines", "httpd/cluster"), ("httpd/process",), ("httpd/checks", "httpd/dump", "httpd/request"),
         ("httpd/presence",), ("httpd/housekeeping", "httpd/limits", "httpd/origin", "httpd/passing"), ("httpd/balancing",),
         ("httpd/tunnel",), ("httpd/handshake",), ("httpd/status", "httpd/lifecycle"), ("",))  # "": mod_wsflow.cpp and directives.cpp


def layers():
    found, below = {**PARTS, **PROGRAMS}, set(PARTS)
    for step in STEPS:
        found.update((room, set(below)) for room in step)
        below.update(step)
    return found


LAYERS = layers()

HTTPD = re.compile(r"(http|ap_|apr|mod_|util_)[\w./]*\.h|scoreboard\.h|mpm_common\.h|unixd\.h")
SYSTEM = re.compile(r"(sys|netinet|arpa|net|linux)/.*\.h|[a-z_]+\.h")

# Kind of foreign header: where it may stand.
HTTPD_FILES = {"mod_wsflow/httpd/api.hpp", "mod_wsflow/httpd/log.hpp", "mod_wsflow/stores/store_api.hpp"}
FOLDERS = {"system": {"os", "shm", "limits", "stores", "stores/redis"}, "openssl": {"os", "stores/redis"}, "rapidjson": {"status", "presence"},
           "hiredis": {"stores/redis"}}

# System headers elsewhere, and why.
ALLOWED = {
    ("mod_wsflow/base/assert.cpp", "unistd.h"): "write(): a failed assertion uses no buffers of stdio",
    ("mod_wsflow/base/unique_fd.hpp", "unistd.h"): "close(): the owner of a descriptor belongs to every layer",
}


def layer_of(name):
    return "/".join(name.split("/")[1:-1])


def kind_of(header):
    if header.startswith(("openssl/", "rapidjson/", "hiredis/")):
        return header.split("/")[0]
    if HTTPD.fullmatch(header):
        return "httpd"
    return "system" if SYSTEM.fullmatch(header) else "standard"


def check(tree, _):
    findings, used = [], set()
    for name in tree.sources():
        layer = layer_of(name)
        if layer not in LAYERS:
            findings.append(f"{name}: the folder {layer} is no layer")
            continue
        code = base.without_comments(tree.text(name))
        for include in re.finditer(r'^\s*#\s*include\s+(["<])([^">]+)[">]', code, re.M):
            quote, header = include.groups()
            if quote == '"':
                own = header.startswith("mod_wsflow/") and (tree.root / header).is_file()
                target = layer_of(header)
                if not own:
                    findings.append(f"{name}: \"{header}\" is no file of mod_wsflow/ named from the top of the tree")
                elif target != layer and target not in LAYERS[layer] and header != "mod_wsflow/version.h":
                    findings.append(f"{name}: {layer or 'the top'} must not include {target or 'the top'} ({header})")
                continue
            kind = kind_of(header)
            if kind == "httpd" and name not in HTTPD_FILES:
                findings.append(f"{name}: <{header}> belongs into {' or '.join(sorted(HTTPD_FILES))}")
            elif (name, header) in ALLOWED:
                used.add((name, header))
            elif kind in FOLDERS and layer not in FOLDERS[kind] and kind not in PROGRAM_HEADERS.get(layer, ()):
                findings.append(f"{name}: <{header}> belongs into {' or '.join(sorted(FOLDERS[kind]))}/")
    unused = sorted(set(ALLOWED) - used)
    return findings + [f"{name}: <{header}> is allowed by this check but not included" for name, header in unused]


base.run(check)

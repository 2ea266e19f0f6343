"""What httpd has gained since the oldest version that the module serves, as its own header of versions tells it."""

import re
import subprocess

import tree as base

API = "mod_wsflow/httpd/api.hpp"
NEWER = "mod_wsflow/httpd/newer.hpp"


def output(*command):
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    except (OSError, subprocess.CalledProcessError) as error:
        return base.missing(f"{' '.join(command)}: {error}")


def flags():
    """Of a compiler that is to read httpd's headers."""
    system = output("apxs", "-q", "INCLUDEDIR") + output("apr-1-config", "--includedir")
    return [*output("apr-1-config", "--cppflags"), "-DAP_HAVE_DESIGNATED_INITIALIZER",
            *(word for path in system for word in ("-isystem", path))]


def oldest(tree):
    """(major, minor) of the oldest httpd that the border accepts."""
    found = re.search(r"!AP_MODULE_MAGIC_AT_LEAST\((\d+), (\d+)\)", tree.text(API))
    if not found:
        base.missing(f"{API} names no oldest version")
    return int(found[1]), int(found[2])


def newer(tree):
    """The names, as patterns, that came behind the oldest version: functions, fields, constants."""
    (folder,) = output("apxs", "-q", "INCLUDEDIR")
    major, minor = oldest(tree)
    with open(f"{folder}/ap_mmn.h", encoding="utf-8") as file:
        history = file.read()
    names = set()
    entries = re.findall(rf"^ \* {major}\.(\d+) +\([^)]*\) +(.*?)(?=^ \* \d|^ \*/)", history, re.M | re.S)
    for number, text in entries:
        if int(number) <= minor:
            continue
        text = re.sub(r"^ \* +", "", text, flags=re.M)
        text = re.sub(r"\b(?:to|from) (?:struct )?[\w.]+", "", text)  # where it was added
        names |= {name.replace("*", r"\w*") for name in re.findall(r"\b\w[\w*]*_[\w*]*", text)}
    if not names:
        base.missing(f"{folder}/ap_mmn.h tells of nothing that is newer than {major}.{minor}")
    return names


def declared_weak(tree):
    """The functions that may be used all the same, as newer.hpp asks first whether they are there."""
    names = re.findall(r"\b(ap_\w+)\(", base.without_comments(tree.text(NEWER)))
    return set(names) or base.missing(f"{NEWER} declares no function")

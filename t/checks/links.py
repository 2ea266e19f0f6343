#!/usr/bin/python3
"""Each link of the tree's Markdown leads to a file that is there, and to an anchor that it has."""

import functools
import os
import posixpath
import re

import documents
import tree as base

LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)|^\[[^\]]+\]:\s+(\S+)", re.M)
# Folders without Markdown of ours.
FOREIGN = {"build", "node_modules", ".git", ".pytest_cache"}
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:")


def markdown(tree):
    found = []
    for folder, folders, names in os.walk(tree.root):
        folders[:] = set(folders) - FOREIGN  # not even looked at: builds come and go meanwhile
        found += [posixpath.relpath(posixpath.join(folder, name), tree.root) for name in names if name.endswith(".md")]
    found.sort()
    if not any(name.startswith("docs/") for name in found):
        base.missing("no page in docs/")
    return found


def check(tree, _):
    anchors = functools.cache(lambda name: documents.anchors(tree.text(name)))
    findings, links = [], 0
    for name in markdown(tree):
        text = documents.without_blocks(tree.text(name))
        for found in LINK.finditer(text):
            target = found[1] or found[2]
            if ELSEWHERE.match(target):
                continue
            links += 1
            where = f"{name}:{base.line_of(text, found.start())}"
            path, _, anchor = target.partition("#")
            file = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) if path else name
            if file.startswith("..") or not (tree.root / file).exists():
                findings.append(f"{where}: there is no {target}")
            elif anchor and (not file.endswith(".md") or anchor not in anchors(file)):
                findings.append(f"{where}: {file} has no anchor #{anchor}")
    if not links:
        base.missing("no link in any page")
    return findings


base.run(check)

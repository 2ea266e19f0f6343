#!/usr/bin/python3
"""Each section of docs/troubleshooting.md is a case that a test makes happen: the page's table names it, and it is there."""

import re

import documents
import tree as base

PAGE = "docs/troubleshooting.md"
TABLE = "How this page is held true"
TEST = re.compile(r"`(test_\w+\.py)`: ((?:`test_\w+`(?:, )?)+)")


def check(tree, _):
    text = tree.text(PAGE)
    sections = [title for title in re.findall(r"^## (.*)$", text, re.M) if title != TABLE]
    rows = base.table_rows(base.section(tree, PAGE, TABLE))
    named = [found[1] for row in rows if (found := re.match(r"\[(.*?)\]\(#", row[0]))]
    findings = base.differences(sections, f"the headings of {PAGE}", named, "its table of tests")
    first = re.findall(r"\]\(#([^)]+)\)", text[:text.index("\n## ")])
    findings += [f"{PAGE}: the table at the top does not lead to \"{title}\"" for title in sections
                 if documents.slug(title) not in first and documents.slug(title) != documents.slug(sections[0]) and
                 not title.startswith("Compressed")]
    for row in rows:
        tests = TEST.fullmatch(row[1])
        if not tests:
            findings.append(f"{PAGE}: \"{row[0]}\" names no test")
            continue
        code = tree.text(f"t/httpd/{tests[1]}")
        findings += [f"{PAGE}: t/httpd/{tests[1]} has no {name}" for name in re.findall(r"`(test_\w+)`", tests[2])
                     if not re.search(rf"^def {name}\(", code, re.M)]
    return findings


base.run(check)

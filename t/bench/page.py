"""Puts what was measured into docs/benchmarks.md: parts of it stand between marks,
    <!-- NAME: from t/bench/… -->
    …
    <!-- end -->
and are replaced whole."""
import os
import re
import textwrap

from benchtools import TREE

PAGE = os.path.join(TREE, "docs/benchmarks.md")
PICTURE = os.path.join(TREE, "docs/benchmarks.svg")
WIDTH = 110


def paragraph(text):
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def bullets(texts):
    return "\n".join(textwrap.fill(text, WIDTH, initial_indent="- ", subsequent_indent="  ", break_long_words=False,
                                   break_on_hyphens=False) for text in texts)


def replaced(page, name, text):
    part = re.compile(rf"(<!-- {name}: from [^\n]*-->\n).*?(<!-- end -->)", re.S)
    if len(part.findall(page)) != 1:
        raise ValueError(f"docs/benchmarks.md has not one part {name}")
    return part.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", page)


def write(parts):
    """Replaces PARTS, texts by name."""
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    for name, text in parts.items():
        page = replaced(page, name, text)
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(page)

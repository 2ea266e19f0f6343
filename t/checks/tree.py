"""What the checks share: the tree they look at, a little C++ and Markdown, and how a check ends.

A check exits with 0 (nothing found), 1 (findings) or 2 (an input is missing). A check that cannot find what it
checks must not report success, so a missing input ends it at once.
"""

import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

_TOKEN = re.compile(r"""//[^\n]* | /\*.*?\*/ | R"(?P<end>\w*)\(.*?\)(?P=end)" | "(?:\\.|[^"\\\n])*" |
                        (?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'""", re.S | re.X)
_STRING = re.compile(r'"((?:\\.|[^"\\\n])*)"')


def missing(what):
    print(f"cannot check: {what}", file=sys.stderr)
    sys.exit(2)


class Tree:
    def __init__(self, root):
        self.root = root
        if not (root / "mod_wsflow").is_dir():
            missing(f"no mod_wsflow/ in {root}")

    def path(self, name):
        path = self.root / name
        if not path.exists():
            missing(f"{name} is not there")
        return path

    def text(self, name):
        return self.path(name).read_text(encoding="utf-8")

    def files(self, folder, *suffixes):
        """Names of the files below FOLDER with one of the suffixes; at least one."""
        found = sorted(path for path in self.path(folder).rglob("*") if path.is_file() and path.suffix in suffixes)
        if not found:
            missing(f"no {' '.join(suffixes)} file in {folder}")
        return [path.relative_to(self.root).as_posix() for path in found]

    def sources(self):
        return self.files("mod_wsflow", ".cpp", ".hpp", ".h")


# The programs beside the modules.
PROGRAMS = "apxs/programs.list"


def programs(tree):
    """The programs of the list: name, and the words behind it (what apxs calls its place, and its libraries)."""
    lines = [line.split() for line in tree.text(PROGRAMS).splitlines() if re.match(r"[a-z]", line)]
    return {name: words for name, *words in lines}


def without_comments(code):
    """CODE with blanks for its comments; lines stay where they are."""
    return _TOKEN.sub(lambda m: re.sub(r"[^\n]", " ", m[0]) if m[0].startswith("/") else m[0], code)


def bare(code):
    """CODE with neither comments nor the contents of strings."""
    def blank(token):
        text = token[0]
        if text.startswith("/"):
            return re.sub(r"[^\n]", " ", text)
        return '""' + "\n" * text.count("\n") if text.startswith("R") else text[0] * 2

    return _TOKEN.sub(blank, code)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def joined_strings(code):
    """The value of adjacent string literals."""
    return "".join(_STRING.findall(code)).replace('\\"', '"').replace("\\\\", "\\")


def split_arguments(code):
    """CODE up to the bracket that closes it, cut at its own commas (not those in brackets and strings)."""
    parts, depth, begin, at = [], 0, 0, 0
    while at < len(code):
        string = _STRING.match(code, at)
        if string:
            at = string.end()
            continue
        if code[at] in "([{":
            depth += 1
        elif code[at] in ")]}":
            if depth == 0:
                break
            depth -= 1
        elif code[at] == "," and depth == 0:
            parts.append(code[begin:at].strip())
            begin = at + 1
        at += 1
    last = code[begin:at].strip()
    return parts + [last] if last else parts


def initialiser(code, name):
    """The entries of `NAME[] = { {…}, {…} }`, each a list of its expressions."""
    found = re.search(rf"\b{name}\[\]\s*=\s*\{{", code)
    if not found:
        missing(f"no table {name}")
    entries = split_arguments(code[found.end():])
    if not entries:
        missing(f"the table {name} is empty")
    return [split_arguments(entry[1:]) if entry.startswith("{") else [entry] for entry in entries]


# The catalogue of metrics: where its tables are.
CATALOGUE = "mod_wsflow/metrics/catalogue.hpp"
CATALOGUE_TABLES = {"kFamilies": CATALOGUE, "kHistograms": CATALOGUE,
                    "kReadingFamilies": "mod_wsflow/metrics/catalogue.cpp"}


def catalogue(tree, table):
    """The fields of each entry of a TABLE of the catalogue of metrics."""
    name = CATALOGUE_TABLES[table]
    entries = initialiser(without_comments(tree.text(name)), table)
    for entry in entries:
        if len(entry) < 3:
            missing(f"{name}: an entry of {table} has {len(entry)} fields: {entry}")
    return entries


def metric_families(tree, table):
    """The (name, labels, help) of each entry of a TABLE of the catalogue of metrics."""
    return [tuple(joined_strings(field) for field in entry[:3]) for entry in catalogue(tree, table)]


def section(tree, name, title):
    """The text below the Markdown heading TITLE, up to the next one of its level or above."""
    text = tree.text(name)
    found = re.search(rf"^(#+) {re.escape(title)}\n", text, re.M)
    if not found:
        missing(f"{name} has no section \"{title}\"")
    rest = text[found.end():]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.M)
    return rest[:end.start()] if end else rest


def table_rows(text):
    """The rows of the Markdown tables in TEXT, without heads and rules."""
    rows = []
    for line in text.splitlines():
        if not line.startswith("|"):
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if set("".join(cells)) <= set("-: "):
            rows.pop()  # what stood above the rule was the head
        else:
            rows.append(cells)
    return rows


def plain(cell):
    return cell.replace("`", "")


def differences(left, left_name, right, right_name):
    """Findings about two sets that should be equal."""
    return ([f"{item}: in {left_name}, not in {right_name}" for item in sorted(set(left) - set(right))] +
            [f"{item}: in {right_name}, not in {left_name}" for item in sorted(set(right) - set(left))])


def duplicates(items):
    seen = set()
    return sorted({item for item in items if item in seen or seen.add(item)})


def run(check, *arguments):
    """Runs CHECK(tree, options), which returns its findings as lines, and exits. ARGUMENTS are its own options."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path, default=ROOT, help="the tree to look at")
    for flags, options in arguments:
        parser.add_argument(flags, **options)
    options = parser.parse_args()
    findings = check(Tree(options.root.resolve()), options)
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)

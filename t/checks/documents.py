"""What the checks and the behaviour tests of the documentation share: its pages, their links, and their blocks of code.

A block is indented by four columns more than its text, or fenced. What it is, its kind, is plain from its first line
(httpd's configuration, commands of a shell), or stands in a comment above it, which readers do not see:

    <!-- block: KIND [NAME] -->

A block with a name is one that a test looks for by it. Where another file tries or compares what a page shows of other
programs, their files and commands, the page says so once:

    <!-- blocks: t/checks/FILE.py -->
"""

import dataclasses
import re
import textwrap

MARK = re.compile(r"\s*<!-- block: ([\w-]+)(?: ([\w.-]+))? -->\s*")
# Who tries the commands of a page, and its blocks that are of no kind below.
TRIED_BY = re.compile(r"^<!-- blocks: (\S+) -->$", re.M)
FENCE = re.compile(r"(\s*)(```+|~~~+)\s*(\S*)\s*")

# Kinds whose text somebody compares with what a program really says: each has a name.
SAID = {"log", "client", "status", "output"}
# Kinds of httpd's configuration: it is accepted without a word, with the module or without it; or it is refused, or accepted
# with a warning, and the next block, an "output", is what is said.
HTTPD = {"httpd", "httpd-stock", "httpd-fails", "httpd-warns"}
# What is neither run nor compared by the tests of these pages; other checks look at some of it.
QUOTED = {"json", "sql", "yaml", "python", "text", "javascript", "logline"}
KINDS = HTTPD | SAID | QUOTED | {"shell", "nginx", "haproxy", "tomcat", "envvars"}
_FENCES = {"apache": "httpd", "apacheconf": "httpd", "sh": "shell", "bash": "shell", "console": "shell", "js": "javascript",
           "xml": "tomcat"}

_DIRECTIVE = re.compile(r"</?[A-Z]\w+|[A-Z]\w*[a-z_]\w*\s+[^\s=]")
_COMMAND = re.compile(
    r"(\w+=\S*\s+)*((t|findings|build|docs)/\S|(cd|make|cmake|ctest|apt|apt-get|apachectl|systemctl|cp|install|curl|grep|ss|"
    r"ab|a2\w+|sqlite3|psql|createuser|openssl|wsflow-\w+|git|dpkg\S*|rpm\w*|docker|podman|python3|pkill|sysctl|ulimit|"
    r"journalctl|setsebool|dnf|semanage|restorecon|Rscript|kill|ps|top|cat|tail|awk|jq|dig|getent|nginx|haproxy|lsof|prlimit|echo|for|node|npm|npx|pip|sh|su|"
    r"sudo|mkdir|semodule|aa-\w+|lintian|locust|artillery)(\s|$))|\w+=(\$\(|http)")

_FIRST = {"json": re.compile(r'[{"]'), "sql": re.compile(r"(SELECT|WITH|DELETE|INSERT|CREATE|GRANT) "),
          "yaml": re.compile(r"\w+:$"), "envvars": re.compile(r"APACHE_\w+=")}


@dataclasses.dataclass(frozen=True)
class Block:
    page: str
    line: int
    kind: str  # "" if nobody can tell
    name: str
    text: str

    @property
    def where(self):
        return f"{self.page}:{self.line}"


def kind_of(text):
    """What a block is that has no mark; "" if it is not plain."""
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        for kind, first in _FIRST.items():
            if first.match(line):
                return kind
        if _COMMAND.match(line):
            return "shell"
        return "httpd" if _DIRECTIVE.match(line) else ""
    return ""


def _indentation(line):
    return len(line) - len(line.lstrip(" "))


def _raw_blocks(lines):
    """(number of its first line, mark or None, word of its fence or None, lines) of each block."""
    at, mark, text_indent = 0, None, 0
    while at < len(lines):
        line = lines[at]
        if found := MARK.fullmatch(line):
            mark, text_indent = found, min(text_indent, _indentation(line))
            at += 1
            continue
        if fence := FENCE.fullmatch(line):
            end = next((i for i in range(at + 1, len(lines)) if lines[i].strip().startswith(fence[2])), len(lines))
            yield at + 2, mark, fence[3], lines[at + 1:end]
            at, mark = end + 1, None
            continue
        begins = at == 0 or not lines[at - 1].strip() or MARK.fullmatch(lines[at - 1])
        if line.strip() and begins and _indentation(line) >= text_indent + 4:
            end = at
            while end < len(lines) and (not lines[end].strip() or _indentation(lines[end]) >= text_indent + 4):
                if MARK.fullmatch(lines[end]):
                    break
                end += 1
            yield at + 1, mark, None, lines[at:end]
            at, mark = end, None
            continue
        if line.strip():
            mark = None
            item = re.match(r"( *)([-*]|\d+\.) +", line)
            # The text of an item of a list stands behind its sign; a line at the margin ends the list.
            if item:
                text_indent = len(item[0])
            elif _indentation(line) < text_indent and begins:
                text_indent = 0
        at += 1


def blocks(page, text):
    """The blocks of a page's TEXT, in order."""
    found = []
    for line, mark, fence, lines in _raw_blocks(text.splitlines()):
        body = textwrap.dedent("\n".join(lines)).strip("\n")
        if not body.strip():
            continue
        if mark:
            kind, name = mark[1], mark[2] or ""
        else:
            kind, name = (_FENCES.get(fence, fence) if fence else kind_of(body)), ""
        found.append(Block(page, line, kind, name, body))
    return found


def lost_blocks(text):
    """Numbers of lines that look like the beginning of a block, but belong to the item of a list above them."""
    lines = text.splitlines()
    inside = {number for first, _, _, body in _raw_blocks(lines) for number in range(first - 1, first - 1 + len(body))}
    return [number + 1 for number, line in enumerate(lines) if line.startswith("    ") and number not in inside and
            number > 0 and not lines[number - 1].strip() and kind_of(line)]


def without_blocks(text):
    """TEXT with blanks for its blocks, its code in backquotes and its comments; lines stay where they are."""
    lines = text.splitlines()
    for first, _, _, body in _raw_blocks(text.splitlines()):
        for number in range(first - 1, first - 1 + len(body)):
            lines[number] = ""
    plain = "\n".join(lines)
    plain = re.sub(r"<!--.*?-->", lambda m: re.sub(r"[^\n]", " ", m[0]), plain, flags=re.S)
    return re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", lambda m: re.sub(r"[^\n]", "x", m[0]), plain, flags=re.S)


def slug(heading):
    """The anchor that a heading gets."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
    return re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")


def anchors(text):
    """All anchors of a page."""
    found, count = set(re.findall(r'<a (?:id|name)="([^"]+)"', text)), {}
    lines = text.splitlines()
    hidden = {number for first, _, _, body in _raw_blocks(lines) for number in range(first - 1, first - 1 + len(body))}
    for number, line in enumerate(lines):
        heading = re.match(r"#{1,6} +(.*?)#*$", line)
        if heading and number not in hidden:
            name = slug(heading[1])
            seen = count[name] = count.get(name, -1) + 1
            found.add(f"{name}-{seen}" if seen else name)
    return found


def commands(text):
    """The commands of a shell block, each on one line: without comments, and with its continuation lines."""
    joined = re.sub(r"\\\n\s*", "", text)
    return [line for raw in joined.splitlines() if (line := re.sub(r"(^|\s)#\s.*$", "", raw).strip())]


def pages(tree):
    """Names of the pages that people read to use the module."""
    return ["README.md", "SECURITY.md", *(name for name in tree.files("docs", ".md") if name.count("/") == 1)]

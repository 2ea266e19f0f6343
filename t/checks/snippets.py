#!/usr/bin/python3
"""Each block of code in the pages is tried by somebody: it is plain what it is, a block that shows what a program says is one
that a test compares, and each command is run by a test, is a program of the tree with such options, or says what it needs."""

import re

import documents
import tree as base

# Who tries a command that is no program of the tree: a regular expression for it, and either the file that runs it and a
# piece of text of that file, or what it needs that no test has.
COMMANDS = [
    (r"cmake --preset (release|fuzz) && cmake --build --preset \1", "t/run.sh", "cmake --build"),
    (r"cmake -B build/module -DCMAKE_BUILD_TYPE=Release -DWSFLOW_TESTS=OFF|cmake --build build/module|"
     r"cmake --install build/module", "t/checks/installed.py", "--install"),
    (r"ctest --test-dir build/release .*", "t/checks/CMakeLists.txt", "checks.${name}"),
    (r'make -C apxs( -j"\$\(nproc\)")?( install| APXS=\S+)?', "t/checks/installed.py", "apxs"),
    (r"cd t/httpd && (WSFLOW_\w+=\S+ )+/usr/bin/python3 -m pytest test_100_handshake.py", "t/CMakeLists.txt", "-m pytest"),
    (r"build/fuzz/t/fuzz/frame_scanner_fuzz .*", "t/fuzz/CMakeLists.txt", "_fuzz"),
    (r'sqlite3 /var/lib/wsflow/presence.db "SELECT key, joined, sockets FROM wsflow_online"', "t/stores/test_queries.py",
     "FROM wsflow_online"),
    (r"npx (wscat|artillery)@.*", "t/load/run.py", "artillery"),
    (r"locust -f t/load/locustfile.py .*", "t/load/run.py", "locustfile"),
    (r"apt-get install .*", None, "root: it changes the machine"),
    (r"a2enmod [\w ]+|a2ensite \w+|apachectl configtest|systemctl (restart|reload) (apache2|httpd)|"
     r"cp conf.d/.* /etc/apache2/mods-available/", None, "root: it changes the machine's own Apache"),
    (r"dnf install .*", None, "Fedora or RHEL"),
    (r"podman (build|run) .*", None, "podman and the image of httpd"),
    (r"setsebool -P httpd_can_network_connect 1|semanage fcontext .*|restorecon -R /var/lib/wsflow", None, "a kernel with SELinux"),
    (r"install -d -o www-data -g www-data /var/lib/wsflow", None, "root"),
    (r"createuser --pwprompt wsflow && createdb .*", None, "a server of PostgreSQL that is running"),
]


def program_of(tree, name):
    """The text of a program of the tree, a script or one that is built and installed; None if it is none of ours."""
    built = re.fullmatch(r"wsflow-(\w+)", name)
    if built:
        folder = tree.root / "mod_wsflow/programs" / built[1]
        return "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.?pp"))) if folder.is_dir() else ""
    if not re.match(r"(t|findings|apxs)/", name):
        return None
    path = tree.root / name
    return path.read_text(encoding="utf-8") if path.is_file() and path.stat().st_mode & 0o100 else ""


def is_program_of_the_tree(tree, command):
    """None if COMMAND is none; else what is wrong with it, "" if nothing is."""
    words = re.split(r"[;|&]", command)[0].split()
    if words[:1] == ["exit"]:
        return ""  # no program
    while words and re.match(r"\w+=", words[0]):
        words.pop(0)
    text = program_of(tree, words[0]) if words else None
    if text is None:
        return None
    if not text:
        return f"there is no program {words[0]}"
    unknown = [word for word in words[1:] if word.startswith("--") and word.partition("=")[0] not in text]
    return f"{words[0]} knows no {' '.join(unknown)}" if unknown else ""


def check(tree, _):
    blocks = [block for name in documents.pages(tree) for block in documents.blocks(name, tree.text(name))]
    if not any(block.kind == "httpd" for block in blocks) or not any(block.kind == "shell" for block in blocks):
        base.missing("the pages show no configuration and no command")
    tests = "\n".join(tree.text(name) for name in tree.files("t", ".py") if re.search(r"/test_\w+\.py$", name))
    findings, used, names = [], set(), {}
    foreign = set()
    for name in documents.pages(tree):
        findings += [f"{name}:{line}: no block, but a paragraph of the list above: a line of text must stand between"
                     for line in documents.lost_blocks(tree.text(name))]
        if found := documents.TRIED_BY.search(tree.text(name)):
            foreign.add(name)
            if name.rpartition("/")[2] not in tree.text(found[1]):
                findings.append(f"{name}: {found[1]} does not look at it")
    for number, block in enumerate(blocks):
        if block.kind not in documents.KINDS and (block.kind or block.page not in foreign):
            findings.append(f"{block.where}: what is this block? Write <!-- block: KIND --> above it "
                            f"({', '.join(sorted(documents.KINDS))})" + (f"; it says {block.kind}" if block.kind else ""))
        if block.name:
            if (block.page, block.name) in names:
                findings.append(f"{block.where}: the name {block.name} stands at {names[block.page, block.name]}, too")
            names[block.page, block.name] = block.where
        follows = number > 0 and blocks[number - 1].page == block.page and blocks[number - 1].kind in ("httpd-fails", "httpd-warns")
        if block.kind in documents.SAID and not follows:
            if not block.name or not is_tried(block.name, tests):
                findings.append(f"{block.where}: no test compares what is said here with what is really said; name the block, and "
                                "the name in a test")
        if block.kind in ("httpd-fails", "httpd-warns") and not (number + 1 < len(blocks) and blocks[number + 1].kind == "output"):
            findings.append(f"{block.where}: the next block must show what httpd says of it")
        if block.kind != "shell" or block.name and is_tried(block.name, tests):
            continue
        for command in documents.commands(block.text):
            wrong = is_program_of_the_tree(tree, command)
            if wrong:
                findings.append(f"{block.where}: {wrong}")
            if wrong is not None:
                continue
            row = next((row for row in COMMANDS if re.fullmatch(row[0], command)), None)
            if row is None and block.page in foreign:
                continue
            if row is None:
                findings.append(f"{block.where}: nobody runs \"{command}\": name the block and let a test run it, or write a row "
                                "into COMMANDS of t/checks/snippets.py")
            else:
                used.add(row)
    for row in COMMANDS:
        if row not in used:
            findings.append(f"COMMANDS of t/checks/snippets.py: no page shows {row[0]}")
        elif row[1] and row[2] not in tree.text(row[1]):
            findings.append(f"COMMANDS of t/checks/snippets.py: {row[1]} does not have \"{row[2]}\"")
    return findings


def is_tried(name, tests):
    """True if a test looks for the block: by its name, or by its beginning and a list of ends (f"{name}-before")."""
    if f'"{name}"' in tests:
        return True
    begin, _, end = name.rpartition("-")
    return bool(begin) and f'-{end}"' in tests and f'"{begin}"' in tests


base.run(check)

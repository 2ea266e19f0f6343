#!/usr/bin/python3
"""Each header compiles alone, with the flags of CMakeLists.txt, and may be included twice.

Where the source of the same name includes it before all others, the build of that source has shown it.
"""

import concurrent.futures
import re
import shutil
import subprocess

import tree as base


def output(*command):
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    except (OSError, subprocess.CalledProcessError) as error:
        return base.missing(f"{' '.join(command)}: {error}")


def flags_of(tree, compiler):
    found = re.search(r"target_compile_options\(wsflow_flags INTERFACE\n(.*?)\)", tree.text("CMakeLists.txt"), re.S)
    if not found:
        base.missing("CMakeLists.txt names no flags for wsflow_flags")
    flags = found[1].split() + ["-Werror"]
    if "clang" in compiler:
        flags.remove("-fno-gnu-unique")
    definitions = re.findall(r"target_compile_definitions\(wsflow_border PRIVATE (\w+)\)", tree.text("CMakeLists.txt"))
    system = output("apxs", "-q", "INCLUDEDIR") + output("apr-1-config", "--includedir")
    return (["-std=c++20", "-fsyntax-only", f"-I{tree.root}", *flags] + output("apr-1-config", "--cppflags") +
            [f"-D{name}" for name in definitions] + [word for path in system for word in ("-isystem", path)])


def shown_by_build(tree, header):
    source = header.rsplit(".", 1)[0] + ".cpp"
    if not (tree.root / source).is_file():
        return False
    first = re.search(r'^#include (.*)$', tree.text(source), re.M)
    return first is not None and first[1] == f'"{header}"'


def compile_alone(tree, compiler, flags, header):
    """The first complaint about HEADER, or None."""
    # In the tree: what is read from stdin finds its own headers in the current folder first.
    done = subprocess.run([compiler, *flags, "-x", "c++", "-"], input=f'#include "{header}"\n', cwd=tree.root,
                          capture_output=True, text=True)
    if done.returncode == 0:
        return None
    errors = [line for line in done.stderr.splitlines() if "error" in line]
    return f"{header}: {(errors or done.stderr.splitlines() or ['it does not compile'])[0]}"


def check(tree, options):
    if shutil.which(options.compiler) is None:
        base.missing(f"no compiler {options.compiler}")
    flags = flags_of(tree, options.compiler)
    headers = options.header or tree.files("mod_wsflow", ".hpp", ".h")
    unguarded = [f"{header}: has no #pragma once" for header in headers
                 if not re.search(r"^#pragma once$", tree.text(header), re.M)]
    alone = [header for header in headers if not shown_by_build(tree, header)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        complaints = pool.map(lambda header: compile_alone(tree, options.compiler, flags, header), alone)
        return unguarded + [complaint for complaint in complaints if complaint]


base.run(check, ("--compiler", {"default": "g++"}), ("header", {"nargs": "*", "help": "only these"}))

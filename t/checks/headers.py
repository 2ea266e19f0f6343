#!/usr/bin/python3
"""Each header compiles alone, and twice in one file, with the flags of CMakeLists.txt."""

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
    flags = found[1].split()
    if "clang" in compiler:
        flags.remove("-fno-gnu-unique")
    definitions = re.findall(r"target_compile_definitions\(mod_wsflow PRIVATE (\w+)\)", tree.text("CMakeLists.txt"))
    system = output("apxs", "-q", "INCLUDEDIR") + output("apr-1-config", "--includedir")
    return (["-std=c++20", "-fsyntax-only", f"-I{tree.root}", *flags] + output("apr-1-config", "--cppflags") +
            [f"-D{name}" for name in definitions] + [word for path in system for word in ("-isystem", path)])


def compile_twice(tree, compiler, flags, header):
    """The first complaint about HEADER, or None."""
    code = f'#include "{header}"\n#include "{header}"\n'
    # In the tree: what is read from stdin finds its own headers in the current folder first.
    done = subprocess.run([compiler, *flags, "-x", "c++", "-"], input=code, cwd=tree.root, capture_output=True,
                          text=True)
    if done.returncode == 0:
        return None
    errors = [line for line in done.stderr.splitlines() if "error" in line]
    return f"{header}: {(errors or done.stderr.splitlines() or ['it does not compile'])[0]}"


def check(tree, options):
    if shutil.which(options.compiler) is None:
        base.missing(f"no compiler {options.compiler}")
    flags = flags_of(tree, options.compiler)
    headers = options.header or tree.files("mod_wsflow", ".hpp", ".h")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        complaints = pool.map(lambda header: compile_twice(tree, options.compiler, flags, header), headers)
        return [complaint for complaint in complaints if complaint]


base.run(check, ("--compiler", {"default": "g++"}), ("header", {"nargs": "*", "help": "only these"}))

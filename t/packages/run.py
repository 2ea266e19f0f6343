#!/usr/bin/python3
"""The packages in a fresh Debian 12: made, looked at by lintian, installed, used, upgraded while tunnels talk, switched off and
purged. No test of ctest; by hand, as root, with debootstrap and a network for apt-get:

    t/packages/run.py
    t/packages/run.py --built build/release --later FOLDER    # with modules that are built already, of two versions
    t/packages/run.py --two-commands                           # the two commands of the README too, which takes an hour

The Debian lives below build/packages; the machine's own httpd, network and packages stay as they are. It ends with 1 and says
what, if something is not as it should be.
"""

import argparse
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.request

import debian_root
from debs import MODULES, ROOT, build, run
from expect import expect, say, wait

WORK = ROOT / "build/packages"


# The packages

def later_tree(target):
    """A copy of the tree of another version: it has one more reason for refusing handshakes, so it shares no counters."""
    run(ROOT / "apxs/tree.sh", target)
    for name, before, more in (("base/outcome.hpp", "  expired, ", "  on_trial,\n"),
                               ("base/outcome.cpp", "    case HandshakeRefusal::expired:",
                                '    case HandshakeRefusal::on_trial: return "on-trial";\n')):
        path = target / "mod_wsflow" / name
        text = path.read_text(encoding="utf-8")
        expect(before in text, f"{path} has no \"{before}\"")
        path.write_text(text.replace(before, more + before), encoding="utf-8")
    return target


def next_version(version):
    upstream, _, revision = version.rpartition("-")
    return f"{upstream}-{int(revision) + 1}"


def make_packages(arguments):
    """The packages of this version and of the next one."""
    say("packages of this version")
    first = build(WORK / "first", built=arguments.built)
    version = next_version(first["libapache2-mod-wsflow"].version)
    say(f"packages of {version}")
    tree = ROOT
    if not arguments.later:
        tree = WORK / "later-tree"
        shutil.rmtree(tree, ignore_errors=True)
        later_tree(tree)
    return first, build(WORK / "second", tree=tree, built=arguments.later, version=version)


def check_symbols(packages):
    """Each module has its symbols in a package of their own."""
    for name, module in MODULES.items():
        symbols = WORK / "symbols" / name
        shutil.rmtree(symbols, ignore_errors=True)
        symbols.mkdir(parents=True)
        packages[name].unpack(symbols)
        packages[f"{name}-dbgsym"].unpack(symbols)
        build_id = re.search(r"Build ID: (\w+)", run("readelf", "-n", symbols / f"usr/lib/apache2/modules/mod_{module}.so"))[1]
        debug = symbols / f"usr/lib/debug/.build-id/{build_id[:2]}/{build_id[2:]}.debug"
        expect(debug.exists(), f"{name}-dbgsym has nothing of build {build_id}")
        expect(".debug_info" in run("readelf", "-SW", debug), f"{name}-dbgsym has no debug information")
        flags = run("readelf", "-dlW", symbols / f"usr/lib/apache2/modules/mod_{module}.so")
        expect("GNU_RELRO" in flags and "NOW" in flags, f"{name}: not hardened")


# The README

def two_commands(base):
    """The README's two commands, in a Debian of their own."""
    root = base.copy(WORK / "commands")
    run(ROOT / "apxs/tree.sh", root / "root/mod_wsflow")
    with root.mounted():
        say("t/demo/run.sh")
        port = "18080"
        demo = root.start("env", f"WSFLOW_DEMO_PORT={port}", "WSFLOW_DEMO_TLS_PORT=18443", "/root/mod_wsflow/t/demo/run.sh",
                          start_new_session=True)

        def page():
            expect(demo.poll() is None, f"t/demo/run.sh has ended with {demo.returncode}")
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                return answer.status == 200
        try:
            wait(page, "the page of the demo", 3600)
        finally:
            demo.terminate()
            demo.wait(60)
        say("t/run.sh")
        root.run("/root/mod_wsflow/t/run.sh")
    shutil.rmtree(root.path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--built", type=pathlib.Path, help="modules and programs of this version, built already")
    parser.add_argument("--later", type=pathlib.Path, help="those of another version")
    parser.add_argument("--two-commands", action="store_true", help="the README's two commands too")
    parser.add_argument("--keep", action="store_true", help="leave the Debian below build/packages")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("run.py: it takes root to make a Debian")
    if not shutil.which("debootstrap"):
        sys.exit("run.py: debootstrap is missing: apt-get install debootstrap")
    base = debian_root.base(WORK / "base")
    first, second = make_packages(arguments)
    if not arguments.built:
        check_symbols(first)
    target = WORK / "root"
    shutil.rmtree(target, ignore_errors=True)
    root = base.copy(target)
    say("lintian")
    install_folder = root / "root/lintian"
    install_folder.mkdir()
    for deb in first.values():
        shutil.copy(deb.path, install_folder)
    with root.mounted():
        print(root.run("sh", "-c", "lintian --allow-root --pedantic --fail-on error,warning,pedantic /root/lintian/*.deb"))
    shutil.rmtree(install_folder)
    done = subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                           sys.executable, pathlib.Path(__file__).with_name("life.py"), target, WORK / "first", WORK / "second"])
    if not arguments.keep:
        shutil.rmtree(target)
    if done.returncode != 0:
        sys.exit(1)
    if arguments.two_commands:
        two_commands(base)
    say("all as it should be")


if __name__ == "__main__":
    try:
        main()
    except (AssertionError, RuntimeError) as wrong:
        sys.exit(f"WRONG: {wrong}")

#!/usr/bin/python3
"""t/setup.sh copes with any machine, here played by programs of our own; and what is left is no fault of the module's."""

import os
import pathlib
import subprocess
import sys
import tempfile

import tree as base

SETUP, JUDGE = "t/setup.sh", "t/httpd/support/error_log.py"
BUILT_WITH = "3.0.22"
WARNING = ("[Fri Nov 27 16:00:00.000000 2026] [ssl:warn] [pid 1:tid 1] AH01882: Init: this version of mod_ssl was compiled "
           "against a newer library")

# Programs that setup.sh calls. OLD: version of libssl3; LACKS: a package that is not there; apt-get tells what it is asked.
PROGRAMS = {
    "dpkg-query": 'case "$*" in *libssl3:*) echo "$OLD" ;; *" $LACKS") ;; *) echo "ii " ;; esac',
    "dpkg": 'case "$1" in --print-architecture) echo amd64 ;; *) exec /usr/bin/dpkg "$@" ;; esac',
    "apt-get": 'if [ "$1" = install ]; then echo "apt: $*"; touch "$ENABLED/qos.load" "$ENABLED/unique_id.load"; cat "$CLUSTERS"/*; fi; '
               'exit "$APT"',
    "a2dismod": 'for module; do rm -f "$ENABLED/$module.load"; done',
    "id": 'echo "$USER_ID"',
    "node": "true", "npm": "mkdir -p build/npm/node_modules/ws build/npm/node_modules/axe-core",
}
# Package that is missing, version of libssl3, user, status of apt-get; status of setup.sh, and words that it says or not.
UPGRADE, HINT, MISSING = "libssl3 openssl", "AH01882", "packages are missing"
CASES = [
    ("nothing", "3.0.22-1~deb12u2", 0, 0, 0, [], [UPGRADE, HINT]),
    ("nothing", "3.0.23-1~deb12u1", 0, 0, 0, [], [UPGRADE, HINT]),
    ("nothing", "3.0.9-1", 0, 0, 0, [UPGRADE], [HINT]),
    ("nothing", "3.0.9-1", 0, 100, 0, [UPGRADE, HINT], []),
    ("nothing", "3.0.19-1~deb12u1", 1000, 0, 0, [HINT], [UPGRADE]),
    ("apache2", "3.0.19-1~deb12u1", 0, 0, 0, [f"apache2 {UPGRADE}"], [HINT]),
    ("cmake", "3.0.19-1~deb12u1", 0, 0, 0, [f"cmake {UPGRADE}"], [HINT]),
    ("cmake", "3.0.22-1~deb12u2", 0, 0, 0, ["install -q -y --no-install-recommends cmake"], [UPGRADE, HINT]),
    ("cmake", "3.0.22-1~deb12u2", 0, 0, 0, [], ["create_main_cluster"]),
    ("postgresql", "3.0.22-1~deb12u2", 0, 0, 0, ["create_main_cluster = false"], []),
    ("cmake", "3.0.22-1~deb12u2", 1000, 0, 1, [MISSING], ["apt:"]),
    ("cmake", "3.0.22-1~deb12u2", 0, 100, 100, [], [HINT]),
]


def moved(script, path, target):
    if path not in script:
        base.missing(f"{SETUP} does not name {path}")
    return script.replace(path, str(target))


def make_machine(root, script, package_json):
    (root / "t").mkdir()
    (root / "enabled").mkdir()
    (root / "bin").mkdir()
    for name, program in PROGRAMS.items():
        path = root / "bin" / name
        path.write_text(f"#!/bin/sh\n{program}\n")
        path.chmod(0o755)
    (root / "mod_ssl.so").write_bytes(b"\0OpenSSL 3.0.9\0OpenSSL %s 25 Aug 2026\0" % BUILT_WITH.encode())
    script = moved(script, "/usr/lib/apache2/modules/mod_ssl.so", root / "mod_ssl.so")
    script = moved(script, "/usr/sbin/policy-rc.d", root / "policy-rc.d")
    script = moved(script, "/etc/apache2/mods-enabled", root / "enabled")
    script = moved(script, "/etc/postgresql-common/createcluster.d", root / "clusters")
    (root / "t/setup.sh").write_text(script)
    (root / "t/package.json").write_text(package_json)


def try_case(root, lacks, old, user, apt, status, said, unsaid):
    environment = {**os.environ, "PATH": f"{root}/bin:{os.environ['PATH']}", "OLD": old, "LACKS": lacks,
                   "USER_ID": str(user), "APT": str(apt), "ENABLED": str(root / "enabled"),
                   "CLUSTERS": str(root / "clusters")}
    own = root / "enabled/unique_id.load"  # the machine's
    own.touch()
    done = subprocess.run(["sh", root / "t/setup.sh"], env=environment, capture_output=True, text=True)
    output = done.stdout + done.stderr
    what = f"{SETUP}: without {lacks}, libssl3 {old}, user {user}, apt-get {apt}"
    findings = [f"{what}: ends with {done.returncode}"] if done.returncode != status else []
    findings += [f"{what}: does not say \"{words}\"" for words in said if words not in output]
    findings += [f"{what}: says \"{words}\"" for words in unsaid if words in output]
    if sorted((root / "enabled").iterdir()) != [own]:
        findings.append(f"{what}: leaves a module of others on, or switches one of the machine's off")
    if list((root / "clusters").glob("*")):
        findings.append(f"{what}: leaves its setting for clusters of PostgreSQL")
    if (root / "policy-rc.d").exists():
        findings.append(f"{what}: leaves its policy-rc.d")
    return findings


def judged(tree):
    """What is wrong with the judge of error logs."""
    code = ("import sys; sys.path.insert(0, sys.argv[1]); import error_log as log; "
            "sys.exit(log.is_complaint(sys.argv[2]) or log.is_warning_of_others(sys.argv[2]))")
    folder = tree.path(JUDGE).parent
    done = subprocess.run([sys.executable, "-B", "-c", code, folder, WARNING], capture_output=True, text=True)
    return [f"{JUDGE}: takes mod_ssl's warning of an old OpenSSL for a fault {done.stderr}"] if done.returncode else []


def check(tree, _):
    findings = judged(tree)
    with tempfile.TemporaryDirectory(prefix="wsflow-machine-") as folder:
        root = pathlib.Path(folder)
        make_machine(root, tree.text(SETUP), tree.text("t/package.json"))
        for case in CASES:
            findings += try_case(root, *case)
    return findings


base.run(check)

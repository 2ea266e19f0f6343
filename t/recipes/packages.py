"""Packages of Debian and npm: what is missing, how it comes in, and in which version it is there."""

import contextlib
import json
import pathlib
import shutil
import subprocess

from application import PACKAGES

HERE = pathlib.Path(__file__).resolve().parent
_POLICY = pathlib.Path("/usr/sbin/policy-rc.d")


def debian_version(name):
    """None if it is not installed."""
    told = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Version}", name], capture_output=True, text=True)
    words = told.stdout.split()
    return words[1] if told.returncode == 0 and words[0] == "ii" else None


def npm_version(name):
    return json.loads((PACKAGES / "node_modules" / name / "package.json").read_text())["version"]


def missing(names):
    return [name for name in names if debian_version(name) is None]


@contextlib.contextmanager
def _nothing_starts():
    """Packages that come in meanwhile start no service."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()


def install_debian(names):
    if not names:
        return
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}
    with _nothing_starts():
        subprocess.run(["apt-get", "update", "-q"], check=True, env=environment)
        subprocess.run(["apt-get", "install", "-q", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", *names],
                       check=True, env=environment)


def install_npm():
    """Puts the clients beside their packages, where node looks for these; fetches the packages when the lock file is another
    one than that of the last time."""
    PACKAGES.mkdir(parents=True, exist_ok=True)
    shutil.copytree(HERE / "clients", PACKAGES / "clients", dirs_exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, PACKAGES / name)
    lock = (HERE / "package-lock.json").read_bytes()
    mark = PACKAGES / "node_modules" / ".wsflow-lock"
    if mark.exists() and mark.read_bytes() == lock:
        return
    subprocess.run(["npm", "ci", "--prefix", str(PACKAGES), "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
                   check=True)
    # WeTTY's terminals: the one package that must be compiled. NodeSource's packages have the headers of node beside it.
    headers = ["--nodedir=/usr"] if pathlib.Path("/usr/include/node/node.h").exists() else []
    subprocess.run(["npm", "rebuild", "--prefix", str(PACKAGES), "node-pty", "--loglevel=error", *headers], check=True)
    mark.write_bytes(lock)


def versions(app):
    """What an application and its client are, as "mosquitto 2.0.11-1"."""
    return [f"{name} {debian_version(name)}" for name in app.packages] + [f"{name} {npm_version(name)}" for name in app.npm]

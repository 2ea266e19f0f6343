"""A fresh Debian 12 below a folder: made by debootstrap, kept as it is when it is new, and copied for each run."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess

from debs import run

SUITE = "bookworm"
# httpd as everybody has it; what the packages depend on, so that they can be installed without a network; and what looks at them.
PACKAGES = ("apache2", "libhiredis0.14", "libaprutil1-dbd-sqlite3", "logrotate", "lintian", "man-db", "ca-certificates")
POLICY = "usr/sbin/policy-rc.d"
BINDS = ("dev",)


def mirror():
    """Where this machine has its packages from."""
    for path in (*pathlib.Path("/etc/apt/sources.list.d").glob("*.sources"), pathlib.Path("/etc/apt/sources.list")):
        if path.exists() and (found := re.search(r"https?://\S+/debian(?=/?\s)", path.read_text())):
            return found[0]
    return "http://deb.debian.org/debian"


class Root:
    def __init__(self, path):
        self.path = path

    def __truediv__(self, name):
        return self.path / name.lstrip("/")

    def _command(self, command):
        return ["chroot", str(self.path), "/usr/bin/env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", *command]

    def run(self, *command):
        """The output of COMMAND inside, which must succeed."""
        return run(*self._command(map(str, command)))

    def attempt(self, *command):
        """Status and output of COMMAND inside."""
        done = subprocess.run(self._command(list(map(str, command))), capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def start(self, *command, **options):
        return subprocess.Popen(self._command(list(map(str, command))), **options)

    @contextlib.contextmanager
    def mounted(self):
        """/dev and /proc are there meanwhile, as it takes to install and to run something. The root is a mount, as everywhere
        else: it takes one to make mounts private."""
        done = []

        def mount(target, *words):
            subprocess.run(["mount", *words, target], check=True)
            done.append(target)
        try:
            mount(self.path, "--bind", self.path)
            subprocess.run(["mount", "--make-private", self.path], check=True)
            for name in BINDS:
                mount(self / name, "--rbind", f"/{name}")
                subprocess.run(["mount", "--make-rslave", self / name], check=True)
            mount(self / "proc", "-t", "proc", "proc")
            yield self
        finally:
            for target in reversed(done):
                subprocess.run(["umount", "-R", "-l", target], check=True)

    def copy(self, target):
        run("cp", "-a", "--reflink=auto", f"{self.path}/.", target)
        return Root(target)

    def services(self, wanted):
        """Whether services may be started. Without an init system invoke-rc.d starts, stops and reloads nothing, and says that all
        is well, unless a policy allows it."""
        (self / POLICY).write_text(f"#!/bin/sh\nexit {0 if wanted else 101}\n")
        (self / POLICY).chmod(0o755)


def base(folder):
    """The new one, made at the first time."""
    root = Root(folder)
    done = folder.with_suffix(".done")
    if done.exists():
        return root
    print(f"debootstrap of {SUITE}, from {mirror()}, into {folder}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    run("debootstrap", "--variant=minbase", SUITE, folder, mirror())
    # The security archive has newer versions of httpd and OpenSSL.
    (root / "etc/apt/sources.list").write_text(
        f"deb {mirror()} {SUITE} main\ndeb {mirror()} {SUITE}-updates main\ndeb {mirror()}-security {SUITE}-security main\n")
    root.services(False)
    with root.mounted():
        root.run("apt-get", "update", "-q")
        root.run("apt-get", "dist-upgrade", "-q", "-y")
        root.run("apt-get", "install", "-q", "-y", "--no-install-recommends", *PACKAGES)
        root.run("apt-get", "clean")
    (root / POLICY).unlink()
    done.touch()
    return root

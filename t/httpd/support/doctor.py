"""wsflow-doctor against a private httpd, and the hand of an operator who does what it says."""

import json
import os
import pathlib
import re
import resource
import shlex
import subprocess

import sanitizers
from wait import seconds

PROGRAM = os.environ.get("WSFLOW_DOCTOR") or str(pathlib.Path(os.environ["WSFLOW_MODULE"]).parent / "wsflow-doctor")


class Doctor:
    """The doctor of a SITE. Its apachectl does as Debian's: it reads envvars, sets the limit of descriptors, and starts httpd."""

    def __init__(self, site):
        self.site = site
        self.envvars = site.root / "envvars"
        self.ctl = site.root / "ctl"
        command = " ".join(map(shlex.quote, site.program()))
        self.ctl.write_text(f'#!/bin/sh\nif test -f "{self.envvars}"; then . "{self.envvars}"; fi\n'
                            f'${{APACHE_ULIMIT_MAX_FILES:-true}}\nexec {command} "$@"\n')
        self.ctl.chmod(0o755)

    def run(self, *arguments, ctl=True, **options):
        """What it writes, and its exit status."""
        words = [PROGRAM, *(["--apachectl", str(self.ctl)] if ctl else []), *arguments]
        return subprocess.run(words, env=sanitizers.environment(self.site.root), capture_output=True, text=True,
                              timeout=seconds(60), **options)

    def report(self, *arguments, **options):
        """Its JSON; of one that could look at the configuration."""
        done = self.run("--json", *arguments, **options)
        assert done.stdout.startswith("{"), done
        told = json.loads(done.stdout)
        assert told["exit"] == done.returncode, (told["exit"], done)
        return told

    def dump(self):
        done = subprocess.run([self.ctl, "-t", "-D", "DUMP_WSFLOW"], env=sanitizers.environment(self.site.root),
                              capture_output=True, text=True, timeout=seconds(60))
        assert done.returncode == 0, done
        return json.loads(done.stdout)

    def ulimit(self):
        """What envvars says, as the limit of descriptors for Httpd.start(before_exec=…)."""
        done = subprocess.run(["sh", "-c", f'. "{self.envvars}"; $APACHE_ULIMIT_MAX_FILES && ulimit -Hn'], check=True,
                              capture_output=True, text=True)
        limit = int(done.stdout)
        return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))


def trouble(report, name):
    """The troubles with that id."""
    return [each for each in report["troubles"] if each["id"] == name]


def names(report):
    return [each["id"] for each in report["troubles"]]


def obey(site, advice):
    """Writes a line where it is to be written: in place of the one that is there, or at the end of the file."""
    where, line = advice["where"], advice["line"]
    path, _, number = where.partition(":")
    assert path == str(site.root / "httpd.conf"), advice
    path = pathlib.Path(path)
    lines = path.read_text().splitlines()
    if not number:
        # Ahead of the virtual hosts: it is of the server.
        lines.insert(next(at for at, text in enumerate(lines) if text.startswith("<VirtualHost")), line)
    elif re.match(r"[a-z-]+=", line):
        # A key of the line that is there.
        key = line.split("=")[0]
        old = lines[int(number) - 1]
        new, count = re.subn(rf"\b{key}=\S+", line, old)
        lines[int(number) - 1] = new if count else f"{old} {line}"
    else:
        assert lines[int(number) - 1].split()[0] == line.lstrip("#").split()[0], (lines[int(number) - 1], advice)
        lines[int(number) - 1] = line
    path.write_text("\n".join(lines) + "\n")

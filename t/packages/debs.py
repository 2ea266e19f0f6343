"""The Debian packages: how they are made, and what is in one."""

import os
import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = "apxs/debian/build.sh"
MODULES = {"libapache2-mod-wsflow": "wsflow", "libapache2-mod-wsflow-presence": "wsflow_presence",
           "libapache2-mod-wsflow-redis": "wsflow_redis"}


def run(*command, **options):
    """The output of COMMAND, which must succeed."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: ended with {done.returncode}\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


def programs(tree=ROOT):
    """The programs of the list, and what apxs calls the place of each."""
    lines = [line.split() for line in (tree / "apxs/programs.list").read_text().splitlines() if re.match("[a-z]", line)]
    return {f"wsflow-{name}": place for name, place, *_ in lines}


class Deb:
    """One package."""

    def __init__(self, path):
        self.path = path
        self.fields = dict(re.findall(r"^(\S+): (.*)$", run("dpkg-deb", "-f", path), re.M))
        self.name, self.version = self.fields["Package"], self.fields["Version"]

    def files(self):
        """Path and mode of each file that is no folder."""
        lines = [line.split(None, 5) for line in run("dpkg-deb", "-c", self.path).splitlines()]
        return {words[5].removeprefix("."): words[0] for words in lines if not words[0].startswith("d")}

    def unpack(self, folder):
        run("dpkg-deb", "-x", self.path, folder)

    def script(self, name, folder):
        """A maintainer script, or a list of dpkg's; None if it has none."""
        control = folder / f"{self.name}.control"
        if not control.exists():
            run("dpkg-deb", "-e", self.path, control)
        return control / name if (control / name).exists() else None


def build(out, *, tree=ROOT, built=None, version=None):
    """The packages of TREE by their names, made in OUT; with symbols in packages of their own unless it is BUILT already."""
    options = [*(("--built", built) if built else ()), *(("--version", version) if version else ())]
    run(tree / BUILD, "--out", out, *options, env={**os.environ, **({"DEB_BUILD_OPTIONS": "noautodbgsym"} if built else {})})
    return {deb.name: deb for deb in map(Deb, sorted(out.glob("*.deb")))}


def without_debug_information(modules, folder):
    """Copies of MODULES that are quick to pack: they have symbols still, which packages must not have."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in modules:
        run("objcopy", "--strip-debug", path, folder / path.name)
        shutil.copymode(path, folder / path.name)
    return folder

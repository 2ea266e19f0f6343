"""Where a run takes place: namespaces of its own. Each application has its usual port there, names are what /etc/hosts
says, and nothing that was started outlives the run."""

import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import sys

HOST = "example.com"  # of sub-paths
ADDRESS = "127.0.0.1"
OWN_ADDRESS = "127.0.0.2"  # of virtual hosts of their own
CERTIFICATES = "/etc/ssl/private"  # where the recipes have the certificate
USER, PASSWORD = "guest", "a-guest-of-the-recipes"

_CLONE_NEWNS, _CLONE_NEWPID, _CLONE_NEWNET = 0x00020000, 0x20000000, 0x40000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def own_host(name):
    return f"{name}.{HOST}"


def enter():
    """Returns in a process of its own, the first of new namespaces; all that it leaves behind ends with it. The process that
    was here waits for it, passes signals on, and ends as it ends."""
    if os.geteuid() != 0:
        sys.exit("the recipes run in namespaces of their own, which needs root")
    _succeed(_libc.unshare(_CLONE_NEWNS | _CLONE_NEWNET | _CLONE_NEWPID), "unshare")
    inside = os.fork()
    if inside:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda which, _: os.kill(inside, which))
        os._exit(abs(os.waitstatus_to_exitcode(os.waitpid(inside, 0)[1])))
    _succeed(_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))  # so that what was made is removed
    _succeed(_libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None), "mount")
    _succeed(_libc.mount(b"proc", b"/proc", b"proc", 0, None), "mount /proc")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def _succeed(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


def lay(source, place):
    """The file or folder SOURCE is seen at PLACE, in this run alone."""
    _succeed(_libc.mount(str(source).encode(), place.encode(), None, _MS_BIND, None), f"{source} at {place}")


def furnish(folder, certs, names):
    """Names of hosts, the certificate where recipes have it, and a user who may log in."""
    hosts = folder / "hosts"
    hosts.write_text(f"{ADDRESS} localhost {os.uname().nodename} {HOST}\n" +
                     "".join(f"{OWN_ADDRESS} {own_host(name)}\n" for name in names))
    lay(hosts, "/etc/hosts")

    private = folder / "private"
    private.mkdir(mode=0o755)
    (private / f"{HOST}.pem").write_text(certs.server.read_text() + certs.server_key.read_text())
    lay(private, CERTIFICATES)

    secret = subprocess.run(["openssl", "passwd", "-6", PASSWORD], check=True, capture_output=True, text=True).stdout.strip()
    home = folder / "home"
    home.mkdir()
    os.chown(home, 4711, 4711)
    # httpd has the same user (login.conf).
    server = folder / "apache2"
    shutil.copytree("/etc/apache2", server, symlinks=True)
    (server / "users").write_text(f"{USER}:{secret}\n")
    lay(server, "/etc/apache2")
    for name, line in (("passwd", f"{USER}:x:4711:4711::{home}:/bin/bash"), ("group", f"{USER}:x:4711:"),
                       ("shadow", f"{USER}:{secret}:19000:0:99999:7:::")):
        file = folder / name
        file.write_text(pathlib.Path(f"/etc/{name}").read_text() + line + "\n")
        lay(file, f"/etc/{name}")

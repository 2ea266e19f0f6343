"""The documentation at work: its blocks in a private httpd, and somebody who types its commands."""

import os
import pathlib
import re
import shlex
import socket
import ssl
import subprocess
import sys

import frames
import handshake
from conf import conf_without_module
from wait import seconds
from wire import Wire

TREE = pathlib.Path(__file__).resolve().parents[3]
sys.path.append(str(TREE / "t/checks"))

import documents  # noqa: E402

# The name of the examples' site.
SITE = "chat.example.org"
# What httpd says when its stop does not end the sockets that mod_proxy has on workers.
SOCKETS_ON_WORKERS = "AH0004[56]"


def pages():
    """Names of the pages, of README.md and SECURITY.md too."""
    return [name for name in ("README.md", "SECURITY.md") if (TREE / name).exists()] + \
        sorted(f"docs/{path.name}" for path in (TREE / "docs").glob("*.md"))


class Page:
    def __init__(self, name):
        self.path = TREE / name
        self.text = self.path.read_text()
        self.blocks = documents.blocks(name, self.text)

    def find(self, name):
        (found,) = [block for block in self.blocks if block.name == name]
        return found

    def block(self, name, **addresses):
        """The text of a block with a name; ADDRESSES are the ports of the examples (p9000) and the test's own."""
        return put(self.find(name).text, **addresses)

    def follows(self, block):
        """The block behind another one."""
        return self.blocks[self.blocks.index(block) + 1]


def put(text, **addresses):
    """TEXT with ports of the test in the place of those of the examples: p9000=4711."""
    for theirs, ours in addresses.items():
        text = re.sub(rf"(?<=:){theirs[1:]}\b", str(ours), text)
    return text


def pattern(line):
    """A regular expression for a line that is shown with … for what differs."""
    return ".*".join(re.escape(part.strip()) for part in line.split("…"))


def missing_lines(block, said):
    """The lines of a BLOCK that are not in what was SAID."""
    return [line for line in block.text.splitlines() if line.strip() and not re.search(pattern(line), said)]


def assert_said(block, said):
    missing = missing_lines(block, said)
    assert not missing, f"{block.where} shows what was not said: {missing}\n--- said:\n{said}"


class Guest(Wire):
    """A client of the examples' site, with a tunnel if that is what it got."""

    def __init__(self, address, path, *, tls=False, headers=(), host=SITE, **shape):
        sock = socket.create_connection(address, seconds(20))
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            sock = context.wrap_socket(sock, server_hostname=host)
        super().__init__(sock)
        self.send(handshake.request(path, host, headers, **shape))
        self.head = self.read_head()

    def talk(self, text=b"there and back"):
        """True if a message comes back."""
        self.send_frame(frames.TEXT, text, masked=True)
        return self.read_frame() == (True, frames.TEXT, text)


class Reader:
    """Types commands as the pages show them: apachectl is that of the SITE, and each address leads to it."""

    def __init__(self, site):
        self._site = site
        self._home = site.root / "reader"
        (self._home / "bin").mkdir(parents=True, exist_ok=True)
        self._program("apachectl", f"""case "$1" in
configtest) exec {shlex.join(site.program("-t"))} ;;
graceful) exec kill -USR1 "$(cat {site.root}/httpd.pid)" ;;
*) exec {shlex.join(site.program())} "$@" ;;
esac""")
        (self._home / ".curlrc").write_text(f'connect-to = ":80:{site.host}:{site.http_port}"\n'
                                            f'connect-to = ":443:{site.host}:{site.https_port}"\ninsecure\n')

    def _program(self, name, script):
        path = self._home / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def run(self, text, **addresses):
        """What a block of commands says, on both of its outputs."""
        text = put(text, **addresses).replace("/var/log/apache2", str(self._site.root))
        done = subprocess.run(["bash", "-c", text], cwd=TREE, text=True, stdin=subprocess.DEVNULL, timeout=seconds(60),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**os.environ, "HOME": str(self._home),
                                   "PATH": f"{self._home}/bin:/usr/sbin:{os.environ['PATH']}"})
        return done.stdout


def stock(site):
    """Starts a SITE without the module."""
    conf_without_module(site)
    site.log.allow(SOCKETS_ON_WORKERS)
    return site.start()


def modules_of(text):
    """Modules that a configuration needs beyond those that each test's httpd has."""
    wanted = {"RequestReadTimeout": "reqtimeout", "hcmethod": "proxy_hcheck", "RemoteIP": "remoteip"}
    return [module for word, module in wanted.items() if word in text]

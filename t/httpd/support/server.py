"""A private httpd: its own server root in a temporary folder, its own ports, its own process group."""

import functools
import http.client
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
from dataclasses import dataclass

import conf as pieces
import processes
import sanitizers
from error_log import ErrorLog
from status import Status
from wait import seconds, wait_until

# Another httpd than Debian's: docs/testing.md.
APACHE = os.environ.get("WSFLOW_HTTPD") or "/usr/sbin/apache2"


@functools.cache
def version():
    """The httpd that is tried, as (2, 4, 71)."""
    told = subprocess.run([APACHE, "-v"], check=True, capture_output=True, text=True).stdout
    return tuple(int(part) for part in re.search(r"Apache/([\d.]+)", told)[1].split("."))


@dataclass
class Response:
    status: int
    headers: dict
    body: bytes

    @property
    def text(self):
        return self.body.decode()


def free_port(host="127.0.0.1"):
    """A port below the ephemeral range, so that no outgoing connection takes it meanwhile."""
    while True:
        port = random.SystemRandom().randint(15000, 32000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
                return port
            except OSError:
                continue


class Httpd:
    """CONF goes into both virtual hosts (plain and TLS), MAIN into the server, the others into one host, TAIL behind all. It
    listens on HOST, at ports of its choice or at PORTS (plain, TLS)."""

    def __init__(self, certs, conf="", *, main="", tail="", plain_conf="", tls_conf="", mpm="event", children=1, threads=25,
                 modules=(), module=None, host="127.0.0.1", ports=None):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="wsflow-httpd-", dir="/tmp"))
        self.root.chmod(0o777)
        (self.root / "htdocs").mkdir()
        (self.root / "htdocs" / "index.html").write_text("an ordinary page\n")
        self.module = pathlib.Path(module or os.environ["WSFLOW_MODULE"])
        self.certs = certs
        self.host = host
        self._ports = ports
        self.log = ErrorLog(self.root / "error.log")
        self.access_log = self.root / "access.log"
        self.status = Status(self)
        self._shape = dict(conf=conf, main=main, tail=tail, plain_conf=plain_conf, tls_conf=tls_conf, mpm=mpm,
                           children=children, threads=threads, modules=modules)
        self._process = None
        self.write_conf()

    # Configuration
    def write_conf(self, **changes):
        """Writes httpd.conf anew, with CHANGES to what the constructor was given."""
        self._shape.update(changes)
        if self._ports:
            self.http_port, self.https_port = self._ports
        elif self._process is None:
            self.http_port = self.https_port = free_port(self.host)
            while self.https_port == self.http_port:
                self.https_port = free_port(self.host)
        text = pieces.render(root=self.root, module=self.module, certs=self.certs, host=self.host,
                             http_port=self.http_port, https_port=self.https_port, **self._shape)
        (self.root / "httpd.conf").write_text(text)

    def program(self, *arguments):
        """The command line of this httpd."""
        return [*sanitizers.prefix(self.root), APACHE, "-d", str(self.root), "-f", str(self.root / "httpd.conf"),
                *arguments]

    def configtest(self):
        """Exit status and output of `httpd -t`."""
        done = subprocess.run(self.program("-t"), env=sanitizers.environment(self.root), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds(60))
        return done.returncode, done.stdout

    # Life
    def start(self, before_exec=None, environment=None):
        """BEFORE_EXEC is called in the process that becomes httpd; ENVIRONMENT is added to its variables."""
        self._before_exec, self._environment = before_exec, environment or {}
        for _ in range(5):
            if self._start_once():
                return self
            self.write_conf()
        raise AssertionError("no free ports for httpd")

    def _start_once(self):
        told = self.log.starts()
        with open(self.root / "console", "wb") as console:
            self._process = subprocess.Popen(
                self.program("-DFOREGROUND", "-k", "start"),
                env={**sanitizers.environment(self.root), **self._environment},
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True,
                preexec_fn=self._before_exec)

        def ready():
            if self._process.poll() is not None:
                return True
            try:
                return (self._has_its_ports() and self.get("/").status == 200
                        and (self.log.starts() > told or not self._tells_of_its_start()))
            except OSError:
                return False

        wait_until(ready, "httpd answers", 30)
        if self._process.poll() is None:
            return True
        self._process = None
        said = (self.root / "console").read_text(errors="replace")
        if "could not bind to address" in said:
            return False
        raise AssertionError(f"httpd did not start:\n{said}\n{self.log.text()}")

    def _has_its_ports(self):
        """httpd writes its pid when it listens; an answer alone may be that of another test's httpd on the same port."""
        file = self.root / "httpd.pid"
        return file.exists() and file.read_text().strip() == str(self._process.pid)

    def _tells_of_its_start(self):
        """httpd logs it when it has forked all its children: the first of them may have answered before."""
        server = (self.root / "httpd.conf").read_text().split("<VirtualHost")[0]
        levels = re.findall(r"^LogLevel (\w+)(?!\S*:)", server, re.M)
        logs = re.findall(r'^ErrorLog "?([^"\n]+)', server, re.M)
        return levels[-1:] in (["info"], ["debug"]) and logs[-1:] == [str(self.log.path)]

    def graceful(self):
        """Reloads, and returns when the new generation answers."""
        before = self.generation()
        os.kill(self._process.pid, signal.SIGUSR1)

        def reloaded():
            try:
                return self.generation() > before
            except (OSError, http.client.HTTPException):
                return False

        wait_until(reloaded, "the new generation answers", 30)

    def graceful_into_ruin(self):
        """Asks for a reload that httpd's parent does not survive; returns its process group once it has ended."""
        self._process.send_signal(signal.SIGUSR1)
        assert self._process.wait(seconds(20)) != 0
        return self.pid

    def start_again(self):
        """A new httpd on the same ports, beside whatever the one that has ended left behind."""
        assert self._process.poll() is not None
        assert self._start_once(), "its ports are taken"

    def signal(self, number):
        """Sends the parent a signal; one that ends its children is announced to its log."""
        if number in (signal.SIGTERM, signal.SIGWINCH, signal.SIGHUP):
            self.log.mark_stop()
        self._process.send_signal(number)

    def wait_gone(self, timeout=20):
        """Returns when httpd has ended by itself and none of its processes is left."""
        wait_until(lambda: self._process.poll() is not None and not processes.group_members(self.pid),
                   "no process of httpd is left", timeout, report=lambda: processes.group_members(self.pid))

    def generation(self):
        return int(re.search(r"^ParentServerMPMGeneration: (\d+)", self.get("/server-status?auto").text, re.M)[1])

    def stop(self):
        """Stops every process of this httpd; what outlives an orderly stop is killed and is a failure."""
        if self._process is None:
            return
        group = self._process.pid
        if self._process.poll() is None:
            self.log.mark_stop()
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(seconds(20))
            wait_until(lambda: not processes.group_members(group), "all processes of httpd are gone", 10)
        except (subprocess.TimeoutExpired, AssertionError):
            left = processes.group_members(group)
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            self._process.wait(10)
            raise AssertionError(f"processes {left} outlived the stop of httpd {group}") from None
        finally:
            self._process = None

    def running(self):
        return self._process is not None and self._process.poll() is None

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)

    def verdict(self):
        """Everything that the logs and the sanitizers hold against this run."""
        return self.log.verdict() + sanitizers.reports(self.root)

    def wait_access(self, pattern, count=1):
        """The access log lines that match PATTERN, once there are COUNT of them."""
        def lines():
            return self.access_log.read_text().splitlines() if self.access_log.exists() else []

        def found():
            matching = [line for line in lines() if re.search(pattern, line)]
            return matching if len(matching) >= count else None

        return wait_until(found, f"the access log has {count} x /{pattern}/", report=lines)

    # Processes
    @property
    def pid(self):
        return self._process.pid

    def children(self):
        return processes.children(self._process.pid)

    def child(self):
        """The only child; fails when there are others."""
        (only,) = self.children()
        return only

    # Addresses and requests
    def url(self, scheme, path="/"):
        port = self.https_port if scheme in ("https", "wss") else self.http_port
        return f"{scheme}://{self.host}:{port}{path}"

    def address(self, tls=False):
        return (self.host, self.https_port if tls else self.http_port)

    def request(self, method, path, headers=None, body=None, tls=False, timeout=20):
        host, port = self.address(tls)
        if tls:
            connection = http.client.HTTPSConnection(host, port, timeout=seconds(timeout),
                                                     context=ssl.create_default_context(cafile=str(self.certs.ca)))
        else:
            connection = http.client.HTTPConnection(host, port, timeout=seconds(timeout))
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return Response(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, path, headers=None, tls=False, timeout=20):
        return self.request("GET", path, headers, tls=tls, timeout=timeout)

"""The contenders: each is one worker process on free loopback ports, in its own directory. The floors are one plain TCP
port."""
import contextlib
import dataclasses
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import confs

MODULES = "/usr/lib/apache2/modules"
HTTPD = "/usr/sbin/apache2"
# What a contender is called in the tables, by its family.
LABELS = {"floor": "bare relay", "splice": "splice relay", "wsflow": "mod_wsflow", "before": "mod_wsflow before",
          "nginx": "nginx", "haproxy": "HAProxy", "stock": "stock httpd"}
PEERS = ("nginx", "haproxy", "stock")


@dataclasses.dataclass(frozen=True)
class Contender:
    name: str           # unique
    family: str         # of LABELS
    bulk: bool = False  # set up for large messages
    path: str = ""      # of its program or its module
    version: str = ""

    def measures(self, row):
        """Whether it takes part in a ROW."""
        if self.family in ("floor", "splice") and not row.in_floors:
            return False
        return row.bulk or not (self.bulk or self.family == "splice")


def version_of(command, pattern):
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    return re.search(pattern, said.stdout + said.stderr)[1]


def programs(name, given):
    """Debian's own, if it is there, and those GIVEN."""
    own = shutil.which(name, path="/usr/sbin")
    return ([own] if own else []) + given


def available(module=None, before=None, nginx=(), haproxy=()):
    """All that can be measured here, in the order of the tables."""
    httpd = version_of([HTTPD, "-v"], r"Apache/(\S+)")
    found = [Contender("floor", "floor"), Contender("splice", "splice", bulk=True)]
    if before:
        found.append(Contender("before", "before", path=before, version=httpd))
    if module and os.path.exists(module):
        found.append(Contender("wsflow", "wsflow", path=module, version=httpd))
    for family, given, pattern in (("nginx", nginx, r"nginx/(\S+)"), ("haproxy", haproxy, r"version (\d\S*)")):
        for path in programs(family, list(given)):
            version = version_of([path, "-v"], pattern)
            name = f"{family}-{version.partition('+')[0]}"
            while name in {contender.name for contender in found}:
                name += "+"  # the same version, built another time
            found += [Contender(name, family, path=path, version=version),
                      Contender(f"{name}-bulk", family, bulk=True, path=path, version=version)]
    return found + [Contender("stock", "stock", path=HTTPD, version=httpd)]


def free_ports(count):
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def make_certificate(root):
    cert, key, pem = (os.path.join(root, name) for name in ("cert.pem", "key.pem", "both.pem"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "30", "-subj", "/CN=localhost", "-addext", "basicConstraints=critical,CA:FALSE",
                    "-keyout", key, "-out", cert], check=True, stderr=subprocess.DEVNULL)
    with open(pem, "wb") as both:
        for part in (cert, key):
            with open(part, "rb") as source:
                both.write(source.read())
    return {"cert": cert, "key": key, "pem": pem}


class Proxy:
    """A running contender: pid of its first process, ports, and stop()."""

    def __init__(self, contender, command, port, tls_port=None):
        self.contender, self.name, self.port, self.tls_port = contender, contender.name, port, tls_port
        # A group of its own, so that the stop of httpd reaches no one else.
        self.process = subprocess.Popen(command, start_new_session=True)
        self.pid = self.process.pid
        try:
            self.wait_for_port()
        except BaseException:
            self.stop()
            raise

    def wait_for_port(self):
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{self.name} does not start") from None
                time.sleep(0.05)

    def url(self, client, origin):
        if self.tls_port is None:
            return f"ws://127.0.0.1:{self.port}/"
        return f"{client}://127.0.0.1:{self.port if client == 'ws' else self.tls_port}/{origin}"

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)


class Relay(Proxy):
    """A floor, which says its port itself."""

    def __init__(self, contender, command):
        self.contender, self.name, self.tls_port = contender, contender.name, None
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        self.port = int(self.process.stdout.readline())


def nginx_conf(contender, values):
    # nginx may be built without these; with them, it would make their folders where it was installed.
    built = version_of([contender.path, "-V"], r"configure arguments:(.*)")
    temporary = [f"{name}_temp_path {values['root']}/{name};" for name in ("fastcgi", "uwsgi", "scgi")
                 if f"--without-http_{name}_module" not in built]
    return confs.NGINX.format(temporary=" ".join(temporary), buffers=confs.NGINX_BULK if contender.bulk else "", **values)


def httpd_conf(contender, values, threads):
    ours = contender.family != "stock"
    # The stock proxy needs a thread a tunnel: more than the largest number of connections of a run.
    threads = threads or (25 if ours else 1100)
    word, key = ("WSFlowPass", "") if ours else ("ProxyPass", " upgrade=websocket")
    return confs.HTTPD.format(
        modules=MODULES, threads=threads, spare=2 * threads,
        load=f"LoadModule wsflow_module {contender.path}" if ours else "",
        routes=(f"{word} /wss wss://127.0.0.1:{values['tls_origin']}/{key}\n"
                f"{word} /ws ws://127.0.0.1:{values['origin']}/{key}"), **values)


def haproxy_conf(contender, values):
    global_lines, default_lines = confs.HAPROXY_BULK if contender.bulk else confs.HAPROXY_PLAIN
    return confs.HAPROXY.format(global_lines=global_lines, default_lines=default_lines, **values)


def start(contender, root, origins, certificate, tools, threads=None):
    """Starts one of available(); `threads` are httpd's worker threads."""
    if contender.family in ("floor", "splice"):
        return Relay(contender, [os.path.join(tools, f"relay{contender.family}"), "--origin", str(origins[0])])
    root = os.path.join(root, contender.name)
    os.makedirs(os.path.join(root, "www"), exist_ok=True)
    with open(os.path.join(root, "www", "file.txt"), "w", encoding="ascii") as file:
        file.write("an ordinary answer\n" * 50)
    port, tls_port = free_ports(2)
    values = {"root": root, "port": port, "tls_port": tls_port, "origin": origins[0], "tls_origin": origins[1],
              **certificate}
    conf = os.path.join(root, "conf")
    if contender.family == "nginx":
        text = nginx_conf(contender, values)
        command = [contender.path, "-p", root, "-c", conf, "-e", f"{root}/error.log"]
    elif contender.family == "haproxy":
        text = haproxy_conf(contender, values)
        command = [contender.path, "-db", "-f", conf]
    else:
        text = httpd_conf(contender, values, threads)
        command = [HTTPD, "-DFOREGROUND", "-f", conf]
    with open(conf, "w", encoding="ascii") as out:
        out.write(text)
    return Proxy(contender, command, port, tls_port)

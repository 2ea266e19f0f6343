"""A private httpd with many children, and a route to each of several origins."""
import http.client
import json
import os
import signal
import socket
import subprocess
import time

import procfs

MODULES = "/usr/lib/apache2/modules"
FORMATS = {"html": "", "json": "?json", "auto": "?auto", "metrics": "?metrics"}
THREADS = 25

CONF = """
ServerRoot {root}
ServerName localhost
PidFile {root}/httpd.pid
DefaultRuntimeDir {root}
ErrorLog {root}/error.log
LogLevel warn wsflow:info
User www-data
Group www-data
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule socache_shmcb_module {modules}/mod_socache_shmcb.so
LoadModule ssl_module {modules}/mod_ssl.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
LoadModule wsflow_module {module}
StartServers {children}
ServerLimit {limit}
ThreadLimit {threads}
ThreadsPerChild {threads}
MaxRequestWorkers {workers}
MinSpareThreads 1
MaxSpareThreads {spare}
AsyncRequestWorkerFactor 8
ListenBacklog 4096
Listen 127.0.0.1:{port}
Listen 127.0.0.1:{tls_port}
WSFlowThreads {loops}
WSFlowPing client=20s timeout=20s
{routes}
{extra}
<Location /wsflow-status>
    SetHandler wsflow-status
</Location>
{tls_host}
"""

TLS_HOST = """
<VirtualHost 127.0.0.1:{tls_port}>
    SSLEngine on
    SSLCertificateFile {root}/cert.pem
    SSLCertificateKeyFile {root}/key.pem
    {routes}
</VirtualHost>
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Site:
    def __init__(self, root, module, origins, *, children, loops, tls, extra):
        self.port, self.tls_port = free_port(), free_port()
        self._root, self._process, self.pid = root, None, None
        os.chmod(root, 0o755)
        routes = "\n".join(f"WSFlowPass /{number} ws://127.0.0.1:{port}/" for number, port in enumerate(origins))
        tls_host = ""
        if tls:
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-subj", "/CN=localhost", "-days", "2", "-keyout", f"{root}/key.pem", "-out",
                            f"{root}/cert.pem"], check=True, capture_output=True)
            tls_host = TLS_HOST.format(root=root, tls_port=self.tls_port, routes=routes)
        with open(os.path.join(root, "httpd.conf"), "w", encoding="utf-8") as conf:
            conf.write(CONF.format(root=root, module=module, modules=MODULES, children=children, limit=2 * children + 2,
                                   threads=THREADS, workers=children * THREADS, spare=(children + 1) * THREADS, loops=loops,
                                   port=self.port, tls_port=self.tls_port, routes=routes, extra=extra, tls_host=tls_host))

    def start(self):
        self._process = subprocess.Popen(["/usr/sbin/apache2", "-d", self._root, "-f", f"{self._root}/httpd.conf",
                                          "-DFOREGROUND"], start_new_session=True)
        self.pid = self._process.pid
        self._until(self._answers, "httpd answers", 60)

    def _answers(self):
        try:
            return bool(self.look("json"))
        except OSError:
            return False

    @staticmethod
    def _until(holds, what, seconds):
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise TimeoutError(f"not within {seconds} s: {what}")
            time.sleep(0.1)

    def _get(self, query):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", "/wsflow-status" + query)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"the status answers {answer.status}")
            return body
        finally:
            connection.close()

    def look(self, kind):
        """Seconds that a look at the status takes."""
        begin = time.monotonic()
        self._get(FORMATS[kind])
        return time.monotonic() - begin

    def status(self):
        return json.loads(self._get("?json"))

    def wait_active(self, count, opened):
        """Waits until all that the clients have opened is in the loops."""
        self._until(lambda: self.status()["tunnels"]["active"] >= min(count, opened["open"]), f"{count} tunnels", 60)

    def members(self):
        """The processes of httpd's session: keepers outlive their parents."""
        found = []
        for entry in os.listdir("/proc"):
            try:
                if entry.isdigit() and os.getsid(int(entry)) == self.pid:
                    found.append(int(entry))
            except ProcessLookupError:
                pass
        return found

    def cpu_seconds(self):
        """CPU of all processes, those that have ended included."""
        ticks = os.sysconf("SC_CLK_TCK")
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            ended = sum(int(word) for word in stat.read().rpartition(")")[2].split()[13:15]) / ticks
        return ended + procfs.cpu_seconds(self.members())

    def graceful(self):
        """Seconds from a graceful reload until each old child has a keeper instead."""
        begin = time.monotonic()
        before = {process["pid"] for process in self.status()["processes"] if process["kind"] == "child"}
        os.kill(self.pid, signal.SIGUSR1)

        def gone():
            return not before & {process["pid"] for process in self.status()["processes"] if process["kind"] == "child"}
        self._until(gone, "the old children have gone", 120)
        return time.monotonic() - begin

    def stop(self):
        if self._process is None:
            return
        for pid in self.members():
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            for pid in self.members():
                os.kill(pid, signal.SIGKILL)
            self._process.wait()

"""The proxies under test. Each is one worker process on free loopback ports, in its own directory.

All offer the paths /ws (origin over ws) and /wss (origin over wss) on a plain and on a TLS port, and the small
file /file.txt for ordinary requests; the floor is one plain TCP port.
"""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time

MODULES = "/usr/lib/apache2/modules"

HTTPD = """
ServerRoot {root}
ServerName localhost
PidFile {root}/httpd.pid
DefaultRuntimeDir {root}
ErrorLog {root}/error.log
LogLevel warn
User www-data
Group www-data
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule socache_shmcb_module {modules}/mod_socache_shmcb.so
LoadModule ssl_module {modules}/mod_ssl.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
{load}
StartServers 1
ServerLimit 1
ThreadLimit {threads}
ThreadsPerChild {threads}
MaxRequestWorkers {threads}
MinSpareThreads 1
MaxSpareThreads {spare}
AsyncRequestWorkerFactor 8
Listen 127.0.0.1:{port}
Listen 127.0.0.1:{tls_port}
DocumentRoot {root}/www
SSLProxyEngine on
SSLProxyVerify none
SSLProxyCheckPeerName off
SSLProxyCheckPeerExpire off
{routes}
<VirtualHost 127.0.0.1:{tls_port}>
    SSLEngine on
    SSLCertificateFile {cert}
    SSLCertificateKeyFile {key}
    SSLProxyEngine on
    SSLProxyVerify none
    SSLProxyCheckPeerName off
    SSLProxyCheckPeerExpire off
</VirtualHost>
"""

NGINX = """
daemon off;
pid {root}/nginx.pid;
error_log {root}/error.log warn;
user www-data;
worker_processes 1;
worker_rlimit_nofile 20000;
events {{ worker_connections 19900; }}
http {{
    access_log off;
    client_body_temp_path {root}/body;
    proxy_temp_path {root}/proxy;
    fastcgi_temp_path {root}/fastcgi;
    uwsgi_temp_path {root}/uwsgi;
    scgi_temp_path {root}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        listen 127.0.0.1:{tls_port} ssl backlog=4096;
        ssl_certificate {cert};
        ssl_certificate_key {key};
        root {root}/www;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection upgrade;
        proxy_read_timeout 1h;
        location /ws  {{ proxy_pass http://127.0.0.1:{origin}/; }}
        location /wss {{ proxy_pass https://127.0.0.1:{tls_origin}/; }}
    }}
}}
"""

HAPROXY = """
global
    maxconn 9900
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 1h
    timeout server 1h
    timeout tunnel 1h
frontend both
    bind 127.0.0.1:{port} backlog 4096
    bind 127.0.0.1:{tls_port} ssl crt {pem} backlog 4096
    http-request return status 200 content-type text/plain file {root}/www/file.txt if {{ path /file.txt }}
    use_backend tls if {{ path /wss }}
    default_backend plain
backend plain
    server origin 127.0.0.1:{origin}
backend tls
    server origin 127.0.0.1:{tls_origin} ssl verify none
"""


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
    """A running proxy: pid of its first process, ports, and stop()."""

    def __init__(self, name, command, port, tls_port=None):
        self.name, self.port, self.tls_port = name, port, tls_port
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


def available(module):
    """The names of the proxies that can be measured here."""
    names = ["floor"]
    if module:
        names.append("wsflow")
    names.append("stock")
    return names + [name for name in ("nginx", "haproxy") if shutil.which(name, path="/usr/sbin")]


def start(name, root, origins, certificate, tools, module, threads=None):
    """Starts one of available(); `threads` are httpd's worker threads."""
    root = os.path.join(root, name)
    os.makedirs(os.path.join(root, "www"), exist_ok=True)
    with open(os.path.join(root, "www", "file.txt"), "w", encoding="ascii") as file:
        file.write("an ordinary answer\n" * 50)
    port, tls_port = free_ports(2)
    values = {"root": root, "modules": MODULES, "port": port, "tls_port": tls_port, "origin": origins[0],
              "tls_origin": origins[1], **certificate}
    conf = os.path.join(root, f"{name}.conf")
    if name == "floor":
        relay = subprocess.Popen([os.path.join(tools, "relayfloor"), "--origin", str(origins[0])],
                                 stdout=subprocess.PIPE, text=True)
        return Relay(relay)
    if name in ("wsflow", "stock"):
        # The stock proxy needs a thread a tunnel: more than the largest number of connections of a run.
        threads = threads or (25 if name == "wsflow" else 1100)
        word, key = ("WSFlowPass", "") if name == "wsflow" else ("ProxyPass", " upgrade=websocket")
        text = HTTPD.format(
            threads=threads, spare=2 * threads, load=f"LoadModule wsflow_module {module}" if name == "wsflow" else "",
            routes=f"{word} /wss wss://127.0.0.1:{origins[1]}/{key}\n{word} /ws ws://127.0.0.1:{origins[0]}/{key}",
            **values)
        command = ["/usr/sbin/apache2", "-DFOREGROUND", "-f", conf]
    elif name == "nginx":
        text = NGINX.format(**values)
        command = ["/usr/sbin/nginx", "-p", root, "-c", conf, "-e", f"{root}/error.log"]
    else:
        text = HAPROXY.format(**values)
        command = ["/usr/sbin/haproxy", "-db", "-f", conf]
    with open(conf, "w", encoding="ascii") as out:
        out.write(text)
    return Proxy(name, command, port, tls_port)


class Relay(Proxy):
    """The floor, which says its port itself."""

    def __init__(self, process):
        self.name, self.process, self.pid, self.tls_port = "floor", process, process.pid, None
        self.port = int(process.stdout.readline())

"""The pieces of a private httpd.conf."""

import os
import re

MODULES_DIR = os.environ.get("WSFLOW_HTTPD_MODULES") or "/usr/lib/apache2/modules"
MODULES = """authz_core authz_host authn_core authn_file authz_user auth_basic alias env setenvif headers
    mime dir rewrite status slotmem_shm socache_shmcb ssl proxy proxy_http proxy_balancer
    lbmethod_byrequests lbmethod_bybusyness""".split()

MAIN = """\
ServerRoot "{root}"
DefaultRuntimeDir "{root}"
PidFile "{root}/httpd.pid"
Mutex file:{root} default
ServerName localhost
{user}
{modules}
LoadModule wsflow_module "{module}"
TypesConfig /etc/mime.types
Listen {host}:{http_port}
Listen {host}:{https_port}
ErrorLog "{root}/error.log"
LogLevel info wsflow:debug
LogFormat "%h %{{c}}a \\"%r\\" %>s %B id=%{{WSFLOW_ID}}e outcome=%{{WSFLOW_OUTCOME}}e refused=%{{WSFLOW_REFUSED_BY}}e" test
CustomLog "{root}/access.log" test
DocumentRoot "{root}/htdocs"
Timeout 60
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 5
ExtendedStatus On
SSLSessionCache shmcb:{root}/ssl_scache(512000)
{mpm}
<Directory "{root}/htdocs">
  Require all granted
</Directory>
<Location "/wsflow-status">
  SetHandler wsflow-status
</Location>
<Location "/server-status">
  SetHandler server-status
</Location>
{main}
<VirtualHost {host}:{http_port}>
  ServerName localhost
{conf}
{plain_conf}
</VirtualHost>
<VirtualHost {host}:{https_port}>
  ServerName localhost
  SSLEngine on
  SSLCertificateFile "{certs.server}"
  SSLCertificateKeyFile "{certs.server_key}"
  SSLProxyEngine on
  SSLProxyCACertificateFile "{certs.ca}"
{conf}
{tls_conf}
</VirtualHost>
{tail}
"""

# Only the plain host needs it spelled out: origins behind wss:// are reached from both.
SSL_PROXY = """\
SSLProxyEngine on
SSLProxyCACertificateFile "{certs.ca}"
"""


def mpm_lines(mpm, children, threads):
    if mpm == "prefork":
        return f"StartServers 4\nMinSpareServers 1\nMaxSpareServers 10\nMaxRequestWorkers {threads}\nServerLimit {threads}"
    workers = children * threads
    # No child comes or goes for want or plenty of idle threads: tests count on CHILDREN of them.
    return (f"StartServers {children}\nServerLimit {children + 3}\nThreadLimit {threads}\nThreadsPerChild {threads}\n"
            f"MaxRequestWorkers {workers}\nMinSpareThreads 1\nMaxSpareThreads {workers + threads}")


def render(*, root, module, certs, host, http_port, https_port, conf, main, plain_conf, tls_conf, mpm, children, threads,
           modules, tail):
    names = [f"mpm_{mpm}", *MODULES, *modules]
    loads = "\n".join(f"LoadModule {name}_module {MODULES_DIR}/mod_{name}.so" for name in names)
    # The virtual hosts of the documentation.
    tail = tail.replace("*:80>", f"{host}:{http_port}>").replace("*:443>", f"{host}:{https_port}>")
    user = "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
    return MAIN.format(root=root, module=module, certs=certs, host=host, http_port=http_port, https_port=https_port,
                       conf=conf, main=main, tls_conf=tls_conf, plain_conf=SSL_PROXY.format(certs=certs) + plain_conf,
                       mpm=mpm_lines(mpm, children, threads), modules=loads, user=user, tail=tail)


def conf_without_module(site):
    """Takes the module and all that is its own out of a SITE's configuration."""
    text = (site.root / "httpd.conf").read_text()
    text = re.sub(r"^LoadModule wsflow_module.*$|wsflow:debug|^WSFlow.*$", "", text, flags=re.M)
    (site.root / "httpd.conf").write_text(text)

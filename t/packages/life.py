#!/usr/bin/python3
"""The life of the packages in a fresh Debian: installation, use, an upgrade while tunnels talk, logrotate, a2dismod, purge.

run.py starts it in namespaces of its own, with the folder of the Debian, and those of the packages of two versions.
"""

import json
import os
import pathlib
import re
import shutil
import sqlite3
import sys
import urllib.request

import debian_root
from debs import MODULES, ROOT, Deb, programs, run
from expect import expect, say, wait
from talk import Talk

PORTS = 9000, 9001  # of the origins in the README's minimal configuration
STATUS = "http://127.0.0.1/wsflow-status?json"
CERTIFICATE, KEY = "/etc/ssl/certs/chat.pem", "/etc/ssl/private/chat.key"
SITE, OWN = "/etc/apache2/sites-available/chat.conf", "/etc/apache2/conf-available/wsflow-try.conf"
# Beside the README's configuration: a route without TLS, a log of tunnels, and who is online.
MORE = """
WSFlowPass /plain ws://127.0.0.1:9000/
WSFlowLog ${APACHE_LOG_DIR}/tunnels.log
WSFlowPresenceStore sqlite3 /var/lib/wsflow/presence.db
<Location "/plain">
    WSFlowPresence key=%{REMOTE_ADDR} grace=0
</Location>
"""


class Site:
    """httpd of the fresh Debian, and what is asked of it."""

    def __init__(self, root):
        self.root = root

    def status(self):
        with urllib.request.urlopen(STATUS, timeout=10) as answer:
            return json.load(answer)

    def answers(self):
        try:
            return self.status()
        except OSError:
            return None

    def wait_answer(self):
        return wait(self.answers, "httpd answers")

    def main_pid(self):
        return int((self.root / "run/apache2/apache2.pid").read_text())

    def loads(self):
        """Whether httpd's main process has the module."""
        return "mod_wsflow.so" in pathlib.Path(f"/proc/{self.main_pid()}/maps").read_text()


def install(root, packages, names):
    place = root / "root/packages"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    paths = [shutil.copy(packages[name].path, place) for name in names]
    output = root.run("dpkg", "-i", *(f"/root/packages/{os.path.basename(path)}" for path in paths))
    shutil.rmtree(place)
    return output


def snapshot(root):
    """What is there of files and links, without logs and what dpkg and caches keep."""
    skipped = re.compile(r"(proc|dev|sys|tmp|run|root|var/log|var/cache|var/lib/dpkg|var/lib/apt|var/tmp)(/|$)")
    found = set()
    for folder, folders, files in os.walk(root.path):
        inside = os.path.relpath(folder, root.path)
        folders[:] = [name for name in folders if not skipped.match(os.path.normpath(f"{inside}/{name}"))]
        found |= {os.path.normpath(f"{inside}/{name}") for name in (*files, *folders)}
    return found


def minimal_configuration():
    """Both virtual hosts of the README, without and with TLS."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = re.search(r"^## Minimal configuration\n(.*?)^## ", text, re.M | re.S)
    hosts = re.findall(r"^    <VirtualHost.*?^    </VirtualHost>\n", section[1] if section else "", re.M | re.S)
    expect([re.search(r"\*:(\d+)", host)[1] for host in hosts] == ["80", "443"], "README.md has not its two minimal configurations")
    return "".join(re.sub(r"^    ", "", host, flags=re.M) for host in hosts)


def configure(root):
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
        "-subj", "/CN=chat.example.org", "-keyout", root / KEY, "-out", root / CERTIFICATE)
    (root / SITE).write_text(minimal_configuration(), encoding="utf-8")
    (root / OWN).write_text(MORE, encoding="utf-8")
    root.run("a2enmod", "-q", "ssl")
    root.run("a2ensite", "-q", "chat")
    root.run("a2enconf", "-q", "wsflow-try")


def unconfigure(root):
    root.run("a2dissite", "-q", "chat")
    root.run("a2disconf", "-q", "wsflow-try")
    for name in (SITE, OWN, CERTIFICATE, KEY):
        (root / name).unlink()


def restart(site):
    site.root.run("apachectl", "configtest")
    site.root.run("service", "apache2", "restart")


def installed(site, first):
    root = site.root
    output = install(root, first, [name for name in first if not name.endswith("-dbgsym")])
    site.wait_answer()
    expect(site.loads(), f"httpd has no mod_wsflow after the installation:\n{output}")
    for module in ("wsflow", "wsflow_presence", "wsflow_redis", "proxy", "proxy_http"):
        expect(root.attempt("a2query", "-q", "-m", module)[0] == 0, f"the installation has not enabled {module}")
    status, output = root.attempt("a2enmod", "wsflow")
    expect(status == 0 and "wsflow already enabled" in output, f"a2enmod wsflow: {output}")
    expect("mod_wsflow" in root.run("man", "8", "mod_wsflow"), "man 8 mod_wsflow")
    for name, place in programs().items():
        root.run(name, "--help")
        expect(name in root.run("man", "8" if place == "sbindir" else "1", name), f"man {name}")


def opened(site, talk):
    """Tunnels of every kind that the configuration has."""
    configure(site.root)
    restart(site)
    site.wait_answer()
    talk.serve(*PORTS)
    for url, count in (("wss://127.0.0.1/chat", 20), ("ws://127.0.0.1/plain", 20), ("wss://127.0.0.1/app", 4)):
        talk.open(url, count)
    wait(lambda: site.status()["tunnels"]["active"] == len(talk.tunnels), "the status counts the tunnels")
    database = site.root / "var/lib/wsflow/presence.db"
    wait(lambda: database.exists() and list(sqlite3.connect(database).execute("SELECT sockets FROM wsflow_online")) == [(20,)],
         "the database has who is online")


def doctor(site):
    """The doctor looks at the running server: as Debian sets it up it cannot carry 20,000 tunnels, and the first line to change
    is that of apachectl's limit."""
    status, output = site.root.attempt("wsflow-doctor", "--tunnels", "20000")
    expect(status == 2 and "APACHE_ULIMIT_MAX_FILES=" in output, f"wsflow-doctor ends with {status}:\n{output}")
    print(output)


def talk_on(site, talk, what):
    """All tunnels go on echoing."""
    before = {tunnel: tunnel.echoes for tunnel in talk.tunnels}
    wait(lambda: talk.lost() or all(tunnel.echoes >= before[tunnel] + 20 for tunnel in talk.tunnels), f"echoes after {what}")
    expect(not talk.lost(), f"lost by {what}: {talk.lost()}")


def upgraded(site, talk, second):
    generation = site.status()["generation"]
    output = install(site.root, second, [name for name in second if not name.endswith("-dbgsym")])
    expect("restart" not in output.lower(), output)
    wait(lambda: site.status()["generation"] != generation or "on-trial" in site.status()["tunnels"]["refused_by"],
         "httpd has the new version")
    expect("on-trial" in site.status()["tunnels"]["refused_by"], "the new version counts into the memory of the old one")
    talk_on(site, talk, "the upgrade")
    old = len(talk.tunnels)
    talk.open("wss://127.0.0.1/chat", 5)
    talk_on(site, talk, "new tunnels")
    say(f"   {old} tunnels and {talk.echoes():,} echoes through the upgrade, none lost")


def rotated(site, talk):
    """Lines of tunnels of before a rotation stand in the new file; those of another version's keepers, which share nothing with
    the new one, in the file that they have open."""
    log = site.root / "var/log/apache2/tunnels.log"
    old = log.with_suffix(".log.1")

    def lines(path):
        return len(path.read_text().splitlines()) if path.exists() else 0

    talk.close(talk.tunnels[:1] + talk.tunnels[-1:])
    wait(lambda: lines(log) == 2, "a line for each tunnel that has ended, of both versions")
    site.root.run("logrotate", "-d", "/usr/share/doc/libapache2-mod-wsflow/examples/logrotate")
    site.root.run("logrotate", "-f", "/etc/logrotate.d/apache2")
    wait(lambda: log.exists() and lines(old) == 2, "the log is rotated")
    site.wait_answer()
    talk_on(site, talk, "logrotate")
    talk.close(talk.tunnels[-2:])
    wait(lambda: lines(log) == 2, "lines of this version in the new file")
    talk.close(talk.tunnels[:2])
    wait(lambda: lines(old) == 4, "lines of the old version in the old file")
    expect(lines(log) == 2, "lines of the old version in both files")


def switched_off(site, first, second):
    root = site.root
    unconfigure(root)
    status, output = root.attempt("a2dismod", "wsflow")
    expect(status != 0 and "wsflow_presence" in output, f"a2dismod goes without asking for the stores: {output}")
    root.run("a2dismod", "wsflow_presence", "wsflow_redis", "wsflow")
    restart(site)
    wait(lambda: not site.loads(), "httpd has no mod_wsflow")
    # What an operator has switched off stays off.
    install(root, second, list(MODULES))
    expect(root.attempt("a2query", "-q", "-m", "wsflow")[0] != 0, "the upgrade has enabled the module again")
    root.run("a2enmod", "wsflow", "wsflow_presence", "wsflow_redis")
    restart(site)
    wait(site.loads, "httpd has mod_wsflow again")


def purged(site, packages, before):
    root = site.root
    names = [name for name in packages if not name.endswith("-dbgsym")]
    root.run("apt-get", "remove", "-q", "-y", *names)
    expect(not site.loads(), "httpd has mod_wsflow after its removal")
    kept = root / "etc/apache2/mods-available/wsflow.conf"
    expect(kept.exists(), "a removal, which is no purge, has taken the configuration")
    root.run("apt-get", "purge", "-q", "-y", *names)
    # What a2enmod has enabled for the module, and for this test, is httpd's own, and so is the memory of a2enmod.
    root.run("a2dismod", "-q", "-f", "ssl", "socache_shmcb", "proxy_http", "proxy")
    others = re.compile(r"var/lib/logrotate/status|var/lib/apache2/(module|conf|site)/(enabled|disabled)_by_(maint|admin)"
                        r"(/(proxy|proxy_http|ssl|socache_shmcb|mime|setenvif|chat|wsflow-try))?")
    now = snapshot(root)
    left = sorted(path for path in now - before if not others.fullmatch(path))
    expect(not left, f"left behind: {left}")
    expect(not before - now, f"gone: {sorted(before - now)[:20]}")


def as_init(action, *arguments):
    """ACTION in a child. The first process of a namespace of processes has to wait for those that others leave behind, or a httpd
    that was stopped would stay as a zombie, and its init script would wait for it."""
    child = os.fork()
    if child == 0:
        action(*arguments)
        return
    while True:
        ended, status = os.wait()
        if ended == child:
            sys.exit(os.waitstatus_to_exitcode(status))


def live(folder, *versions):
    """In namespaces of our own: the network has only a loopback, and no process of ours outlives this one."""
    first, second = ({deb.name: deb for deb in map(Deb, sorted(pathlib.Path(place).glob("*.deb")))} for place in versions)
    run("ip", "link", "set", "lo", "up")
    root = debian_root.Root(pathlib.Path(folder))
    site, talk = Site(root), Talk()
    root.services(True)
    with root.mounted():
        try:
            root.run("service", "apache2", "start")
            before = snapshot(root)
            say("installation")
            installed(site, first)
            say("the README's minimal configuration, ws and wss, who is online")
            opened(site, talk)
            talk_on(site, talk, "nothing")
            if "wsflow-doctor" in programs():
                say("wsflow-doctor --tunnels 20000")
                doctor(site)
            say("upgrade with open tunnels")
            upgraded(site, talk, second)
            say("logrotate")
            rotated(site, talk)
            talk.stop()
            say("a2dismod, a2enmod")
            switched_off(site, first, second)
            say("purge")
            purged(site, second, before)
        finally:
            log = root / "var/log/apache2/error.log"
            if sys.exc_info()[0] and log.exists():
                print(log.read_text()[-3000:])
            root.attempt("service", "apache2", "stop")


try:
    as_init(live, *sys.argv[1:])
except (AssertionError, RuntimeError) as wrong:
    sys.exit(f"WRONG: {wrong}")

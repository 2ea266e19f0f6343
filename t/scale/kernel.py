#!/usr/bin/python3
"""What settings of the kernel do to very many sockets: each is tried in a network namespace of its own, with the value that this
kernel has and with that of apxs/examples/sysctl.conf. No test; by hand, as root, alone on the machine:

    t/scale/kernel.py

It changes nothing outside of its namespace. Settings that are the whole machine's (fs.nr_open, tcp_mem, tcp_max_orphans) it only
reads, and says how much of them many sockets use. docs/installing.md has the results.
"""
import contextlib
import errno
import json
import os
import pathlib
import re
import resource
import selectors
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "apxs/examples/sysctl.conf"
INSIDE = "--inside"
MODULES = "/usr/lib/apache2/modules"
BURST = 10_000
EACH = 15_000  # descriptors of one process
MOST = 32_000

HTTPD = """
ServerRoot {root}
ServerName localhost
PidFile {root}/pid
DefaultRuntimeDir {root}
ErrorLog {root}/error.log
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
ListenBacklog {backlog}
Listen 127.0.0.1:{port}
"""


# Of the machine, not of a namespace of networks: read before that is entered.
GLOBAL = "net.ipv4.tcp_mem", "net.ipv4.tcp_max_orphans"


def setting(name):
    return pathlib.Path("/proc/sys", name.replace(".", "/"))


def read(name):
    return " ".join(setting(name).read_text(encoding="ascii").split())


def example():
    """The settings of the example, those that are comments too: name and value."""
    found = dict(re.findall(r"^#?([a-z0-9_.]+) *= *(.+)$", EXAMPLE.read_text(encoding="utf-8"), re.M))
    if not found:
        sys.exit(f"{EXAMPLE}: no settings")
    return found


def sockstat(word):
    words = re.search(r"^TCP: (.*)$", pathlib.Path("/proc/net/sockstat").read_text(encoding="ascii"), re.M)[1].split()
    return int(words[words.index(word) + 1])


def netstat(*names):
    lines = pathlib.Path("/proc/net/netstat").read_text(encoding="ascii").splitlines()
    heads, values = lines[0].split(), lines[1].split()
    return [int(values[heads.index(name)]) for name in names]


@contextlib.contextmanager
def listener():
    """Its connections are made by the kernel, which keeps them and what they send; nobody accepts and nobody reads."""
    setting("net.core.somaxconn").write_text("65535", encoding="ascii")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        found.listen(65535)
        yield found.getsockname()[1]


def connect(port):
    """A connection, or the error's name."""
    sock = socket.socket()
    try:
        sock.connect(("127.0.0.1", port))
        return sock
    except OSError as failed:
        sock.close()
        return errno.errorcode[failed.errno]


def many(port, most):
    """Connections until one fails, or MOST; and the failure."""
    opened = []
    while len(opened) < most:
        one = connect(port)
        if isinstance(one, str):
            return opened, one
        opened.append(one)
    return opened, ""


def take(port, most):
    """Opens connections until one fails, or MOST, EACH in a process: how many, the failure, and milliseconds of CPU that one
    took in the first process and in the last."""
    began = time.process_time()
    opened, failed = many(port, min(EACH, most))
    cost = 1000 * (time.process_time() - began) / max(len(opened), 1)
    if failed or len(opened) == most:
        return len(opened), failed, cost, cost
    reader, writer = os.pipe()
    if os.fork() == 0:
        for sock in opened:  # they stay open in the process that has made them
            sock.close()
        os.write(writer, json.dumps(take(port, most - len(opened))).encode())
        os._exit(0)
    count, failed, _, last = json.loads(os.read(reader, 999))
    os.wait()
    return len(opened) + count, failed, cost, last


def ports(value):
    """How many connections to one address and port there can be from one address."""
    setting("net.ipv4.ip_local_port_range").write_text(value, encoding="ascii")
    with listener() as port:
        # In a process of its own, so that all are closed by its end.
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.write(writer, json.dumps(take(port, MOST)).encode())
            os._exit(0)
        count, failed, first, last = json.loads(os.read(reader, 999))
        os.wait()
    return (f"{count:,} connections to one address and port, then {failed or 'it was enough'}; "
            f"one took {first:.2f} ms of CPU among the first {EACH:,}, {last:.2f} ms among the last")


def burst(port):
    """BURST clients at once, each with a request: when each had the first byte of its answer, or was reset."""
    selector, times, begin, broken = selectors.DefaultSelector(), [], time.monotonic(), 0
    for _ in range(BURST):
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(("127.0.0.1", port))
        selector.register(sock, selectors.EVENT_WRITE)
    while selector.get_map() and time.monotonic() - begin < 90:
        for key, event in selector.select(1):
            sock = key.fileobj
            try:
                if event & selectors.EVENT_WRITE:
                    sock.send(b"GET / HTTP/1.0\r\n\r\n")
                    selector.modify(sock, selectors.EVENT_READ)
                    continue
                sock.recv(1)
                times.append(time.monotonic() - begin)
            except OSError:
                broken += 1
            selector.unregister(sock)
            sock.close()
    for key in list(selector.get_map().values()):
        selector.unregister(key.fileobj)
        key.fileobj.close()
    return times, broken


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def crowd(backlog):
    """A crowd that comes back at once to an httpd with this ListenBacklog: what it waits for the kernel to take it."""
    with tempfile.TemporaryDirectory(prefix="wsflow-kernel-") as root:
        port = free_port()
        pathlib.Path(root, "httpd.conf").write_text(HTTPD.format(root=root, modules=MODULES, backlog=backlog, port=port),
                                                    encoding="ascii")
        httpd = subprocess.Popen(["/usr/sbin/apache2", "-DFOREGROUND", "-f", f"{root}/httpd.conf"], stderr=subprocess.DEVNULL)
        try:
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except ConnectionRefusedError:
                    if httpd.poll() is not None:
                        sys.exit("httpd does not start")
                    time.sleep(0.05)
            before = netstat("ListenOverflows", "ListenDrops")
            times, broken = burst(port)
            overflows, drops = (now - then for now, then in zip(netstat("ListenOverflows", "ListenDrops"), before))
        finally:
            httpd.terminate()
            httpd.wait()
    times.sort()
    return (f"{len(times):,} of {BURST:,} answered, half after {times[len(times) // 2]:.1f} s, the last after {times[-1]:.1f} s; "
            f"{broken:,} broken; the queue overflowed {overflows:,} times")


def queue(somaxconn, backlog):
    setting("net.core.somaxconn").write_text(str(somaxconn), encoding="ascii")
    return crowd(backlog)


def syn_backlog(value, cookies):
    setting("net.core.somaxconn").write_text("16384", encoding="ascii")
    setting("net.ipv4.tcp_syncookies").write_text(cookies, encoding="ascii")
    setting("net.ipv4.tcp_max_syn_backlog").write_text(value, encoding="ascii")
    told = crowd(16384)
    setting("net.ipv4.tcp_syncookies").write_text("1", encoding="ascii")
    return told


def stalled(rmem, wmem):
    """What the kernel keeps for a peer that does not read."""
    setting("net.ipv4.tcp_rmem").write_text(rmem, encoding="ascii")
    setting("net.ipv4.tcp_wmem").write_text(wmem, encoding="ascii")
    count, piece, sent, pages = 50, b"x" * 65536, 0, sockstat("mem")
    with listener() as port:
        opened, _ = many(port, count)
        for sock in opened:
            sock.setblocking(False)
            quiet = time.monotonic() + 0.3
            while time.monotonic() < quiet:
                try:
                    sent += sock.send(piece)
                    quiet = time.monotonic() + 0.3
                except BlockingIOError:
                    time.sleep(0.01)
        pages = sockstat("mem") - pages
        for sock in opened:
            sock.close()
    return f"{sent // count:,} bytes wait in a connection that nobody reads; {pages * 4096 // count:,} bytes of memory for them"


def idle(count, value):
    most = int(value.split()[2])
    with listener() as port:
        before, (opened, failed) = sockstat("mem"), many(port, count)
        pages = max(sockstat("mem") - before, 0)
        told = f"{2 * len(opened):,} idle sockets hold {pages:,} pages of {most:,} ({most >> 8:,} MiB) {failed}"
        for sock in opened:
            sock.close()
    return told


def orphans(count, value):
    """Sockets that are closed while their peers cannot be reached."""
    with listener() as port:
        opened, _ = many(port, count)
        subprocess.run(["ip", "link", "set", "lo", "down"], check=True)
        for sock in opened:
            sock.close()
        told = f"{len(opened):,} sockets closed while nobody answers: {sockstat('orphan'):,} orphans of {int(value):,}"
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    return told


def descriptors():
    most = int(read("fs.nr_open"))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except ValueError:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        return f"not tried: this root may not raise its limit of {hard:,}"
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most + 1, most + 1))
        return f"a process may have more than {most:,} descriptors"
    except (ValueError, PermissionError) as refused:
        return f"a process may have {most:,} descriptors; one more: {refused}"


def inside(machine):
    wanted = example()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    uname = os.uname()
    print(f"Linux {uname.release}, {os.cpu_count()} cores, {time.strftime('%-d %B %Y')}\n")

    def row(name, value, told):
        print(f"| `{name}` | {value} | {told} |", flush=True)

    def both(name, measure):
        for value in (read(name), wanted[name]):
            row(name, value, measure(value))

    somaxconn, larger = read("net.core.somaxconn"), wanted["net.core.somaxconn"]
    syn = read("net.ipv4.tcp_max_syn_backlog")
    print("| setting | value | seen |\n|---|---|---|")
    row("fs.nr_open", read("fs.nr_open"), descriptors())
    both("net.ipv4.ip_local_port_range", ports)
    setting("net.ipv4.ip_local_port_range").write_text("1024 65535", encoding="ascii")
    for most, backlog in ((somaxconn, 511), (somaxconn, larger), (larger, 511), (larger, larger)):
        row("net.core.somaxconn", f"{most}, `ListenBacklog {backlog}`", queue(most, backlog))
    for cookies in "1", "0":
        for value in (syn, wanted["net.ipv4.tcp_max_syn_backlog"]):
            row("net.ipv4.tcp_max_syn_backlog", f"{value}, `tcp_syncookies={cookies}`", syn_backlog(value, cookies))
    rmem, wmem = read("net.ipv4.tcp_rmem"), read("net.ipv4.tcp_wmem")
    for receive, send in ((rmem, wmem), (wanted["net.ipv4.tcp_rmem"], wanted["net.ipv4.tcp_wmem"])):
        row("net.ipv4.tcp_rmem, tcp_wmem", f"{receive}; {send}", stalled(receive, send))
    for name, measure in zip(GLOBAL, (idle, orphans)):
        row(name, machine[name], measure(EACH, machine[name]))


def main():
    if os.geteuid() != 0:
        sys.exit("kernel.py: network namespaces need root")
    if INSIDE in sys.argv:
        inside(json.loads(sys.argv[-1]))
    else:
        machine = json.dumps({name: read(name) for name in GLOBAL})
        os.execvp("unshare", ["unshare", "--net", sys.executable, __file__, INSIDE, machine])


main()

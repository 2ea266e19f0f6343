"""The httpd under test, with mod_wsflow or as Debian ships it, and what can be seen of it from outside."""

import os
import pathlib
import re
import signal
import subprocess

import processes
from server import Httpd

# Few slots, so that each one that is held hurts; all children may be idle without being culled.
MPM = """\
ServerLimit 6
StartServers 2
ThreadsPerChild 25
MaxRequestWorkers 150
MinSpareThreads 25
MaxSpareThreads 150
AsyncRequestWorkerFactor 8
"""
THREADS = 150
# Culled as soon as more than 75 threads are idle.
CULLING = "MinSpareThreads 50\nMaxSpareThreads 75\n"
# Quiet tunnels are pinged all the time, and given up sooner than a pause is long.
PING = "WSFlowPing client=1s origin=1s timeout=4s\n"
PAUSE_S = 6

_SLOT = re.compile(r"<tr><td>(\d+)</td><td>(\d+)</td><td>(no|yes)[^<]*</td>")


class Site(Httpd):
    def __init__(self, certs, origin, module):
        self.origin = origin
        super().__init__(certs, self.routes(), main=MPM, children=2, threads=25, module=module)

    def routes(self):
        return (PING + f'WSFlowPass /plain "ws://127.0.0.1:{self.origin.port}/"\n'
                f'WSFlowPass /tls "wss://127.0.0.1:{self.origin.tls_port}/"\n')

    def reload(self, more=""):
        """A graceful reload with MORE lines in the configuration; returns when the new generation answers."""
        self.write_conf(main=MPM + more)
        self.graceful()

    def hang_up(self):
        os.kill(self.pid, signal.SIGUSR1)

    def leg(self, client, origin):
        return self.url(client, "/plain" if origin == "ws" else "/tls")

    def slots(self):
        """The scoreboard as {(slot, pid): stopping}, and how many workers are in state G."""
        page = self.get("/server-status", timeout=5).text
        board = re.search(r"<pre>([^<]*)</pre>", page)[1]
        return {(int(slot), int(pid)): stopping == "yes" for slot, pid, stopping in _SLOT.findall(page)}, board.count("G")

    def tunnels(self):
        """Open tunnels in all, and [(pid, kind, tunnels)] of the processes that serve them."""
        status = self.status.json()
        return status["tunnels"]["active"], [(process["pid"], process.get("kind", "child"), process["tunnels_active"])
                                             for process in status["processes"]]

    def traces(self):
        """What httpd holds of the system; no more after the tunnels than before."""
        children = self.children()
        return {"descriptors of the parent": len(processes.open_descriptors(self.pid)),
                "descriptors of a child": max(len(processes.open_descriptors(pid)) for pid in children),
                "other processes": sorted(set(processes.group_members(self.pid)) - {self.pid, *children}),
                "files in its folder": sorted(path.name for path in self.root.iterdir()),
                **shared_memory(self.pid)}


class StockSite(Site):
    """The same without the module: mod_proxy_http tunnels upgrades, each on a worker thread."""

    def routes(self):
        return (f'ProxyPass /plain "http://127.0.0.1:{self.origin.port}/" upgrade=websocket\n'
                f'ProxyPass /tls "https://127.0.0.1:{self.origin.tls_port}/" upgrade=websocket\n')

    def write_conf(self, **changes):
        super().write_conf(**changes)
        path = self.root / "httpd.conf"
        path.write_text(re.sub(r"^LoadModule wsflow_module.*$|wsflow:debug", "", path.read_text(), flags=re.M))


def shared_memory(pid):
    """System V segments that processes of PID's session made, and files in /dev/shm that nobody else maps."""
    session = set(session_members(pid))
    table = subprocess.run(["ipcs", "-m", "-p"], check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in table.splitlines() if re.match(r"\d", line)]
    files = {str(path) for path in pathlib.Path("/dev/shm").iterdir()}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) not in session and files:
            try:
                files -= processes.mapped_files(entry)
            except OSError:
                continue
    return {"System V segments": sum(1 for row in rows if int(row[2]) in session), "/dev/shm": sorted(files)}


def session_members(session):
    found = subprocess.run(["ps", "-s", str(session), "-o", "pid=,stat="], check=False, capture_output=True, text=True)
    return [int(line.split()[0]) for line in found.stdout.splitlines() if "Z" not in line.split()[1]]

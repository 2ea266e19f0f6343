"""One httpd of the cluster, and what becomes of it: reloads, a death of all its processes, a pause."""

import os
import signal

import processes
import procfs
from presence import WHO, store_module
from server import Httpd
from truth import now
from wait import wait_until

STORE = """\
LoadModule wsflow_presence_module "{module}"
WSFlowPresenceStore {driver} "{parameters}" lease={lease}s
"""
# Many sockets for few workers, and no log that costs more than what is looked for.
MAIN = STORE + """\
WSFlowPresenceEvents "{events}"
WSFlowNode {name}
AsyncRequestWorkerFactor 16
ListenBacklog 4096
LogLevel notice wsflow:info
"""
# What the outages make it say, and the remains of one that was killed.
FORGIVEN = ("WSF0451", "WSF0453", "AH0009[38]")


class Node(Httpd):
    def __init__(self, number, certs, origin, place, options, folder, shared=None):
        self.number, self.name = number, f"n{number}"
        self.events = folder / f"events{number}"
        main = MAIN.format(module=store_module(options.module), driver=place.driver, parameters=place.parameters,
                           lease=options.lease, events=self.events, name=self.name)
        conf = f'WSFlowPresence key={WHO} grace={options.grace}s\nWSFlowPass /plain "ws://127.0.0.1:{origin.port}/"'
        if shared:
            main, conf = main + shared.main(), f"{conf}\n{shared.conf()}"
        super().__init__(certs, conf, main=main, children=2, threads=25, module=options.module, host=f"127.0.0.{number + 2}")
        self.log.allow(*FORGIVEN, *(shared.FORGIVEN if shared else ()))
        self._cpu = {}

    def write_conf(self, **changes):
        super().write_conf(**changes)
        file = self.root / "httpd.conf"
        file.write_text(file.read_text().replace("CustomLog", "#CustomLog"))

    def _signal_all(self, number):
        """All its processes, keepers too."""
        for pid in processes.group_members(self.pid):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def kill(self):
        """kill -9 of the whole; returns from when to when."""
        self.sample_cpu()
        begin = now()
        self._signal_all(signal.SIGSTOP)  # nobody starts another one meanwhile
        self._signal_all(signal.SIGKILL)
        self._process.wait()
        wait_until(lambda: not processes.group_members(self.pid), "all processes are dead", 10)
        return begin, now()

    def pause(self):
        begin = now()
        self._signal_all(signal.SIGSTOP)
        return begin

    def go_on(self):
        self._signal_all(signal.SIGCONT)
        return now()

    def end(self):
        """Whatever it does."""
        if self._process is not None:
            self._signal_all(signal.SIGCONT)
            self._signal_all(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def hang_up(self):
        os.kill(self.pid, signal.SIGUSR1)

    def told(self):
        return self.status.json("&count=0")["presence"]

    def sample_cpu(self):
        """Those that end between two samples take what they used since the last one along."""
        for pid in processes.group_members(self.pid):
            try:
                self._cpu[pid] = procfs.cpu_seconds([pid])
            except (FileNotFoundError, ProcessLookupError, IndexError):
                pass

    def cpu(self):
        return sum(self._cpu.values())


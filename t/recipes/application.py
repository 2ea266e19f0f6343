"""What a recipe is made of: an application, started as its package has it, and where its page and its socket are."""

import base64
import os
import pathlib
import signal
import socket
import subprocess

from place import PASSWORD, USER
from wait import wait_until

TREE = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = TREE / "build/recipes"


class Application:
    """A recipe.py has a class App of this kind. PLACE is "subpath", "vhost", or, of a recipe that has login.conf, "login"."""

    title = ""
    packages = ()  # of Debian; the first is the one whose version is told
    npm = ()  # as well
    client = ""  # a module of clients/
    reconnects = True  # the client, by itself
    port = 0  # of the application; the first where there are several
    sub_path = ""  # where subpath.conf has it, with a slash at its end if it has a page
    page = ""  # below that, "" if "page_says" is not set
    page_says = ""  # what the page contains
    browser_page = None  # below the root: the page that opens the socket, with what its URL needs
    redirect = ()  # a path below the root, and where it must lead
    patience = 40  # seconds until it answers
    open_to_all = False  # what it cannot be kept from
    mistakes = ()  # of mistake.Mistake

    def __init__(self, name, folder, place):
        self.name, self.folder, self.place = name, folder, place
        self.recipe = pathlib.Path(__file__).resolve().parent / name
        self._running = []
        folder.mkdir()
        folder.chmod(0o777)

    # What recipes override
    def prepare(self):
        """What is done once, before the first start."""

    def launch(self):
        """Starts the processes, by run()."""
        raise NotImplementedError

    def socket_path(self):
        """The path of the socket, or what the client takes for it."""
        return self.root()

    def probe_path(self):
        """A path at which a handshake reaches the application."""
        return self.socket_path()

    def options(self):
        """For the client."""
        return {}

    def login(self):
        """What the client sends for login.conf."""
        words = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        return {"headers": {"Authorization": f"Basic {words}"}} if self.place == "login" else {}

    def browse(self, tab, base):
        """Opens that page in a Tab of Chromium; BASE is the URL of the root."""
        tab.open(base + self.browser_page)

    def conf(self):
        """The recipe, as httpd gets it."""
        return (self.recipe / f"{self.place}.conf").read_text()

    # Paths
    def root(self):
        return "/" if self.place == "vhost" else self.sub_path

    def page_path(self):
        return self.root() + self.page

    # Life
    def run(self, *words, user=None, environment=None, cwd=None):
        """A process of the application, as USER."""
        if user:
            words = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *words]
        with open(self.folder / "console", "ab") as console:
            self._running.append(subprocess.Popen(
                [str(word) for word in words], cwd=cwd or self.folder, stdin=subprocess.DEVNULL, stdout=console,
                stderr=console, start_new_session=True,
                env={**os.environ, "HOME": str(self.folder), **(environment or {})}))

    def ports(self):
        return [self.port]

    def ready(self):
        for process in self._running:
            if process.poll() is not None:
                raise AssertionError(f"{process.args[0]} ended with {process.returncode}: {self.said()}")
        for port in self.ports():
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                return False
        return True

    def addresses(self):
        """At which it listens."""
        wanted = " or ".join(f"sport = :{port}" for port in self.ports())
        told = subprocess.run(["ss", "-Hltn", wanted], check=True, capture_output=True, text=True).stdout
        return {line.split()[3].rpartition(":")[0] for line in told.splitlines()}

    def start(self):
        self.launch()
        wait_until(self.ready, f"{self.title} listens", self.patience, pause=0.05, report=self.said)

    def stop(self):
        """As a service manager does: SIGTERM, and SIGKILL for what does not go."""
        for process in reversed(self._running):
            if process.poll() is None:
                process.terminate()
        for process in self._running:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                pass
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
        self._running = []

    def further(self, trial):
        """What is tried of this application alone, at the end; facts go into trial.told."""

    def end(self):
        """For good, whatever prepare() has started included."""
        self.stop()

    def said(self):
        file = self.folder / "console"
        return file.read_text(errors="replace")[-2000:] if file.exists() else "nothing"

"""One recipe in one place: everything that is tried, and what came of it."""

import contextlib
import re
import time

import browser
from client import Client
from mistake import CLIENT, HANDSHAKE
from place import ADDRESS, HOST, OWN_ADDRESS, own_host
from server import Httpd
from visit import Visitor
from wait import wait_until

OWN_RETURN_S = 20  # a client that has not connected again by itself by then does not
# What mod_proxy and the module say of an origin that is down, which is what is tried.
DOWN = ("AH00957", "AH01114", "AH01102", "AH00898", "AH01084", "AH01097", "AH01110", "AH00959", "AH10229",
        "WSF003")
LOOPBACK = {ADDRESS, f"[::ffff:{ADDRESS}]"}


class Trial:
    def __init__(self, certs, app, mistake=None):
        self._certs, self._app, self._mistake = certs, app, mistake
        self.host = own_host(app.name) if app.place == "vhost" else HOST
        self.visitor = Visitor(certs, self.host)
        self.told = {}

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            conf = self._app.conf()
            if self._mistake:
                conf = self._mistake.spoil(conf)
            own = f"Listen {OWN_ADDRESS}:443\n{conf}" if self._app.place == "vhost" else ""
            self.site = Httpd(self._certs, "" if own else conf, main=own, host=ADDRESS, ports=(80, 443))
            stack.callback(self.site.remove)
            stack.callback(self._stop_site)
            self.site.start()
            stack.callback(self._app.end)
            self._app.prepare()
            self._app.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _stop_site(self):
        if self.site.running():
            self.site.stop()

    def client(self, scheme="wss"):
        return Client(self._app.client, f"{scheme}://{self.host}{self._app.socket_path()}", self._app.options(),
                      self._certs.ca)

    def run(self):
        """All that is tried; the facts are in `told`."""
        if self._app.place == "login":
            self._log_in()
            return
        # Whoever reaches it without httpd is past what httpd asks for.
        assert self._app.open_to_all or self._app.addresses() <= LOOPBACK, self._app.addresses()
        if self._app.page_says:
            self.told["page"] = self.visitor.page(self._app.page_path(), self._app.page_says)
        if self._app.redirect:
            path, target = self._app.redirect
            location = self.visitor.get(self._app.root() + path)[1]["location"]
            assert location in (self._app.root() + target, f"https://{self.host}{self._app.root()}{target}"), location
        if self._app.place == "subpath":
            with self.client("ws") as client:
                client.connected()
                client.exchange()
            self.told["plain"] = True
        with self.client() as client:
            client.connected()
            self.told["exchange"] = client.exchange()
            self._holds_no_worker()
            self._reload(client)
            self._restart(client)
        self._app.further(self)
        if self._app.browser_page is not None and self._app.place == "subpath":
            self.told.update(browser.look(self, self._app))
        # A virtual host whose / belongs to the application has no room for the status, which the test asks elsewhere.
        self.site.log.allow("WSF0271", *DOWN)
        wrong = self.site.verdict()
        assert not wrong, wrong

    def _log_in(self):
        """Nobody is let in without a password, and the client is with it."""
        status = self.told["without"] = self.visitor.handshake(self._app.probe_path())[0]
        assert status == 401, f"without a password a handshake is answered {status}"
        with self.client() as client:
            client.connected()
            self.told["exchange"] = client.exchange()

    def suffer(self):
        """Status and text of what the MISTAKE leads to, and the reason that the access log has for it."""
        status, text, path = self._spoilt_request()
        if path is None:
            return status, text, "-"
        (*_, line) = self.site.wait_access(re.escape(path.split("?")[0]))
        return status, text, re.search(r"refused=(\S+)", line)[1]

    def _spoilt_request(self):
        if self._mistake.method == CLIENT:
            with self.client() as client:
                told = client.wait(0, "fault", "refused", "connected")
            return 101, told.get("why", "nothing"), None
        path = self._app.root() + self._mistake.path
        if self._mistake.path.startswith("/"):
            path = self._mistake.path
        if self._mistake.first:
            path = path.format(self._mistake.first(self.visitor, self._app.root()))
        fields = {"Origin": f"https://{self.host}", **self._mistake.fields}
        if self._mistake.log_in:
            fields.update(self.visitor.log_in(self._app.root() + self._mistake.log_in))
        if self._mistake.method == HANDSHAKE:
            return *self.visitor.handshake(path, fields), path
        status, answer, text = self.visitor.get(path, fields, self._mistake.method)
        return status, f"Location: {answer['location']}" if "location" in answer else text, path

    def tunnels(self):
        return self.site.status.json()["connections"]

    def _holds_no_worker(self):
        self.told["tunnels"] = len(wait_until(self.tunnels, "the status has its tunnel"))
        assert {tunnel["mode"] for tunnel in self.tunnels()} == {"engine"}, self.tunnels()
        # The one is the request for the status itself.
        wait_until(lambda: "\nBusyWorkers: 1\n" in self.site.get("/server-status?auto").text, "no worker is busy",
                   report=lambda: self.site.get("/server-status?auto").text)

    def _reload(self, client):
        """The client exchanges all the time meanwhile, and has the same connection afterwards."""
        before = {tunnel["id"] for tunnel in self.tunnels()}
        begin = len(client.events)
        client.ask("stream", "progress")
        self.site.graceful()
        client.wait(len(client.events), "progress")
        told = client.ask("quiet", "stream")
        assert told["sent"] == told["answered"] > 0 and not told["failure"], told
        assert not client.since(begin, "close", "open"), client.events[begin:]
        assert before <= {tunnel["id"] for tunnel in self.tunnels()}
        self.told["reload"] = f"{told['answered']} of {told['sent']}"

    def _restart(self, client):
        """The application ends and comes back: what its client is told, and when it is connected again."""
        begin = len(client.events)
        self._app.stop()
        told = client.wait(begin, "close")
        self.told["close"] = f"{told['code']} {told['reason']}".strip()
        self.told["down"] = self.visitor.handshake(self._app.probe_path())[0]
        if self._app.page_says:
            self.told["page down"] = self.visitor.get(self._app.page_path())[0]
        began = time.time()
        self._app.start()
        there = time.time()
        self.told["start"] = round(there - began, 1)
        if self._app.page_says:
            self.visitor.page(self._app.page_path(), self._app.page_says)  # httpd has forgotten that it was down
        opened = self._returns(client, begin)
        if opened:
            self.told["back"] = max(round(opened["t"] - there, 1), 0.0)
        else:
            told = client.ask("again", "connected", "refused")
            assert told["event"] == "connected", f"a new connection after the restart: {told}"
            self.told["back"] = None
        client.exchange()

    def _returns(self, client, begin):
        if not self._app.reconnects:
            return None
        with contextlib.suppress(AssertionError):
            return client.wait(begin, "open", timeout=OWN_RETURN_S)
        return None

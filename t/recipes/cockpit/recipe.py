from application import Application
from mistake import Mistake
from place import PASSWORD, USER


class App(Application):
    title = "Cockpit"
    packages = ("cockpit-ws", "cockpit-bridge", "cockpit-system")
    client = "cockpit"
    reconnects = False
    port = 9090
    sub_path = "/cockpit/"
    page_says = "is_cockpit_client"

    mistakes = (
        Mistake("Basic authentication of httpd in front: the page's own log-in is `Authorization`, too",
                "another kind of log-in than Basic, for instance certificates of clients", 401, "", "cockpit/login", method="GET",
                who="httpd", fields={"Authorization": "Basic cm9vdDpvZiBjb2NrcGl0"}, add="""\
<Location "/cockpit/">
    AuthType Basic
    AuthName "cockpit"
    AuthUserFile /etc/apache2/users
    Require valid-user
</Location>
"""),
        Mistake("no `ProxyPreserveHost On`", "`ProxyPreserveHost On`", 403, "bad Origin", "cockpit/socket",
                drop="(?m)^ *ProxyPreserveHost On\n"),
        Mistake("a page on `https://` without `X-Forwarded-Proto`", "`RequestHeader set X-Forwarded-Proto`, and `ProtocolHeader`",
                403, "bad Origin", "cockpit/socket", drop="(?m)^ *RequestHeader .*\n"),
    )

    browser_page = ""

    def browse(self, tab, base):
        super().browse(tab, base)
        tab.wait("document.querySelector('#login-user-input')?.offsetParent !== null", "the log-in is there")
        for field, text in (("#login-user-input", USER), ("#login-password-input", PASSWORD)):
            tab.click(field)
            tab.type(text)
        tab.click("#login-button")

    def probe_path(self):
        return self.root() + "cockpit/socket"

    def options(self):
        return {"user": USER, "password": PASSWORD}

    def prepare(self):
        text = (self.recipe / "cockpit.conf").read_text()
        if self.place == "vhost":
            text = "".join(line for line in text.splitlines(True) if "UrlRoot" not in line)
        (self.folder / "cockpit").mkdir()
        (self.folder / "cockpit" / "cockpit.conf").write_text(text)

    def launch(self):
        self.run("/usr/lib/cockpit/cockpit-ws", "--no-tls", "--address=127.0.0.1", "--port=9090",
                 environment={"XDG_CONFIG_DIRS": str(self.folder)})

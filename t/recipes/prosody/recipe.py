import shutil
import subprocess

from application import Application
from mistake import CLIENT, Mistake
from place import HOST, PASSWORD, USER


class App(Application):
    title = "Prosody, XMPP"
    packages = ("prosody",)
    npm = ("@xmpp/client",)
    client = "xmpp"
    port = 5280
    sub_path = "/xmpp-websocket"

    insecure = False
    mistakes = (
        Mistake("no `consider_websocket_secure`: Prosody offers no log-in without TLS", "`consider_websocket_secure = true`",
                101, "No stream features to proceed with", "", method=CLIENT, settings={"insecure": True}),
        Mistake("another path than `/xmpp-websocket`", "the module's path, or its `http_paths`", 404, "", "/other",
                add="WSFlowPass /other http://127.0.0.1:5280/ws\n"),
        Mistake("no sub-protocol `xmpp`", "clients of XMPP ask for it", 501, "", ""),
    )

    def socket_path(self):
        return "/xmpp-websocket"

    def options(self):
        return {"domain": HOST, "username": USER, "password": PASSWORD}

    def prepare(self):
        own = f'data_path = "{self.folder}"\npidfile = "{self.folder}/prosody.pid"\nlog = {{ info = "*console" }}\n'
        text = (self.recipe / "prosody.cfg.lua").read_text()
        if self.insecure:
            text = "".join(line for line in text.splitlines(True) if "websocket_secure" not in line)
        (self.folder / "prosody.cfg.lua").write_text(own + text)
        for path in (self.folder, self.folder / "prosody.cfg.lua"):
            shutil.chown(path, "prosody", "prosody")
        self.folder.chmod(0o755)
        subprocess.run(["setpriv", "--reuid=prosody", "--regid=prosody", "--init-groups", "prosodyctl", "--config",
                        self.folder / "prosody.cfg.lua", "register", USER, HOST, PASSWORD], check=True, cwd=self.folder,
                       stdout=subprocess.DEVNULL)

    def launch(self):
        self.run("prosody", "-F", "--config", self.folder / "prosody.cfg.lua", user="prosody")

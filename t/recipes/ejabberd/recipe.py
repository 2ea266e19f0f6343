import os
import shutil
import subprocess

from application import Application
from mistake import Mistake
from place import HOST, PASSWORD, USER


class App(Application):
    title = "ejabberd, XMPP"
    packages = ("ejabberd",)
    npm = ("@xmpp/client",)
    client = "xmpp"
    port = 5280
    patience = 60
    sub_path = "/xmpp-websocket"
    _registered = False

    mistakes = (
        Mistake("another path than that of `request_handlers`", "the same path on both sides", 404, "", "/other",
                add="WSFlowPass /other http://127.0.0.1:5280/xmpp-websocket\n"),
    )

    def socket_path(self):
        return self.sub_path if self.place == "subpath" else "/ws"

    def options(self):
        return {"domain": HOST, "username": USER, "password": PASSWORD}

    def prepare(self):
        shutil.copy(self.recipe / "ejabberd.yml", self.folder / "ejabberd.yml")
        for name in ("spool", "log"):
            (self.folder / name).mkdir()
        for path in (self.folder, *self.folder.iterdir()):
            shutil.chown(path, "ejabberd", "ejabberd")
        self.folder.chmod(0o755)

    def _words(self, *words):
        return ["ejabberdctl", "--config-dir", self.folder, "--config", self.folder / "ejabberd.yml", "--spool",
                self.folder / "spool", "--logs", self.folder / "log", *words]

    def launch(self):
        self.run(*self._words("foreground"), user="ejabberd")

    def start(self):
        super().start()
        if not self._registered:
            subprocess.run(["setpriv", "--reuid=ejabberd", "--regid=ejabberd", "--init-groups",
                            *self._words("register", USER, HOST, PASSWORD)], check=True, cwd=self.folder,
                           stdout=subprocess.DEVNULL, env={**os.environ, "HOME": str(self.folder)})
            self._registered = True

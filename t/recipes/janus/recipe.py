import shutil

from application import Application
from mistake import Mistake


class App(Application):
    title = "Janus"
    packages = ("janus",)
    client = "janus"
    reconnects = False
    port = 8188
    sub_path = "/janus"

    mistakes = (
        Mistake("no sub-protocol", "`janus-protocol`", 502, "", "",
                who="httpd: the application hangs up"),
    )

    def prepare(self):
        shutil.copy(self.recipe / "app/janus.jcfg", self.folder)
        shutil.copy(self.recipe / "janus.transport.websockets.jcfg", self.folder)

    def launch(self):
        self.run("janus", "-F", self.folder)

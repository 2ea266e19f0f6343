import shutil

from application import PACKAGES, Application
from mistake import Mistake


class App(Application):
    title = "Node-RED"
    npm = ("node-red",)
    client = "nodered"
    reconnects = False
    port = 1880
    sub_path = "/nodered/"
    page_says = "Node-RED"
    browser_page = ""

    mistakes = (
        Mistake("a path that Node-RED does not have", "a slash at both ends of the route", 502, "",
                "other/comms", who="httpd: the application hangs up"),
    )

    def probe_path(self):
        return self.root() + "comms"

    def prepare(self):
        shutil.copy(self.recipe / "app/flows.json", self.folder / "flows.json")

    def launch(self):
        self.run("node", PACKAGES / "node_modules/node-red/red.js", "--userDir", self.folder, "--port", 1880,
                 "-D", "uiHost=127.0.0.1", self.folder / "flows.json")

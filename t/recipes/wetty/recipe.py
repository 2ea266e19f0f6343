from application import PACKAGES, Application
from mistake import Mistake


class App(Application):
    title = "WeTTY"
    npm = ("wetty",)
    client = "wetty"
    port = 3000
    sub_path = "/wetty/"
    page_says = "WeTTY"
    browser_page = ""

    mistakes = (
        Mistake("`--base` and the route's URL are not the same", "the same path in `--base` and on both sides of the route",
                502, "", "/other/socket.io/?EIO=4&transport=websocket", add="WSFlowPass /other http://127.0.0.1:3000/other\n",
                who="httpd: the application hangs up after a second"),
    )

    def probe_path(self):
        return self.root() + "socket.io/?EIO=4&transport=websocket"

    def options(self):
        return {"path": self.root() + "socket.io/"}

    def launch(self):
        base = "/wetty/" if self.place == "subpath" else "/"
        self.run("node", PACKAGES / "node_modules/wetty/build/main.js", "--host", "127.0.0.1", "--port", 3000, "--base", base,
                 "--command", "/bin/sh")

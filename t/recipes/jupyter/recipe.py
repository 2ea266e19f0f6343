import json

from application import Application
from mistake import Mistake

TOKEN = "a-token-of-the-recipes"
_CHANNELS = "api/kernels/00000000-0000-0000-0000-000000000000/channels"


def _kernel(visitor, root):
    """A kernel that runs: of others the application says that they do not exist, and nothing of Origin."""
    fields = {"Authorization": f"token {TOKEN}", "Origin": f"https://{visitor.host}"}
    return json.loads(visitor.get(root + "api/kernels", fields, "POST")[2])["id"]


class App(Application):
    title = "Jupyter Notebook"
    packages = ("jupyter-notebook", "python3-ipykernel")
    client = "jupyter"
    reconnects = False
    port = 8888
    sub_path = "/jupyter/"
    page = "tree"
    page_says = "Jupyter"
    mistakes = (
        Mistake("a kernel that starts more slowly than `handshake=`", "a longer `handshake=`", 504, "",
                "api/kernels/{}/channels", first=_kernel, log_in=f"tree?token={TOKEN}", who="mod_wsflow",
                add='<Location "/jupyter">\n    WSFlowTimeout handshake=100ms\n</Location>\n'),
        Mistake("no `ProxyPreserveHost On`", "`ProxyPreserveHost On`", 404, "Blocking Cross Origin API request", "api/kernels",
                method="POST", log_in=f"tree?token={TOKEN}", drop="(?m)^ *ProxyPreserveHost On\n"),
        Mistake("no `ProxyPreserveHost On`", "`ProxyPreserveHost On`", 403, "Blocking Cross Origin WebSocket Attempt",
                "api/kernels/{}/channels", first=_kernel, log_in=f"tree?token={TOKEN}", drop="(?m)^ *ProxyPreserveHost On\n"),
        Mistake("`ProxyPreserveHost On` without `allow_remote_access`", "`allow_remote_access = True`", 403,
                "Blocking request with non-local 'Host'", _CHANNELS, settings={"left_out": "allow_remote_access"}),
        Mistake("a page that is not logged in any more", "log in again", 403, "Couldn't authenticate WebSocket connection", _CHANNELS),
    )

    left_out = "nothing"  # of the application's configuration

    browser_page = f"notebooks/page.ipynb?token={TOKEN}"

    def page_path(self):
        return f"{self.root()}tree?token={TOKEN}"

    def probe_path(self):
        return f"{self.root()}api/kernels/none/channels"

    def options(self):
        return {"token": TOKEN}

    def prepare(self):
        text = (self.recipe / "jupyter_notebook_config.py").read_text()
        words = ("base_url", self.left_out) if self.place == "vhost" else (self.left_out,)
        text = "".join(line for line in text.splitlines(True) if not any(word in line for word in words))
        (self.folder / "jupyter_notebook_config.py").write_text(text)
        (self.folder / "page.ipynb").write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))

    def launch(self):
        self.run("jupyter-notebook", f"--config={self.folder}/jupyter_notebook_config.py", f"--NotebookApp.token={TOKEN}",
                 "--no-browser", "--allow-root", f"--notebook-dir={self.folder}")

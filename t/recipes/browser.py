"""The page of an application in Chromium, while httpd is reloaded and while the application is started again."""

import contextlib
import time

from chromium import Chromium
from devtools import Tab
from loop_thread import LoopThread
from wait import wait_until

RETURN_S = 20  # a page that has no socket again by then does not get one by itself


def look(trial, app):
    """What becomes of the socket that the page opens, as facts for the table."""
    told = {}
    wait_until(lambda: not _ids(trial), "the tunnels of others have ended")
    with contextlib.ExitStack() as stack:
        chromium = stack.enter_context(Chromium("about:blank"))
        loop = LoopThread()
        stack.callback(loop.stop)
        tab = Tab(loop, chromium.devtools)
        stack.callback(tab.close)
        app.browse(tab, f"https://{trial.host}{app.root()}")
        before = wait_until(lambda: _ids(trial), "the page has opened its socket", 60,
                            report=lambda: tab.run("document.body.innerText.slice(0, 500)"))
        trial.site.graceful()
        assert before <= _ids(trial), "the page lost its socket at the reload"
        app.stop()
        wait_until(lambda: not _ids(trial) & before, "the page's socket has ended")
        app.start()
        there, told["page back"] = time.time(), None
        with contextlib.suppress(AssertionError):
            wait_until(lambda: _ids(trial), "the page has a socket again", RETURN_S, pause=0.1)
            told["page back"] = round(time.time() - there, 1)
        told["page shows"] = tab.run("document.body.innerText.replace(/\\s+/g, ' ').slice(0, 400)")
    return told


def _ids(trial):
    return {tunnel["id"] for tunnel in trial.tunnels()}

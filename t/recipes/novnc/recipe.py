from application import Application
from mistake import Mistake


class App(Application):
    title = "noVNC, websockify, x11vnc"
    packages = ("novnc", "websockify", "x11vnc", "xvfb")
    client = "rfb"
    reconnects = False
    port = 6080
    sub_path = "/novnc/"
    page = "vnc.html"
    page_says = "noVNC"
    redirect = ("core", "core/")
    browser_page = "vnc.html?path=novnc/websockify&autoconnect=true"

    mistakes = (
        Mistake("no `ProxyPassReverse /novnc/ /`: a redirect leads out of the sub-path", "both lines of `ProxyPassReverse`",
                301, "Location: /core/", "core", method="GET", drop="ProxyPassReverse /novnc/ /\n"),
        Mistake("the page on a sub-path without `?path=`: it asks for `/websockify`", "`vnc.html?path=novnc/websockify`",
                404, "", "/websockify", who="httpd: no route has that path"),
        Mistake("the VNC server is not there", "start it", 101, "Close 1011", "websockify", settings={"screen": False}),
    )

    screen = True
    _screen = ()

    def end(self):
        self._running += self._screen
        super().end()

    def socket_path(self):
        return self.root() + "websockify"

    def prepare(self):
        if not self.screen:
            return
        # The screen, which a restart of websockify leaves alone.
        self.run("Xvfb", ":77", "-screen", "0", "640x480x24", "-nolisten", "tcp")
        self.run("x11vnc", "-display", "WAIT:77", "-forever", "-shared", "-nopw", "-localhost", "-rfbport", "5977", "-quiet")
        self._screen, self._running = self._running, []

    def launch(self):
        self.run("websockify", "--web", "/usr/share/novnc", "127.0.0.1:6080", "127.0.0.1:5977")

from application import PACKAGES, Application
from mistake import Mistake


class App(Application):
    title = "socket.io"
    npm = ("socket.io", "socket.io-client")
    client = "socketio"
    port = 3000
    sub_path = "/chat/"

    mistakes = (
        Mistake("a page of another site, and `WSFlowOrigin`", "the site's origin in `WSFlowOrigin`", 403, "",
                "socket.io/?EIO=4&transport=websocket", who="mod_wsflow", fields={"Origin": "https://www.example.net"},
                add='<Location "/chat/">\n    WSFlowOrigin https://example.com\n</Location>\n'),
        Mistake("a client, or a proxy in front, that speaks an older version", "version 13", 426, "",
                "socket.io/?EIO=4&transport=websocket", who="mod_wsflow", fields={"Sec-WebSocket-Version": "8"}),
        Mistake("a proxy in front that takes `Upgrade` out",
                "that proxy has to pass `Upgrade` and `Connection` on", 400, "Bad request", "socket.io/?EIO=4&transport=websocket",
                who="the application, which sees an ordinary request", fields={"Upgrade": None, "Connection": None}),
        Mistake("a client on a sub-path without `path:`: it asks for `/socket.io/`", '`path: "/chat/socket.io/"`',
                404, "", "/socket.io/?EIO=4&transport=websocket", who="httpd: no route has that path"),
        Mistake("a session that this process does not know", "`stickysession`, if there are several", 400, "",
                "socket.io/?EIO=4&transport=websocket&sid=AAAAAAAAAAAAAAAAAAAA"),
        Mistake("another path of the application", "the path of the server, `/socket.io/` by default", 502, "",
                "other/?EIO=4&transport=websocket", who="httpd: the application hangs up after a second"),
    )

    def probe_path(self):
        return self.root() + "socket.io/?EIO=4&transport=websocket"

    def options(self):
        return {"path": self.root() + "socket.io/", **self.login()}

    def launch(self):
        for port in self.ports():
            self.run("node", self.recipe.parent / "socketio/app/server.mjs", port, cwd=PACKAGES)

from application import PACKAGES, Application


class App(Application):
    title = "y-websocket"
    npm = ("y-websocket-server", "y-websocket")
    client = "yjs"
    port = 1234
    sub_path = "/yjs/"

    def launch(self):
        self.run("node", PACKAGES / "node_modules/y-websocket-server/bin/server.cjs",
                 environment={"HOST": "127.0.0.1", "PORT": "1234"})

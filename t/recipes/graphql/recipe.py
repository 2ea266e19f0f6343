from application import PACKAGES, Application
from mistake import Mistake


class App(Application):
    title = "graphql-yoga, graphql-ws"
    npm = ("graphql-yoga", "graphql-ws")
    client = "graphql"
    port = 4000
    sub_path = "/graphql"
    page_says = "hello of GraphQL"

    mistakes = (
        Mistake("another path than that of the `WebSocketServer`", "the same path on both sides", 400, "", "/other",
                add="WSFlowPass /other http://127.0.0.1:4000/other\n"),
        Mistake("an old client (`subscriptions-transport-ws`), with the sub-protocol `graphql-ws`", "clients of graphql-ws",
                101, "Close 4406", "", fields={"Sec-WebSocket-Protocol": "graphql-ws"}),
    )

    def socket_path(self):
        return "/graphql"

    def page_path(self):
        return "/graphql?query=%7Bhello%7D"

    def launch(self):
        self.run("node", self.recipe / "app/server.mjs", cwd=PACKAGES)

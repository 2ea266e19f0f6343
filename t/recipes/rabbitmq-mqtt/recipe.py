from mistake import Mistake
from rabbit import RabbitMQ


class App(RabbitMQ):
    title = "RabbitMQ, web_mqtt"
    npm = ("mqtt",)
    client = "mqtt"
    port = 15675
    sub_path = "/mqtt"

    mistakes = (
        Mistake("another path than `/ws`", "`/ws` at the end of the route's URL",
                404, "", "/other", add="WSFlowPass /other http://127.0.0.1:15675/mqtt\n"),
    )

    def options(self):
        return {"login": {"username": "guest", "password": "guest"}}

from mistake import Mistake
from rabbit import RabbitMQ


class App(RabbitMQ):
    title = "RabbitMQ, web_stomp"
    npm = ("@stomp/stompjs",)
    client = "stomp"
    port = 15674
    sub_path = "/stomp"

    mistakes = (
        Mistake("another path than `/ws`", "`/ws` at the end of the route's URL",
                404, "", "/other", add="WSFlowPass /other http://127.0.0.1:15674/stomp\n"),
    )

    def options(self):
        return {"login": {"login": "guest", "passcode": "guest"}}

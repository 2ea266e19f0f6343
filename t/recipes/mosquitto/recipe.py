from application import Application
from mistake import Mistake


class App(Application):
    title = "mosquitto, MQTT"
    packages = ("mosquitto",)
    npm = ("mqtt",)
    client = "mqtt"
    port = 9001
    open_to_all = True
    sub_path = "/mqtt"

    mistakes = (
        Mistake("a request that is no WebSocket handshake, for instance a health check", "check the port by TCP, or MQTT itself",
                502, "", "", method="GET", who="httpd: the application hangs up"),
    )

    def launch(self):
        self.run("mosquitto", "-c", self.recipe / "mosquitto.conf", user="mosquitto")

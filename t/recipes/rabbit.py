"""RabbitMQ with one of its plugins for WebSockets."""

import shutil

from application import Application


class RabbitMQ(Application):
    packages = ("rabbitmq-server",)
    patience = 90

    def socket_path(self):
        return self.sub_path if self.place == "subpath" else "/ws"

    def prepare(self):
        for name in ("enabled_plugins", "rabbitmq.conf"):
            shutil.copy(self.recipe / name, self.folder / name)
            shutil.chown(self.folder / name, "rabbitmq", "rabbitmq")
        shutil.chown(self.folder, "rabbitmq", "rabbitmq")
        self.folder.chmod(0o755)

    def launch(self):
        self.run("/usr/lib/rabbitmq/bin/rabbitmq-server", user="rabbitmq", environment={
            "RABBITMQ_NODENAME": "recipes@localhost", "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"), "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"), "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins")})

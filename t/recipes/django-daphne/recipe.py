from django_site import Site
from mistake import Mistake


class App(Site):
    title = "Django Channels on daphne"
    packages = ("daphne", "python3-django-channels", "python3-django")

    mistakes = (
        Mistake("the public name is not in `ALLOWED_HOSTS` (`AllowedHostsOriginValidator`)", "`ALLOWED_HOSTS`",
                403, "", "ws/", settings={"hosts": ("127.0.0.1",)}),
        Mistake("`ProxyPreserveHost On`, and the name is not in `ALLOWED_HOSTS`", "`ALLOWED_HOSTS`",
                400, "", "", method="GET", settings={"hosts": ("127.0.0.1",)}, add="ProxyPreserveHost On\n"),
        Mistake("a path without a consumer", "the path of `URLRouter`", 500, "", "other/"),
    )

    def launch(self):
        self.run("daphne", "-b", "127.0.0.1", "-p", 8000, "--proxy-headers", "asgi:application",
                 environment=self.environment())

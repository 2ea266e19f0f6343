from django_site import Site
from mistake import Mistake


class App(Site):
    title = "Django Channels on uvicorn"
    packages = ("python3-uvicorn", "python3-websockets", "python3-django-channels", "python3-django")

    mistakes = (
        Mistake("the public name is not in `ALLOWED_HOSTS` (`AllowedHostsOriginValidator`)", "`ALLOWED_HOSTS`",
                403, "", "ws/", settings={"hosts": ("127.0.0.1",)}),
        Mistake("a path without a consumer", "the path of `URLRouter`", 500, "", "other/"),
    )

    def launch(self):
        self.run("/usr/bin/python3", "-m", "uvicorn", "--host", "127.0.0.1", "--port", 8000, "--lifespan", "off",
                 "asgi:application", environment=self.environment())

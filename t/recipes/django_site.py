"""A site of Django Channels, on one of two servers."""

from application import Application
from place import HOST, own_host


class Site(Application):
    client = "echo"
    reconnects = False
    port = 8000
    sub_path = "/app/"
    hosts = ()  # ALLOWED_HOSTS, if they are others
    page_says = "a site of Django over https"

    def socket_path(self):
        return self.root() + "ws/"

    def environment(self):
        hosts = self.hosts or ("127.0.0.1", HOST if self.place == "subpath" else own_host(self.name))
        return {"SITE_HOSTS": ",".join(hosts), "PYTHONPATH": str(self.recipe.parent / "django-daphne/app"),
                "PYTHONDONTWRITEBYTECODE": "1"}

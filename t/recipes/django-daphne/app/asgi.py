"""A site of Django Channels in one file: a socket that answers numbers, behind the check of Origin that Channels has."""

import json
import os

import django
from django.conf import settings

settings.configure(
    DEBUG=False, SECRET_KEY="of the recipes", ALLOWED_HOSTS=os.environ["SITE_HOSTS"].split(","), ROOT_URLCONF=__name__,
    INSTALLED_APPS=["channels"], MIDDLEWARE=["django.middleware.common.CommonMiddleware"], USE_TZ=True, SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"))
django.setup()

from channels.generic.websocket import WebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402


class Answers(WebsocketConsumer):
    def receive(self, text_data=None, bytes_data=None):
        self.send(json.dumps({"number": json.loads(text_data)["number"]}))


urlpatterns = [path("", lambda request: HttpResponse(f"a site of Django over {request.scheme}"))]
application = ProtocolTypeRouter({
    "http": get_asgi_application(),
    "websocket": AllowedHostsOriginValidator(URLRouter([path("ws/", Answers.as_asgi())])),
})

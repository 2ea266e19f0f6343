"""Tunnels that hold their worker: on a stream of HTTP/2, behind a connection filter that nobody knows, on prefork; and on the worker
MPM."""

from h2_client import h2_connect
from wait import wait_until

KINDS = ["http2", "filter", "prefork", "worker"]
H2 = "Protocols h2 http/1.1\nH2WebSockets on"


class WorkerSite:
    """An httpd with a route /x whose tunnels are of that KIND."""

    def __init__(self, kind, httpd, raw_origin, certs, resources, tunnel, conf="", **shape):
        self.kind, self._certs, self._resources, self._tunnel = kind, certs, resources, tunnel
        self.origin = raw_origin()
        route = f'{conf}\nWSFlowPass /x "{self.origin.url("/x")}"'
        if kind == "http2":
            self.site = httpd(route, modules=["http2"], tls_conf=H2, **shape)
            self.site.log.expect("WSF0220")
        elif kind in ("filter", "worker"):
            if kind == "worker":
                shape["mpm"] = kind
            self.site = httpd(f"{route}\nDumpIOInput On\nLogLevel dumpio:trace7", modules=["dumpio"], **shape)
        else:
            self.site = httpd(route, mpm="prefork", **shape)
            self.site.log.expect("WSF0081")

        self.site.log.expect("WSF0075.*holds this worker thread")

    def open(self, receive_buffer=0, tls=False):
        """A new tunnel as (client, server); HTTP/2 is always over TLS."""
        if self.kind != "http2":
            client, server = self._tunnel(self.site, self.origin, "/x", tls, receive_buffer=receive_buffer)
        else:
            client = h2_connect(self.site, self._certs, self._resources).begin("/x")
            server = self.origin.accept_tunnel()
            self._resources.append(server)
            client.wait_head()
            assert client.status == 200
        wait_until(lambda: self.site.status.json()["tunnels"]["active_worker"], "a tunnel holds its worker")
        return client, server

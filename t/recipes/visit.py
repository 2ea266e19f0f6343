"""Requests as a browser sends them: by the name of the host, over TLS."""

import contextlib
import http.client
import http.cookies
import re
import ssl
import urllib.parse

from place import ADDRESS, HOST, OWN_ADDRESS

_LINKS = re.compile(r"""<(?:script|link|img)\b[^>]*?\b(?:src|href)=["']([^"'#]+)["']""", re.I)
_SWITCH = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
           "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}


def _close_of(stream):
    """Reads short frames up to a Close frame."""
    with contextlib.suppress(OSError):
        while head := stream.read(2):
            payload = stream.read(head[1])
            if head[0] & 0x0F == 8:
                return f"Close {int.from_bytes(payload[:2], 'big')} {payload[2:].decode()}"
    return ""


class Visitor:
    def __init__(self, certs, host):
        self.host = host
        self._address = ADDRESS if host == HOST else OWN_ADDRESS
        self._context = ssl.create_default_context(cafile=str(certs.ca))

    def _connect(self):
        return http.client.HTTPSConnection(self.host, 443, timeout=30, context=self._context)

    def get(self, path, headers=None, method="GET"):
        """Status, fields and text of an answer."""
        connection = self._connect()
        try:
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode(errors="replace")
        finally:
            connection.close()

    def log_in(self, path):
        """The fields of a browser that was on this page."""
        cookies = http.cookies.SimpleCookie()
        for line in self.get(path)[1].get_all("set-cookie") or []:
            cookies.load(line)
        fields = {"Cookie": "; ".join(f"{name}={morsel.coded_value}" for name, morsel in cookies.items())}
        if "_xsrf" in cookies:
            fields["X-XSRFToken"] = cookies["_xsrf"].value
        return fields

    def handshake(self, path, fields=()):
        """Status and text of what a handshake is answered; of a 101, the Close frame that follows at once, if there is one."""
        connection = self._connect()
        try:
            sent = {**_SWITCH, "Origin": f"https://{self.host}", **dict(fields)}
            connection.request("GET", path, headers={name: value for name, value in sent.items() if value is not None})
            answer = connection.getresponse()
            if answer.status == 101:
                return 101, _close_of(answer.fp)
            return answer.status, answer.read().decode(errors="replace")
        finally:
            connection.close()

    def page(self, path, says):
        """Follows redirects to a page, and gets what it consists of; returns its path."""
        for _ in range(5):
            status, fields, text = self.get(path)
            if status not in (301, 302, 303, 307, 308):
                break
            target = urllib.parse.urlsplit(urllib.parse.urljoin(f"https://{self.host}{path}", fields["location"]))
            assert (target.scheme, target.netloc) == ("https", self.host), f"{path} leads to {fields['location']}"
            path = target.path + (f"?{target.query}" if target.query else "")
        assert status == 200, f"the page {path} is answered {status}: {text[:200]}"
        assert says in text, f"the page {path} does not say {says!r}: {text[:400]}"
        for link in dict.fromkeys(_LINKS.findall(text)):
            whole = urllib.parse.urljoin(f"https://{self.host}{path}", link)
            if whole.startswith(f"https://{self.host}/") and "{" not in link:
                parts = urllib.parse.urlsplit(whole)
                status = self.get(parts.path + (f"?{parts.query}" if parts.query else ""))[0]
                assert status == 200, f"{path} consists of {link}, which is answered {status}"
        return path

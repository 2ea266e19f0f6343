"""A CA of our own and certificates for the server and the origins, made once a session by openssl."""

import ssl
import subprocess


class Certificates:
    def __init__(self, folder, names=("localhost", "127.0.0.1")):
        self.folder = folder
        self._names = names
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        self.ca = folder / "ca.pem"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-keyout", folder / "ca.key", "-out", self.ca, "-days", "30",
                      "-subj", "/CN=WSFlow test CA", "-addext", "basicConstraints=critical,CA:TRUE")
        self.server, self.server_key = self._issue("server")
        self.origin, self.origin_key = self._issue("origin")

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)

    def _issue(self, name):
        key, request, certificate = (self.folder / f"{name}.{end}" for end in ("key", "csr", "pem"))
        extensions = self.folder / f"{name}.ext"
        # mod_ssl compares the name of a proxied URL with DNS entries only, be it an address.
        names = ",".join(f"DNS:{name}" for name in self._names)
        extensions.write_text(f"subjectAltName={names},IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
        self._openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        self._openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.folder / "ca.key",
                      "-CAcreateserial", "-days", "30", "-extfile", extensions, "-out", certificate)
        key.chmod(0o644)
        return certificate, key

    def origin_context(self, max_version=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.origin, self.origin_key)
        if max_version:
            context.maximum_version = max_version
        return context

    def client_context(self, alpn=(), max_version=None):
        context = ssl.create_default_context(cafile=str(self.ca))
        if alpn:
            context.set_alpn_protocols(list(alpn))
        if max_version:
            context.maximum_version = max_version
        return context

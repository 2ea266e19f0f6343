#!/bin/sh
# Apache httpd 2.4.71: two ProxyPass lines to two Unix sockets behind one host name. mod_proxy takes the URL behind the bar for the name
# of a worker and leaves the socket out, so the second line gets the first one's worker: its requests reach the first application.
# configtest says "Syntax OK", the start and the requests log nothing. The host name means nothing to a Unix socket, so
# everybody writes localhost; with a name (or a port) of its own for each socket both are reached.
# Seen with httpd 2.4.71 of Debian 12 in November 2026:
#> one name, /one: application one
#> one name, /two: application one
#> a name each, /one: application one
#> a name each, /two: application two
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$folder"
(cd "$folder" && apt-get download -q "apache2-bin=2.4.71-*" libapr1 libaprutil1 >/dev/null 2>&1)
for package in "$folder"/*.deb; do dpkg -x "$package" "$folder/debian"; done
LD_LIBRARY_PATH=$(find "$folder/debian/usr/lib" -maxdepth 1 -name '*-linux-*')
export LD_LIBRARY_PATH

cat > "$folder/try.py" <<'END'
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request

folder = sys.argv[1]


def serve(path, name):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    os.chmod(path, 0o666)
    listener.listen()

    def loop():
        while True:
            peer = listener.accept()[0]
            peer.recv(65536)
            body = f"application {name}".encode()
            peer.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            peer.close()
    threading.Thread(target=loop, daemon=True).start()


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def ask(names):
    port = free_port()
    modules = f"{folder}/debian/usr/lib/apache2/modules"
    with open(f"{folder}/httpd.conf", "w") as conf:
        conf.writelines(f"LoadModule {name}_module {modules}/mod_{name}.so\n"
                        for name in ("mpm_event", "authz_core", "proxy", "proxy_http"))
        conf.write(f"""ServerRoot {folder}
ServerName localhost
PidFile {folder}/pid
ErrorLog {folder}/error.log
Listen 127.0.0.1:{port}
ProxyPass /one unix:{folder}/one.sock|http://{names[0]}/
ProxyPass /two unix:{folder}/two.sock|http://{names[1]}/
""")
    httpd = subprocess.Popen([f"{folder}/debian/usr/sbin/apache2", "-X", "-f", f"{folder}/httpd.conf"])
    try:
        answers = []
        for path in ("/one", "/two"):
            for _ in range(100):
                try:
                    answers.append(urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).read().decode())
                    break
                except OSError:
                    time.sleep(0.1)
        return answers
    finally:
        httpd.terminate()
        httpd.wait()


for each in ("one", "two"):
    serve(f"{folder}/{each}.sock", each)
for title, names in (("one name", ("localhost", "localhost")), ("a name each", ("one", "two"))):
    for path, answer in zip(("/one", "/two"), ask(names)):
        print(f"{title}, {path}: {answer}")
END

/usr/bin/python3 "$folder/try.py" "$folder" > "$folder/seen" || { cat "$folder/error.log" >&2; exit 1; }
sed -n 's/^#> //p' "$0" > "$folder/expected"
if ! diff -u "$folder/expected" "$folder/seen"; then
  echo "$0: this has changed" >&2
  exit 1
fi
echo "$0: as it was"

#!/bin/sh
# Apache httpd 2.4.71: ListenBacklog and "apachectl restart". The manual calls a restart a re-reading of the configuration
# with all children new; its parent, and with it the listening sockets, stay. Nobody calls listen() again for a socket that is
# kept, so another ListenBacklog is read, accepted by configtest, and has no effect: neither by graceful nor by restart.
# Only a stop and a start (systemctl restart) bring it; likewise the parent's limit of descriptors, which children inherit.
# Seen with httpd 2.4.71 of Debian 12 in November 2026:
#> start with ListenBacklog 7: 7
#> ListenBacklog 77 and a graceful: 7
#> ListenBacklog 77 and a restart: 7
#> ListenBacklog 77, a stop and a start: 77
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
import signal
import socket
import subprocess
import sys
import time

folder = sys.argv[1]
with socket.socket() as sock:
    sock.bind(("127.0.0.1", 0))
    port = sock.getsockname()[1]


def configure(backlog):
    modules = f"{folder}/debian/usr/lib/apache2/modules"
    with open(f"{folder}/httpd.conf", "w") as conf:
        conf.writelines(f"LoadModule {name}_module {modules}/mod_{name}.so\n" for name in ("mpm_event", "authz_core"))
        conf.write(f"ServerRoot {folder}\nServerName localhost\nPidFile {folder}/pid\nErrorLog {folder}/error.log\n"
                   f"Mutex file:{folder} default\nDefaultRuntimeDir {folder}\n"
                   f"Listen 127.0.0.1:{port}\nListenBacklog {backlog}\n")


def starts():
    with open(f"{folder}/error.log") as log:
        return log.read().count("resuming normal operations")


def wait(condition):
    for _ in range(100):
        try:
            if condition():
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit("httpd did not do it")


def start():
    before = starts() if os.path.exists(f"{folder}/error.log") else 0
    httpd = subprocess.Popen([f"{folder}/debian/usr/sbin/apache2", "-DFOREGROUND", "-f", f"{folder}/httpd.conf"])
    wait(lambda: starts() > before)
    return httpd


def again(httpd, number):
    before = starts()
    httpd.send_signal(number)
    wait(lambda: starts() > before)


def backlog():
    """Of a listening socket the kernel tells it as the greatest number that may wait (Send-Q)."""
    told = subprocess.run(["ss", "-Hltn", f"sport = :{port}"], check=True, capture_output=True, text=True).stdout
    return told.split()[2]


configure(7)
httpd = start()
print("start with ListenBacklog 7:", backlog())
configure(77)
again(httpd, signal.SIGUSR1)
print("ListenBacklog 77 and a graceful:", backlog())
again(httpd, signal.SIGHUP)
print("ListenBacklog 77 and a restart:", backlog())
httpd.terminate()
httpd.wait()
httpd = start()
print("ListenBacklog 77, a stop and a start:", backlog())
httpd.terminate()
httpd.wait()
END

/usr/bin/python3 "$folder/try.py" "$folder" > "$folder/seen" || { cat "$folder/error.log" >&2; exit 1; }
sed -n 's/^#> //p' "$0" > "$folder/expected"
if ! diff -u "$folder/expected" "$folder/seen"; then
  echo "$0: this has changed" >&2
  exit 1
fi
echo "$0: as it was"

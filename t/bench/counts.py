"""What a tunnel costs an httpd in instructions and in system calls, which other work of the machine does not change: one
process of it runs under callgrind or strace, and what comes before the first tunnel cancels out between two runs."""
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time

import proxies

FEW, MANY = 100, 400
REQUEST = (b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
MESSAGE, CLOSE = b"\x82\x85\0\0\0\0hello", b"\x88\x82\0\0\0\0\x03\xe8"


def live(port, messages):
    """One life of a tunnel, in order, with so many echoes."""
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        connection.sendall(REQUEST)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += connection.recv(4096)
        if not answer.startswith(b"HTTP/1.1 101"):
            raise RuntimeError(f"a handshake was answered {answer[:40]!r}")
        for _ in range(messages):
            connection.sendall(MESSAGE)
            connection.recv(100)
        connection.sendall(CLOSE)
        while connection.recv(100):
            pass


def run(httpd, tool, lives, messages):
    """HTTPD, which is stopped, runs as one process under TOOL for so many tunnels."""
    root = pathlib.Path(httpd.root)
    for left in [*root.glob("*.log"), root / "httpd.pid"]:
        left.unlink(missing_ok=True)
    who = {}
    if os.geteuid() == 0:  # callgrind writes its file at the end, when httpd has changed its user
        subprocess.run(["chown", "-R", "www-data", root], check=True)
        who = {"user": "www-data", "group": "www-data"}
    process = subprocess.Popen([*tool, proxies.HTTPD, "-X", "-d", root, "-f", root / "httpd.conf"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **who)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                live(httpd.http_port, 1)
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"httpd does not start under {tool[0]}") from None
                time.sleep(0.1)
        for _ in range(lives):
            live(httpd.http_port, messages)
    finally:
        # strace lets its child have the signal.
        child = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=False).stdout.split()
        os.kill(int(child[0]) if child else process.pid, signal.SIGTERM)
        process.wait(120)


def instructions(httpd, lives, messages):
    with tempfile.TemporaryDirectory(prefix="wsflow-bench.") as folder:
        os.chmod(folder, 0o777)
        run(httpd, ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out"], lives, messages)
        return int(re.search(r"^summary: (\d+)", pathlib.Path(folder, "out").read_text(), re.M)[1])


def system_calls(httpd, lives):
    with tempfile.TemporaryDirectory(prefix="wsflow-bench.") as folder:
        os.chmod(folder, 0o777)
        run(httpd, ["strace", "-f", "-c", "-o", f"{folder}/out"], lives, 1)
        return int(re.search(r"(\d+)(?: +\d+)? total$", pathlib.Path(folder, "out").read_text(), re.M)[1])


def count(httpd):
    """Instructions of a life and of an echo, system calls of a life."""
    def each(measure, times=1):
        return (measure(MANY) - measure(FEW)) / (times * (MANY - FEW))

    return {"life": each(lambda lives: instructions(httpd, lives, 1)),
            "echo": each(lambda messages: instructions(httpd, 20, messages), 20),
            "calls": each(lambda lives: system_calls(httpd, lives))}

"""Where packets go in a test: addresses that swallow connections, names, and a network of its own."""

import contextlib
import ctypes
import os
import select
import socket
import subprocess

import pytest

# Of a test that changes its network or what httpd sees of the file system.
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root")

_CLONE_NEWNS = 0x00020000
_CLONE_NEWNET = 0x40000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_PORT_RANGE = "/proc/sys/net/ipv4/ip_local_port_range"
_libc = ctypes.CDLL(None, use_errno=True)


def _succeed(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


class SilentAddress:
    """An address that answers no further connection: its backlog is full, so the kernel drops what asks for one."""

    def __init__(self, host="127.0.0.1", port=0):
        self._listener = socket.socket()
        self._listener.bind((host, port))
        self._listener.listen(0)
        self.port = self._listener.getsockname()[1]
        self._waiting = []
        while not self._waiting or select.select([], self._waiting[-1:], [], 0.2)[1]:
            self._waiting.append(socket.socket())
            self._waiting[-1].setblocking(False)
            self._waiting[-1].connect_ex((host, self.port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for sock in (*self._waiting, self._listener):
            sock.close()


def with_hosts(path):
    """For Httpd.start(before_exec=…): the process sees the file PATH as /etc/hosts."""
    return with_file(path, "/etc/hosts")


def with_file(path, place):
    """For Httpd.start(before_exec=…): the process sees the file PATH at PLACE."""
    def enter():
        _succeed(_libc.unshare(_CLONE_NEWNS), "unshare")
        _succeed(_libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None), "mount")
        _succeed(_libc.mount(str(path).encode(), place.encode(), None, _MS_BIND, None), "mount")
    return enter


class Network:
    """A network namespace with a loopback interface; sockets and processes that this thread makes are in it."""

    def limit_ports(self, first, last):
        """From now on connections get their local ports from this range."""
        with open(_PORT_RANGE, "w") as file:
            file.write(f"{first} {last}")


@contextlib.contextmanager
def own_network():
    """The calling thread is in a Network of its own meanwhile."""
    with _back_afterwards():
        _succeed(_libc.unshare(_CLONE_NEWNET), "unshare")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        yield Network()


@contextlib.contextmanager
def inside(network):
    """The calling thread is in that network meanwhile, of which there is a descriptor."""
    with _back_afterwards():
        _succeed(_libc.setns(network, _CLONE_NEWNET), "setns")
        yield


@contextlib.contextmanager
def _back_afterwards():
    outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            yield
        finally:
            _succeed(_libc.setns(outside, _CLONE_NEWNET), "setns")
    finally:
        os.close(outside)

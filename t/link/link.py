"""A bad link: two networks with a relay in user space between them, for kernels without netem.

The server's side is the network of the thread that makes the link, best one of its own (network.own_network); the client's
is made here. TCP on both sides is the kernel's, so acknowledgements, windows and buffers are real. Nothing of it outlives
the processes that hold its descriptors.
"""

import fcntl
import json
import os
import pathlib
import struct
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "httpd" / "support"))

from network import inside, own_network  # noqa: E402

_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
# The server's end of every link: all links of one network lead to the same server.
SERVER = "10.77.0.1"
# What ctest takes for a skipped test (t/CMakeLists.txt).
UNAVAILABLE = "no bad link here"


def why_unavailable():
    """The reason for which no link can be made here, or None."""
    try:
        with own_network():
            os.close(_open_device("probe"))
        return None
    except (OSError, subprocess.CalledProcessError) as reason:
        return f"{UNAVAILABLE}: {reason}"


def _open_device(name):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
        return device
    except BaseException:
        os.close(device)
        raise


def _device(name, address, peer, mtu):
    """A device in the network of this thread that is up; no packet goes into it by itself."""
    device = _open_device(name)
    try:
        silent = pathlib.Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6")
        if silent.exists():
            silent.write_text("1")
        for arguments in (f"link set {name} mtu {mtu} txqueuelen 1000", f"address add {address} peer {peer} dev {name}",
                          f"link set {name} up"):
            subprocess.run(["ip", *arguments.split()], check=True)
        return device
    except BaseException:
        os.close(device)
        raise


class Link:
    """NUMBER tells the links of one network apart. The policies of both directions are changed at any time."""

    def __init__(self, mtu=1500, number=0):
        self.client = f"10.77.0.{2 + number}"
        name = f"link{number}"
        self._network = None
        devices = [_device(name, SERVER, self.client, mtu)]
        try:
            devices.append(self._make_client_side(name, mtu))
            self._relay = subprocess.Popen([sys.executable, "-B", HERE / "relay.py", *map(str, devices)], pass_fds=devices,
                                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        except BaseException:
            if self._network is not None:
                os.close(self._network)
            raise
        finally:
            for device in devices:
                os.close(device)

    def _make_client_side(self, name, mtu):
        """A network of its own: a thread makes it, whose descriptor keeps it."""
        made = []

        def make():
            try:
                with own_network():
                    self._network = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
                    made.append(_device(name, self.client, SERVER, mtu))
            except BaseException as reason:  # the thread that waits raises it
                made.append(reason)

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        if isinstance(made[0], BaseException):
            raise made[0]
        return made[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._relay.stdin.close()
        self._relay.wait()
        self._relay.stdout.close()
        os.close(self._network)

    def client_side(self):
        """The calling thread is on the client's side meanwhile; sockets that it makes stay there."""
        return inside(self._network)

    def set(self, *, both=None, to_client=None, to_server=None):
        """Changes policies (way.Policy); returns counts of each direction when the changes are in force."""
        changes = {"to_client": {**(both or {}), **(to_client or {})}, "to_server": {**(both or {}), **(to_server or {})}}
        self._relay.stdin.write(json.dumps(changes) + "\n")
        self._relay.stdin.flush()
        answer = self._relay.stdout.readline()
        if not answer:
            raise AssertionError(f"the relay has ended: {self._relay.wait()}")
        return json.loads(answer)

    def counts(self):
        return self.set()

#!/usr/bin/python3
"""What the kernel's buffers of a tunnel do on a long line: the speed of a large message each way, and what a client that
reads nothing holds. docs/tuning.md shows the result. As root, with /dev/net/tun; after `cmake --build --preset release`:
    t/bench/buffers.py
    t/bench/buffers.py --rate 2e6 --delay 0.15 --sizes 0,32,64,128,512
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

from benchtools import MODULE, SUPPORT

sys.path[:0] = [SUPPORT, str(pathlib.Path(__file__).resolve().parents[1] / "link")]

import frames  # noqa: E402
import link as links  # noqa: E402
from network import own_network  # noqa: E402
from origin import RawOrigin  # noqa: E402
from server import Httpd  # noqa: E402
from tls import Certificates  # noqa: E402
from wire import RawClient  # noqa: E402

# More than a message may take, and than a reader that stands still may hold.
PATIENCE_S, FAR_TOO_MUCH = 600, 64_000_000


def open_tunnel(site, origin, link):
    with link.client_side():
        client = RawClient(site.address())
    client.send_handshake("/x")
    server = origin.accept_tunnel()
    assert client.read_head().status == 101
    for wire in (client, server):
        wire.sock.settimeout(PATIENCE_S)
    return client, server


def mbit(sender, receiver, message, masked):
    """Megabits a second of a message, from its first byte that is written to its last that is read."""
    begin = time.monotonic()
    sending = threading.Thread(target=sender.send_frame, args=(frames.BINARY, message), kwargs={"masked": masked})
    sending.start()
    came = receiver.read_frame()[2]
    taken = time.monotonic() - begin
    sending.join()
    assert came == message, "bytes are missing"
    return len(message) * 8 / taken / 1e6


def kernel_bytes(which):
    """What the sockets of httpd hold, as the kernel counts it."""
    said = subprocess.run(["ss", "-Htnm", "state", "established", which], check=True, capture_output=True, text=True).stdout
    return sum(int(read) + int(queued) for read, queued in re.findall(r"skmem:\(r(\d+),rb\d+,t\d+,tb\d+,f\d+,w(\d+)", said))


def buffered(site):
    return sum(process["buffered"] for process in site.status.json()["processes"])


def measure(size, options, certificates, link):
    lines, main = "", ""
    if size.startswith("httpd"):
        main = "ReceiveBufferSize {0}\nSendBufferSize {0}\n".format(1024 * int(size[5:]))
    elif size != "0":
        lines = f"WSFlowReceiveBufferSize {size}k\nWSFlowSendBufferSize {size}k\n"
    with RawOrigin() as origin:
        site = Httpd(certificates, f'{lines}WSFlowPass /x "{origin.url("/x")}"', main=main, host=links.SERVER,
                     module=options.module)
        site.start()
        try:
            message = os.urandom(int(options.megabytes * 1e6))
            client, server = open_tunnel(site, origin, link)
            # The first megabyte is TCP's own beginning.
            mbit(server, client, message, False)
            down = mbit(server, client, message, False)
            mbit(client, server, message, True)
            up = mbit(client, server, message, True)
            idle, feeder = open_tunnel(site, origin, link)
            feeder.send_until_blocked(frames.encode(frames.BINARY, bytes(1_000_000)), FAR_TOO_MUCH)
            held = kernel_bytes(f"sport = :{site.http_port}") + kernel_bytes(f"dport = :{origin.port}") + buffered(site)
            for wire in (client, server, idle, feeder):
                wire.close()
        finally:
            site.stop()
            site.remove()
    return {"buffer_kib": size, "to_client_mbit": round(down, 1), "from_client_mbit": round(up, 1),
            "held_kib": round(held / 1024)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--module", type=pathlib.Path, default=pathlib.Path(MODULE))
    parser.add_argument("--rate", type=float, default=20e6, help="of the line, in bits a second")
    parser.add_argument("--delay", type=float, default=0.05, help="each way, in seconds")
    parser.add_argument("--megabytes", type=float, default=3, help="of a message")
    parser.add_argument("--sizes", default="0,32,64,128,httpd64",
                        help="KiB, comma-separated; 0: the kernel's choice; httpd64: by httpd's directives, towards clients alone")
    options = parser.parse_args()
    reason = links.why_unavailable()
    if reason:
        sys.exit(reason)
    with tempfile.TemporaryDirectory(prefix="wsflow-bench.") as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        certificates = Certificates(root / "tls")
        with own_network(), links.Link() as link:
            link.set(both={"rate": options.rate, "delay": options.delay, "queue": 400_000})
            for size in options.sizes.split(","):
                print(json.dumps(measure(size, options, certificates, link)), flush=True)


if __name__ == "__main__":
    main()

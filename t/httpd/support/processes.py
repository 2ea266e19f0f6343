"""What /proc tells of the processes of one httpd (they share its process group)."""

import os
import pathlib
import re
import signal
import socket
import struct

from wait import wait_until

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20


def _stat(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text[text.rindex(")") + 2:].split()
    return {"state": fields[0], "parent": int(fields[1]), "group": int(fields[2]),
            "cpu": int(fields[11]) + int(fields[12])}


def group_members(group):
    """Living processes of a process group."""
    members = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (stat := _stat(entry)) and stat["group"] == group and stat["state"] != "Z":
            members.append(int(entry))
    return sorted(members)


def children(parent):
    return sorted(pid for pid in group_members(parent) if (stat := _stat(pid)) and stat["parent"] == parent)


def open_descriptors(pid):
    """The targets of a process's descriptors, by number."""
    found = {}
    for number in os.listdir(f"/proc/{pid}/fd"):
        try:
            found[int(number)] = os.readlink(f"/proc/{pid}/fd/{number}")
        except FileNotFoundError:
            pass
    return found


def listening_sockets():
    """What open_descriptors() calls the TCP sockets of this machine that listen."""
    lines = pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
    return {f"socket:[{fields[9]}]" for fields in map(str.split, lines) if fields[3] == "0A"}


def backlog(port):
    """How many connections nobody has accepted yet, of the socket that listens on this port of 127.0.0.1."""
    for line in pathlib.Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        _, local, _, state, queues, *_ = line.split()
        if state == "0A" and int(local.split(":")[1], 16) == port:
            return int(queues.split(":")[1], 16)
    raise AssertionError(f"nothing listens on port {port}")


def title(pid):
    """What ps shows: the name of the program, and its arguments as one text."""
    try:
        arguments = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ")
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip(), arguments.decode()
    except (FileNotFoundError, ProcessLookupError):
        return "", ""


def own_bytes(pid):
    """What the process has allocated, and its share of the memory that httpd's processes share. Files are left out (Pss has
    them): its share of those grows whenever a neighbour that has them too ends."""
    lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    amounts = dict(line.split(":", 1) for line in lines[1:])
    return sum(int(amounts[name].split()[0]) * 1024 for name in ("Anonymous", "Pss_Shmem"))


def threads(pid):
    """Names of a process's threads."""
    return [pathlib.Path(f"/proc/{pid}/task/{task}/comm").read_text().strip()
            for task in os.listdir(f"/proc/{pid}/task")]


def waits(pid, thread):
    """How often the thread of that name has gone to sleep."""
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().strip() == thread:
            return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text(), re.M)[1])
    raise AssertionError(f"{pid} has no thread {thread}")


def mapped_files(pid):
    return {line.split(None, 5)[5] for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines()
            if len(line.split(None, 5)) == 6}


def cpu_seconds(pid):
    stat = _stat(pid)
    return stat["cpu"] / os.sysconf("SC_CLK_TCK") if stat else 0.0


def unread_by(local, remote):
    """Bytes that wait in the receive queue of the TCP socket bound to LOCAL and connected to REMOTE,
    None when there is no such socket. (The table in /proc takes too long on a busy machine.)"""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as netlink:
        identity = struct.pack("!HH", local[1], remote[1])
        for host, _ in (local, remote):
            identity += socket.inet_aton(host) + bytes(12)
        identity += struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
        request = struct.pack("=BBBxI", socket.AF_INET, socket.IPPROTO_TCP, 0, 0xFFFFFFFF) + identity
        netlink.send(struct.pack("=IHHII", 16 + len(request), _SOCK_DIAG_BY_FAMILY, 1, 1, 0) + request)
        answer = netlink.recv(4096)
    if struct.unpack_from("=IH", answer)[1] != _SOCK_DIAG_BY_FAMILY:
        return None
    # Behind both headers, the identity (48 bytes) and idiag_expires: idiag_rqueue.
    return struct.unpack_from("=I", answer, 16 + 4 + 48 + 4)[0]


def stop(pid):
    """SIGSTOP, and returns once no thread runs any more: until then one may still take what comes."""
    os.kill(pid, signal.SIGSTOP)

    def states():
        return {pathlib.Path(task, "stat").read_text().rsplit(")", 1)[1].split()[0]
                for task in pathlib.Path(f"/proc/{pid}/task").iterdir()}
    wait_until(lambda: states() == {"T"}, f"all threads of {pid} have stopped", report=states)

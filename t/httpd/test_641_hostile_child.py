"""What a child that was taken over writes turns httpd's main process, which is root, against nobody."""

import ctypes
import os
import random
import signal
import socket
import subprocess

import pytest

import processes
from legs import talk, wait_keepers
from network import needs_root
from shared_segment import SharedSegment
from wait import seconds, wait_until

SYS_PIDFD_GETFD = 438
HEAD = 117  # of a line that crosses to the newest generation: httpd/process/log_relay.cpp, Record
OF_TUNNEL_LOG = 15


@pytest.fixture
def bystander(resources):
    """A process of root's that has nothing to do with httpd."""
    class Bystander:
        process = subprocess.Popen(["sleep", "1000"], start_new_session=True)

        def lives(self):
            return self.process.poll() is None

        def close(self):
            self.process.kill()
            self.process.wait()

    made = Bystander()
    resources.append(made)
    return made


@needs_root
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGWINCH])
def test_a_named_stranger_gets_no_signal(httpd, raw_origin, tunnel, bystander, number):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    pair = tunnel(site, origin, "/x")
    site.graceful()
    wait_keepers(site, 1)
    talk(*pair)
    segment = SharedSegment(site)
    for slot, pid in enumerate((bystander.process.pid, site.pid), 100):
        segment.name_keeper(slot, pid)
    segment.close()
    before = site.pid
    site.signal(number)
    # The keeper of ours is told all the same, and waited for.
    if number == signal.SIGWINCH:
        talk(*pair)
        pair[0].close()
    else:
        pair[0].read_until_closed()
    if number == signal.SIGHUP:
        wait_until(lambda: site.get("/").status == 200 and site.generation() == 2, "httpd has restarted")
        assert site.pid == before
    else:
        pair[1].close()
        site.wait_gone()
    assert bystander.lives()


def wait_answer(site):
    def answers():
        try:
            return site.get("/").status == 200
        except OSError:
            return False

    wait_until(answers, "httpd answers", 30)


@needs_root
@pytest.mark.bulk
@pytest.mark.parametrize("what", ["ones", "random"])
def test_httpd_stops_in_order_on_a_segment_of_garbage(httpd, raw_origin, tunnel, bystander, what):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    # The children have to live with what is there, and do not.
    site.log.allow("AH00052", "AH0004[56]", "WSF", "core dump", "AH00050")
    tunnel(site, origin, "/x")
    site.graceful()
    (keeper,) = wait_keepers(site, 1)
    data = b"\xff" * 65536 if what == "ones" else random.Random(7).randbytes(65536)
    segment = SharedSegment(site)
    segment.spoil(data)
    segment.close()
    os.kill(site.pid, signal.SIGUSR1)
    wait_until(lambda: len(site.log.lines("AH00493|AH00489")) > 0, "httpd has reloaded")
    assert site.running()
    # Nobody finds it any more.
    if os.path.exists(f"/proc/{keeper}"):
        os.kill(keeper, signal.SIGKILL)
    site.signal(signal.SIGTERM)
    wait_until(lambda: not site.running(), "httpd has stopped", 30)
    assert site._process.returncode == 0
    wait_until(lambda: not processes.group_members(site.pid), "no process of httpd is left", 20)
    assert bystander.lives()


def relay_socket(pid):
    """The end of the pair to which keepers send their log lines."""
    libc = ctypes.CDLL(None, use_errno=True)
    held = os.pidfd_open(pid)
    found = None
    for number, target in sorted(processes.open_descriptors(pid).items()):
        if not target.startswith("socket:"):
            continue
        fd = libc.syscall(SYS_PIDFD_GETFD, held, number, 0)
        assert fd >= 0, os.strerror(ctypes.get_errno())
        end = socket.socket(fileno=fd)
        if found is None and (end.family, end.type & 0xF) == (socket.AF_UNIX, socket.SOCK_DGRAM):
            found = end
        else:
            end.close()
    os.close(held)
    return found


@needs_root
def test_lines_that_are_none_end_no_process(httpd, raw_origin, tunnel):
    origin = raw_origin()
    site = httpd(f'WSFlowLog tunnels.log\nWSFlowPass /x "{origin.url("/x")}"')
    site.log.allow("WSF")
    pair = tunnel(site, origin, "/x")
    child = site.child()
    relay = relay_socket(child)
    relay.settimeout(seconds(20))
    noise = random.Random(5)
    head = bytearray(b"\xff" * HEAD)
    lines = [b"", b"x" * 50, bytes(head), bytes(head) + b"x" * 5000, bytes(HEAD) + b"x" * 5000]
    for flag in (1, 255):
        head[OF_TUNNEL_LOG] = flag
        lines += [bytes(head) + b"no end", bytes(head) + b"\0", bytes(head) + b"tunnels.log\0", bytes(head) + b"gone\0x\n\x1b"]
    lines += [noise.randbytes(noise.randrange(3000)) for _ in range(200)]
    for line in [*lines, bytes(HEAD) + b"the last one"]:
        relay.send(line)
    relay.close()
    site.log.wait_for("keeper 0: the last one")
    assert site.child() == child
    talk(*pair)

"""Where httpd is process 1, as in a container, keepers become its children: nothing about them is strange to it."""

import ctypes
import os
import re

import processes
from wait import wait_until

PR_SET_CHILD_SUBREAPER = 36


def adopting():
    """Makes the process one that orphans become children of, as process 1 is."""
    assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def test_ended_keepers_are_no_strangers(httpd, echo, connect):
    site = httpd(f'WSFlowPass /x "{echo().url("/x")}"', start=False)
    site.start(before_exec=adopting)
    for _ in range(2):
        peer = connect(site.url("ws", "/x"))
        site.graceful()
        assert peer.echo("hello") == "hello"
        keeper = next(p["pid"] for p in site.status.json()["processes"] if p["kind"] == "keeper")
        assert keeper in processes.children(site.pid)
        # A reload in between: the next generation has to know it too.
        site.graceful()
        peer.close()
        wait_until(lambda: not os.path.exists(f"/proc/{keeper}"), "the keeper was waited for")
    assert not [line for line in site.log.lines() if re.search("AH00488", line)]

"""Waiting for conditions; nothing in these tests sleeps for a fixed time and hopes."""

import os
import time

# Sanitizer and valgrind runs of httpd are slower; every bound is stretched by this.
TIME_FACTOR = float(os.environ.get("WSFLOW_TIME_FACTOR", "1"))


def seconds(value):
    """A bound of VALUE seconds, stretched for slow builds."""
    return value * TIME_FACTOR


def wait_until(condition, what, timeout=10.0, pause=0.01, report=None):
    """Polls CONDITION until it is true and returns its value; fails naming WHAT and what REPORT() then says.
    The last look comes after the time is up: a machine that stood still has not shown anything meanwhile."""
    end = time.monotonic() + seconds(timeout)
    while True:
        late = time.monotonic() > end
        value = condition()
        if value:
            return value
        if late:
            seen = f"; it is: {report()}" if report else ""
            raise AssertionError(f"waited {seconds(timeout):.0f} s in vain until {what}{seen}")
        time.sleep(pause)

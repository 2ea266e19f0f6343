#!/bin/sh
# Linux: an event descriptor in many epoll instances, each of which stands in one outer epoll (a library with its own epoll in the
# event loop of a server). Each instance takes it without a word; the 501st is refused when *it* is added to the outer one, with
# EINVAL, although nothing about it is invalid and the call has nothing to do with the shared descriptor. The kernel
# allows 500 wake-up paths of length 2 from one file (fs/eventpoll.c, path_limits). epoll_ctl(2) lists EINVAL for other
# causes only. 600 instances with an event descriptor each are taken.
# A server that polls connections for others ends a worker process that gets EINVAL there: the httpd event MPM of 2.4.71 does.
# Seen with Linux 6.18 in November 2026:
#> one descriptor for all: refused at 501, EINVAL
#> one descriptor each: all 600 taken
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
cat >"$folder/nested.py" <<'END'
import ctypes
import errno
import select

libc = ctypes.CDLL(None, use_errno=True)


def nest(shared):
    outer, kept = select.epoll(), []
    event = libc.eventfd(0, 0)
    for number in range(1, 601):
        inner = select.epoll()
        kept.append(inner)
        inner.register(event if shared else libc.eventfd(0, 0), select.EPOLLIN)
        try:
            outer.register(inner, select.EPOLLIN)
        except OSError as refusal:
            return f"refused at {number}, {errno.errorcode[refusal.errno]}"
    return "all 600 taken"


said = [f"one descriptor for all: {nest(True)}", f"one descriptor each: {nest(False)}"]
print("\n".join(said))
if said != ["one descriptor for all: refused at 501, EINVAL", "one descriptor each: all 600 taken"]:
    raise SystemExit("this has changed")
END
/usr/bin/python3 "$folder/nested.py"

"""The reloads of the first phase against mod_proxy_http: what a site without the module lives through."""

import time
from http.client import HTTPException

from load import Load
from site_under_test import THREADS
from wait import wait_until
from watch import Watch

TUNNELS = THREADS * 2 // 3  # the other threads are for handshakes and ordinary requests
STOPPED_S = 20  # a site that does not answer for so long has stopped


def _reload(site):
    """Seconds until the new generation answers, or None."""
    before = site.generation()
    start = time.monotonic()
    site.hang_up()
    while time.monotonic() < start + STOPPED_S:
        try:
            if site.generation() > before:
                return time.monotonic() - start
        except (OSError, HTTPException):
            pass
        time.sleep(0.02)
    return None


def measure(options, site, client):
    load = Load(site, client)
    watch = Watch(site, with_tunnels=False)
    load.open_direct()
    missing = load.open(min(options.tunnels, TUNNELS)) + load.open_bulk()
    held = load.count
    print(f"open: {held} tunnels, {missing} could not be opened", flush=True)
    done, stopped = 0, False
    with watch:
        while done < options.reloads and not stopped:
            start = time.monotonic()
            missing = load.replace(max(held // 40, 2))
            taken = _reload(site)
            done += 1
            stopped = taken is None
            seen = watch.peek()
            print(f"reload {done}: " + (f"nothing answers for {STOPPED_S} s" if stopped else f"answers after {taken:.2f} s") +
                  f"; {missing} new tunnels refused; {seen['stopping']} slots held by old children, for "
                  f"{seen['stopping_s']:.1f} s", flush=True)
            time.sleep(max(0, start + options.pause - time.monotonic()))
        seen = watch.take()
    print(f"{done} reloads, the site {'has stopped' if stopped else 'lives'}; tunnels dropped: {sum(load.ends().values())}; "
          f"slots held by old children: {seen['stopping']} of 6; an ordinary page took {seen['page_ms']:.0f} ms at most, "
          f"{len(seen['unanswered'])} requests failed", flush=True)
    load.close_all()
    if stopped:
        start = time.monotonic()
        wait_until(lambda: _answers(site), "the site answers when its tunnels are closed", 30)
        print(f"it answers again {time.monotonic() - start:.1f} s after its tunnels were closed")


def _answers(site):
    try:
        return site.get("/", timeout=1).status == 200
    except (OSError, HTTPException):
        return False

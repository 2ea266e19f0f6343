"""Looks at the site all the time, as its visitors and its operator do, and keeps what it saw."""

import threading
import time
from http.client import HTTPException


class Watch:
    """Two threads: one asks for an ordinary page every 50 ms, one for the scoreboard and the status of the tunnels."""

    def __init__(self, site, with_tunnels=True):
        self._site = site
        self._with_tunnels = with_tunnels
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._expected = (0, 0)  # least and most tunnels
        self._changes = 0  # of _expected
        self._stopping = {}  # (slot, pid): since when it has been stopping
        self._threads = [threading.Thread(target=self._every, args=(0.05, self._page)),
                         threading.Thread(target=self._every, args=(0.2, self._operator))]
        self._seen = self._nothing()

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def expect(self, least, most):
        """From now on the status must show so many tunnels."""
        with self._lock:
            self._expected = (least, most)
            self._changes += 1

    @staticmethod
    def _nothing():
        return {"pages": 0, "page_ms": 0.0, "page_at": 0.0, "unanswered": [], "samples": 0, "wrong_counts": [],
                "stopping": 0, "stopping_s": 0.0, "graceful_workers": 0, "keepers": 0, "processes": 0}

    def take(self):
        """What was seen since the last call."""
        with self._lock:
            seen, self._seen = self._seen, self._nothing()
            return seen

    def peek(self):
        with self._lock:
            return dict(self._seen)

    def _every(self, pause, look):
        while not self._stop.wait(pause):
            start = time.monotonic()
            try:
                look(start)
            except (OSError, HTTPException, AssertionError) as error:
                with self._lock:
                    self._seen["unanswered"].append(f"{error!r} after {time.monotonic() - start:.1f} s")

    def _page(self, start):
        answer = self._site.get("/", timeout=5)
        assert answer.status == 200, answer.status
        taken = 1000 * (time.monotonic() - start)
        with self._lock:
            self._seen["pages"] += 1
            if taken > self._seen["page_ms"]:
                self._seen["page_ms"], self._seen["page_at"] = taken, start

    def _operator(self, start):
        slots, graceful = self._site.slots()
        self._see_slots(slots, graceful, time.monotonic())
        if self._with_tunnels:
            with self._lock:
                changes = self._changes
            self._see_tunnels(*self._site.tunnels(), changes)

    def _see_slots(self, slots, graceful, now):
        stopping = {key for key, is_stopping in slots.items() if is_stopping}
        with self._lock:
            self._stopping = {key: self._stopping.get(key, now) for key in stopping}
            longest = max((now - since for since in self._stopping.values()), default=0)
            seen = self._seen
            seen["stopping"] = max(seen["stopping"], len(stopping))
            seen["stopping_s"] = max(seen["stopping_s"], longest)
            seen["graceful_workers"] = max(seen["graceful_workers"], graceful)

    def _see_tunnels(self, active, shown, changes):
        total = sum(tunnels for _, _, tunnels in shown)
        with self._lock:
            seen = self._seen
            seen["samples"] += 1
            seen["keepers"] = max(seen["keepers"], sum(1 for _, kind, _ in shown if kind == "keeper"))
            seen["processes"] = max(seen["processes"], len(shown))
            if changes != self._changes:
                return
            least, most = self._expected
            if not least <= active <= most or total != active:
                wanted = least if least == most else f"{least} to {most}"
                seen["wrong_counts"].append(f"{active} (processes: {total}) instead of {wanted}")

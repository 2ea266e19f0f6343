"""Somebody who looks at the status of a site all the time."""
import http.client
import statistics
import threading

from site_of_scale import FORMATS


class Watcher:
    PAUSE = 0.25

    def __init__(self, site):
        self._site = site
        self._times = {kind: [] for kind in FORMATS}
        self._failed = dict.fromkeys(FORMATS, 0)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while True:
            for kind in FORMATS:
                try:
                    self._times[kind].append(1000 * self._site.look(kind))
                except (OSError, http.client.HTTPException, RuntimeError):
                    self._failed[kind] += 1
                if self._end.wait(self.PAUSE):
                    return

    def stop(self):
        self._end.set()
        self._thread.join()
        return {kind: self._summary(kind) for kind in FORMATS}

    def _summary(self, kind):
        times = sorted(self._times[kind]) or [0]
        return {"count": len(self._times[kind]), "failed": self._failed[kind], "p50": statistics.median(times),
                "p99": times[min(len(times) - 1, int(0.99 * len(times)))], "p100": times[-1]}

"""One asyncio loop in a thread of its own, for the websockets library; tests stay plain functions."""

import asyncio
import threading

from wait import seconds


class LoopThread:
    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, coroutine, timeout=60):
        """The result of COROUTINE, awaited in the loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(seconds(timeout))

    def start(self, coroutine):
        """A future of COROUTINE."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()

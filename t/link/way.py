"""One direction of a bad link: which packets arrive, and when. It knows no clock and no device: both are its caller's."""

import heapq
import random
from collections import deque
from dataclasses import dataclass, fields


@dataclass
class Policy:
    """What befalls the packets of one direction. What is changed counts for those that have not left the queue."""
    rate: float = 0  # bits a second; 0: at once
    queue: int = 64_000  # bytes that may wait for the rate; a packet for which there is no room is lost
    loss: float = 0  # share of the packets
    delay: float = 0  # seconds
    jitter: float = 0  # seconds that the delay is longer or shorter by at most; the order stays
    reorder: float = 0  # share of the packets that are not delayed, and so overtake
    down: bool = False  # nothing arrives, not even what is under way

    def change(self, **changes):
        unknown = set(changes) - {field.name for field in fields(self)}
        if unknown:
            raise ValueError(f"a link knows nothing of {', '.join(sorted(unknown))}")
        for name, value in changes.items():
            setattr(self, name, value)


class Way:
    """Packets go in by put(); run() hands those whose time has come to DELIVER(packet)."""

    def __init__(self, deliver, chance=random.random):
        self.policy = Policy()
        self.arrived = self.lost = self.bytes = 0
        self._deliver, self._chance = deliver, chance
        self._queue, self._queued = deque(), 0  # (when it came, packet); bytes
        self._free_at = 0.0  # when the last packet has left the queue
        self._flying, self._count = [], 0  # (when it arrives, number, packet)
        self._last_landing = 0.0

    def put(self, packet, now):
        policy = self.policy
        if policy.down or self._chance() < policy.loss:
            self.lost += 1
        elif policy.rate and self._queue and self._queued + len(packet) > policy.queue:
            self.lost += 1
        else:
            self._queue.append((now, packet))
            self._queued += len(packet)
            self._leave(now)

    def run(self, now):
        self._leave(now)
        while self._flying and self._flying[0][0] <= now:
            packet = heapq.heappop(self._flying)[2]
            if self.policy.down or not self._deliver(packet):
                self.lost += 1
            else:
                self.arrived += 1
                self.bytes += len(packet)

    def next_event(self):
        """When run() has something to do next, or None."""
        times = [self._flying[0][0]] if self._flying else []
        if self._queue:
            times.append(self._free_at)
        return min(times, default=None)

    def _leave(self, now):
        """Packets leave the queue one after the other, each in the time that the rate gives it."""
        while self._queue and self._free_at <= now:
            came, packet = self._queue.popleft()
            self._queued -= len(packet)
            taken = 8 * len(packet) / self.policy.rate if self.policy.rate else 0.0
            self._free_at = max(self._free_at, came) + taken
            self._fly(packet, self._free_at)

    def _fly(self, packet, left):
        policy = self.policy
        lands = left
        if policy.delay and not (policy.reorder and self._chance() < policy.reorder):
            lands += max(policy.delay + policy.jitter * (2 * self._chance() - 1), 0.0)
            lands = self._last_landing = max(lands, self._last_landing)
        self._count += 1
        heapq.heappush(self._flying, (lands, self._count, packet))

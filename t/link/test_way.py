"""What becomes of the packets of one direction, on a clock that the test turns."""

import random

import pytest

from way import Way


class Clock:
    """A Way, and when each packet arrived at its end."""

    def __init__(self, chance=lambda: 0.5, **policy):
        self.arrivals, self.now = [], 0.0
        self.way = Way(self._arrive, chance)
        self.way.policy.change(**policy)

    def _arrive(self, packet):
        self.arrivals.append((round(self.now, 6), packet))
        return True

    def put(self, *packets):
        for packet in packets:
            self.way.put(packet, self.now)

    def until(self, end):
        while (at := self.way.next_event()) is not None and at <= end:
            self.now = max(self.now, at)
            self.way.run(self.now)
        self.now = end
        self.way.run(end)
        return self

    def order(self):
        return [packet for _, packet in self.arrivals]

    def times(self):
        return [at for at, _ in self.arrivals]


def packets(count, size=1000):
    return [bytes([number]) * size for number in range(count)]


def test_a_policy_without_anything_passes_all_at_once():
    clock = Clock()
    clock.put(*packets(5))
    clock.until(0)
    assert clock.order() == packets(5)


def test_a_rate_gives_each_packet_its_time():
    clock = Clock(rate=80_000)
    clock.put(*packets(3))
    assert clock.until(10).times() == [0.1, 0.2, 0.3]
    # A link that was idle saves up nothing.
    clock.put(*packets(2))
    assert clock.until(20).times()[3:] == [10.1, 10.2]


def test_what_finds_the_queue_full_is_lost():
    clock = Clock(rate=80_000, queue=2500)
    clock.put(*packets(5))
    # One leaves at once, two may wait.
    assert clock.until(10).order() == packets(3)
    assert (clock.way.arrived, clock.way.lost, clock.way.bytes) == (3, 2, 3000)


def test_a_packet_larger_than_the_queue_passes_alone():
    clock = Clock(rate=80_000, queue=100)
    clock.put(*packets(1))
    assert clock.until(1).order() == packets(1)


def test_a_rate_that_changes_counts_for_what_waits():
    clock = Clock(rate=80_000)
    clock.put(*packets(3))
    clock.until(0.15)
    clock.way.policy.change(rate=8000)
    assert clock.until(10).times() == [0.1, 0.2, 1.2]
    clock.put(*packets(3))
    clock.until(10.5)
    clock.way.policy.change(rate=0)
    assert clock.until(20).times()[3:] == [11.0, 11.0, 11.0]


def test_a_loss_is_a_share_of_the_packets():
    clock = Clock(random.Random(1).random, loss=0.1)
    clock.put(*packets(1) * 10_000)
    clock.until(0)
    assert 800 < clock.way.lost < 1200 and clock.way.lost + clock.way.arrived == 10_000


def test_a_delay_comes_on_top_of_the_rate():
    clock = Clock(rate=80_000, delay=0.5)
    clock.put(*packets(2))
    assert clock.until(10).times() == [0.6, 0.7]


def test_jitter_keeps_the_order():
    clock = Clock(random.Random(1).random, delay=0.5, jitter=0.4)
    for packet in packets(100):
        clock.put(packet)
        clock.until(clock.now + 0.01)
    assert clock.until(10).order() == packets(100)
    gaps = [later - earlier for earlier, later in zip(clock.times(), clock.times()[1:])]
    assert max(gaps) > 0.05


def test_who_is_not_delayed_overtakes():
    chances = iter([0.9, 0.9, 0.5, 0.9, 0.1])  # loss, overtakes, jitter; loss, overtakes
    clock = Clock(lambda: next(chances), loss=0.5, delay=0.5, reorder=0.2)
    clock.put(*packets(2))
    assert clock.until(10).order() == packets(2)[::-1]
    assert clock.times() == [0, 0.5]


def test_a_link_that_is_down_loses_also_what_is_under_way():
    clock = Clock(delay=0.5)
    clock.put(*packets(1))
    clock.way.policy.change(down=True)
    clock.until(1)
    clock.put(*packets(1))
    clock.way.policy.change(down=False)
    assert clock.until(10).order() == []
    clock.put(b"back")
    assert clock.until(20).order() == [b"back"]
    assert clock.way.lost == 2


def test_a_packet_that_the_device_does_not_take_is_lost():
    way = Way(lambda packet: False)
    way.put(b"packet", 0)
    way.run(0)
    assert (way.arrived, way.lost) == (0, 1)


def test_a_misspelled_policy_is_refused():
    with pytest.raises(ValueError, match="nothing of losses"):
        Clock(losses=0.1)

"""Conditions that must hold, and words about what is done."""

import time


def say(words):
    print(f"== {words}", flush=True)


def expect(truth, words):
    if not truth:
        raise AssertionError(words)


def wait(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while not (found := condition()):
        expect(time.monotonic() < end, f"not within {seconds} s: {what}")
        time.sleep(0.1)
    return found

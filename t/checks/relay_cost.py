#!/usr/bin/python3
"""What a message costs the relay, in instructions of its own: the time of a benchmark depends on the machine, their number
does not. callgrind counts; what comes before the first message cancels out between two counts."""

import pathlib
import re
import shutil
import subprocess
import tempfile

import tree as base

# What relay_cost.cpp is told to send, the function that is counted with all that it calls, the most instructions a message.
# The bounds are 12 to 15 % above what g++ 12 makes of it, because other compilers make more or less of it; somebody who
# lowers the cost lowers the bound.
#   small, large   797 and 857: what is done once a message and a read; the bytes themselves are the kernel's
#   limited        1374: the same behind a frame gate
#   loop           1656: with the wake-up, the clock and the timers of an event loop
BOUNDS = [
    ("small", "relay_cost_turn", 900),
    ("large", "relay_cost_turn", 970),
    ("limited", "relay_cost_turn", 1550),
    ("loop", "wsflow::tunnel::EventLoop::run()", 1860),
]
FEW, MANY = 100, 600


def instructions(program, what, function, messages):
    with tempfile.NamedTemporaryFile(prefix="wsflow-callgrind-") as out:
        done = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out.name}",
                               f"--toggle-collect={function}", program, what, str(messages)],
                              capture_output=True, text=True)
    collected = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not collected or int(collected[1]) == 0:
        base.missing(f"relay_cost {what}, {function}: {done.stderr.strip()[-400:]}")
    return int(collected[1])


def check(_, options):
    if shutil.which("valgrind") is None:
        base.missing("no valgrind")
    if not options.program.is_file():
        base.missing(f"{options.program} is not there")
    findings = []
    for what, function, bound in BOUNDS:
        few, many = (instructions(options.program, what, function, messages) for messages in (FEW, MANY))
        each = (many - few) / (MANY - FEW)
        print(f"{what}: {each:.0f} instructions a message, at most {bound}")
        if each > bound:
            findings.append(f"{what}: a message costs too much")
    return findings


base.run(check, ("program", {"type": pathlib.Path}))

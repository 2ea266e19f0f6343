"""The phases of a run. Each is given a Trial whose clients are all connected."""

import pathlib
import signal
import time
from dataclasses import dataclass
from typing import Callable

DRAIN = "WSFlowDrain deadline=1s window=5s\n"
# What docs/flow-control.md advises for the time after an outage.
RECIPE = (pathlib.Path(__file__).resolve().parent / "recipe.conf").read_text(encoding="utf-8")


def origin(trial):
    trial.begin()
    trial.origin.kill()
    time.sleep(1)
    trial.origin.start()
    trial.well()
    trial.all_return(30)


def reload(trial):
    trial.begin()
    trial.site.graceful()
    trial.all_stay(10)


def drain(trial):
    trial.begin()
    trial.site.graceful()
    trial.all_return(30)


def restart(trial):
    trial.begin()
    trial.site.signal(signal.SIGHUP)
    trial.all_return(45)


def outage(trial):
    trial.begin()
    trial.origin.tell("refuse")
    time.sleep(12)
    trial.origin.tell("serve")
    trial.well()
    trial.all_return(60)


def stop(trial):
    trial.begin()
    trial.site.signal(signal.SIGTERM)
    trial.site.wait_gone()
    time.sleep(2)
    trial.site.start_again()
    trial.well()
    trial.all_return(45)


@dataclass(frozen=True)
class Phase:
    title: str
    zero: str  # from when its times count
    run: Callable
    main: str = ""  # lines of the server
    inside: str = ""  # lines of the section that the clients come to
    stays: bool = False  # nobody may leave


PHASES = {
    "origin": Phase("Origin killed, and started again after 1 s", "the origin is there again", origin),
    "reload": Phase("Graceful reload: nobody may leave in 10 s", "the reload", reload, stays=True),
    "drain": Phase("Graceful reload with " + DRAIN.strip(), "the reload", drain, main=DRAIN),
    "restart": Phase("Restart (SIGHUP)", "the signal", restart),
    "outage": Phase("The origin ends all connections and answers 503 for 12 s; " + RECIPE.strip(), "the end of the 503s",
                    outage, inside=RECIPE),
    "stop": Phase("Stop (SIGTERM), and start 2 s after the end", "httpd answers again", stop),
}


def verdict(result, library):
    """What is wrong with a result; empty: nothing. What is known of a library's defaults is not wrong."""
    if result.failure:
        return result.failure
    if PHASES[result.phase].stays:
        if result.left:
            return f"{result.left} left"
        return "" if result.exchanging == result.clients else f"only {result.exchanging} exchange anything"
    if result.left < result.clients:
        return f"only {result.left} were told to leave"
    if result.back < result.clients and not (result.phase in library.away and not result.advised):
        return f"only {result.back} came back"
    return "" if result.exchanging >= result.back else f"only {result.exchanging} of {result.back} exchange anything"

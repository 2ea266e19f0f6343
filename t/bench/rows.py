"""The rows of the comparison: what is done, over which legs, and what it may cost at most."""
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Goal:
    """At most `limit` times `versus`, a family of contenders in the same round; without one: at most `limit` itself."""
    limit: float
    versus: str = ""


@dataclass(frozen=True)
class Row:
    title: str
    mode: str                # of Load
    options: dict            # of Load
    goal: Goal | None = None
    client: str = "ws"
    origin: str = "ws"
    bulk: bool = False       # the size of buffers counts: peers are measured with large ones, and as they come
    pace: int = 0            # messages a second that wsflow-load must keep
    in_floors: bool = field(init=False)  # shown as a multiple of the floor, else in us

    def __post_init__(self):
        object.__setattr__(self, "in_floors", (self.client, self.origin) == ("ws", "ws"))


KIB = 1024
WORK = {
    "churn": Row("connect, handshake, echo, close", "churn", {"connections": 16, "sources": 200}, Goal(1.40, "floor")),
    "churn_tls": Row("wss connect, handshake, echo, close", "churn", {"connections": 16, "sources": 200},
                     Goal(1.05, "nginx"), "wss"),
    "echo64": Row("echo 125 B, 64 connections", "echo", {"connections": 64}, Goal(1.00, "floor")),
    "echo64x16": Row("echo 125 B, 64 connections, 16 in flight", "echo", {"connections": 64, "inflight": 16},
                     Goal(1.00, "floor")),
    "echo1000": Row("echo 125 B, 1000 connections", "echo", {"connections": 1000}, Goal(1.05, "floor")),
    "paced500": Row("echo 125 B, 500 connections, 10,000/s in sum", "paced", {"connections": 500, "rate": 10000},
                    Goal(1.05, "floor"), pace=10000),
    "echo64k": Row("echo 64 KiB, 8 connections", "echo", {"connections": 8, "size": 64 * KIB}, Goal(0.80, "floor"),
                   bulk=True),
    "echo1m": Row("echo 1 MiB, 8 connections", "echo", {"connections": 8, "size": 1024 * KIB}, Goal(0.62, "floor"),
                  bulk=True),
    "oneway256k": Row("256 KiB one way, 16 connections", "drink", {"connections": 16, "size": 256 * KIB},
                      Goal(0.45, "floor"), bulk=True),
    "tls64": Row("wss echo 125 B, 64 connections", "echo", {"connections": 64}, client="wss"),
    "tls64both": Row("wss echo 125 B, 64 connections, both legs", "echo", {"connections": 64}, client="wss", origin="wss"),
    "tls64k": Row("wss echo 64 KiB, 8 connections", "echo", {"connections": 8, "size": 64 * KIB}, Goal(0.80, "before"),
                  "wss", bulk=True),
    "tls1m": Row("wss echo 1 MiB, 8 connections", "echo", {"connections": 8, "size": 1024 * KIB}, Goal(0.75, "before"),
                 "wss", bulk=True),
}


@dataclass(frozen=True)
class Idle:
    title: str
    client: str
    origin: str
    goal: Goal


# User bytes of a silent tunnel.
IDLE = {
    "ws": Idle("user bytes per idle tunnel, ws", "ws", "ws", Goal(400)),
    "wss": Idle("user bytes per idle tunnel, wss client", "wss", "ws", Goal(13500)),
    "both": Idle("user bytes per idle tunnel, wss both legs", "wss", "wss", Goal(28500)),
}

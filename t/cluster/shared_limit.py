"""A limit that the nodes share through a private Redis, and how many were inside at once, as the origin counts."""

import json
import pathlib
import sys

from programs import Peer
from slow_origin import SlowOrigin
from wait import wait_until

LEASE_S = 4
# After a storm a node takes half a minute to forget what it has refused.
RECENT_S = 40
MAIN = """\
LoadModule wsflow_redis_module "{module}"
WSFlowCluster "{url}" lease={lease}s
"""
CONF = """\
<Location "/limited">
  WSFlowLimit inside concurrency={limit} cluster=inside{key}
</Location>
WSFlowPass /limited "ws://127.0.0.1:{port}/" disablereuse=on retry=0
"""
try:
    from redis_server import REDIS, RedisServer
except ImportError:
    REDIS = None


def redis_module(module):
    return pathlib.Path(module).parent / "mod_wsflow_redis.so"


def can_share(module):
    return bool(REDIS) and redis_module(module).exists()


class SharedLimit:
    FORGIVEN = ("WSF0140", "WSF040[0-3]", "WSF003")

    def __init__(self, options):
        self._options = options
        self.redis = RedisServer().start()
        self._origin = SlowOrigin()
        self._storm = None
        self.peak = self.paused_peak = 0
        self._pause = False

    def main(self):
        return MAIN.format(module=redis_module(self._options.module), url=self.redis.url(), lease=LEASE_S)

    def conf(self):
        key = " key=all" if self._options.keyed else ""
        return CONF.format(limit=self._options.limit, port=self._origin.port, key=key)

    def begin(self, nodes):
        places = ",".join(f"{node.http_port}@{node.host}" for node in nodes)
        self._storm = Peer(sys.executable, "-B", pathlib.Path(__file__).resolve().parent / "storm.py", 3 * self._options.limit,
                           self._options.seed, places)
        self._storm.line()

    def _tell(self, words):
        self._storm.process.stdin.write(words + "\n")
        self._storm.process.stdin.flush()
        return json.loads(self._storm.line())

    def use(self, numbers):
        self._tell("nodes " + ",".join(map(str, sorted(numbers))))

    def look(self):
        seen = self._origin.take()
        if self._pause:
            self.paused_peak = max(self.paused_peak, seen["peak"])
            return
        self.peak = max(self.peak, seen["peak"])

    def pause(self):
        """A node is stopped for longer than its lease, with the tunnels that it has: others get its share."""
        self.look()
        self._pause = True

    def pause_is_over(self, node):
        """Once the NODE has a share again, and no more tunnels than that."""
        def settled():
            limit = self._limit_of(node)
            share = limit["cluster"]
            return not share["by_floor"] and (self._options.keyed or limit["in_use"] <= share["share"])
        wait_until(lambda: settled() and self._inside() <= self._options.limit, "the limit holds again", 20)
        self.look()
        self._pause = False

    def _inside(self):
        seen = self._origin.take()
        self.paused_peak = max(self.paused_peak, seen["peak"])
        return seen["inside"]

    @staticmethod
    def _limit_of(node):
        (limit,) = [limit for limit in node.status.json("&count=0")["limits"] if limit["name"] == "inside"]
        return limit

    def judge(self, nodes):
        """After all faults: every permit can be had. Then all leave. What is wrong."""
        self.look()
        limit = self._options.limit
        # By one node: of a number that cannot be divided, nodes that all want more leave the rest.
        self.use([0])
        self._tell("fill")
        wrong = []
        try:
            wait_until(lambda: self._origin.take()["inside"] == limit, "all permits are had", RECENT_S, pause=0.05)
        except AssertionError as reason:
            told = [(node.name, each["in_use"], each["cluster"]) for node in nodes if (each := self._limit_of(node))]
            wrong.append(f"{reason}: {self._origin.take()['inside']} of {limit}; {told}")
        self.look()
        told = self._tell("rest")
        self.look()
        if self.peak > limit:
            wrong.append(f"{self.peak} were inside at once, the limit is {limit}")
        if self.peak < limit or not told["admitted"] or not told["refused"]:
            wrong.append(f"the limit was never reached: {self.peak}, {told}")
        if told["strange"]:
            wrong.append(f"strange answers of the limited place: {told['strange'][:3]}")
        return wrong, {"limit": limit, "peak": self.peak, "peak_of_pause": self.paused_peak, "admitted": told["admitted"],
                       "refused": told["refused"]}

    def said(self):
        return self._storm.said() if self._storm else ""

    def stop(self):
        if self._storm:
            self._storm.stop()
        self._origin.close()
        self.redis.close()

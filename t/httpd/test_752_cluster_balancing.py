"""lbmethod=wsflow with WSFlowCluster: the tunnels of other nodes count in the load of a member."""

import collections

import pytest

from cluster import CLIENT
from redis_server import REDIS, RedisServer
from test_022_lbmethod import NAMES, balancer
from test_651_worker_down import set_status
from wait import wait_until

pytestmark = pytest.mark.skipif(not REDIS or not CLIENT.exists(), reason="no redis-server, or no hiredis")


@pytest.fixture
def three(echo):
    return [echo(name=name) for name in NAMES]


def names(connect, site, count, clients):
    made = [connect(site.url("ws", "/echo/name")) for _ in range(count)]
    clients.extend(made)
    return collections.Counter(client.recv() for client in made)


def elsewhere(site):
    return [member["elsewhere"] for member in site.status.json("&count=0")["members"]]


def test_the_tunnels_of_another_node_count(httpd, three, connect, resources):
    redis = RedisServer().start()
    resources.append(redis)
    main = f'LoadModule wsflow_redis_module "{CLIENT}"\nWSFlowCluster {redis.url()} timeout=500ms\nWSFlowNode '
    one, other = (httpd(plain_conf=balancer(three), main=main + node, children=2) for node in ("one", "other"))
    clients = []
    for name in NAMES[1:]:
        set_status(one, "pool", three[NAMES.index(name)], "D", True)
    assert names(connect, one, 9, clients) == {"one": 9}
    wait_until(lambda: elsewhere(other) == [9, 0, 0], "the other node knows them", 20, report=lambda: elsewhere(other))
    assert elsewhere(one) == [0, 0, 0]
    assert names(connect, other, 6, clients) == {"two": 3, "three": 3}
    wait_until(lambda: elsewhere(one) == [0, 3, 3], "and the first one those of the other", 20, report=lambda: elsewhere(one))

    redis.stop()
    for site in (one, other):
        site.log.wait_for("WSF0406", timeout=20)
        site.log.expect("WSF0406")
    wait_until(lambda: elsewhere(other) == [0, 0, 0], "what nobody tells any more is forgotten", 20)
    assert names(connect, other, 3, clients) == {"one": 3}, "it counts its own alone"
    redis.start()
    wait_until(lambda: elsewhere(other) == [9, 0, 0], "it is known again", 20, report=lambda: elsewhere(other))
    for client in clients[:9]:
        client.close()
    wait_until(lambda: elsewhere(other) == [0, 0, 0], "they have ended", 20, report=lambda: elsewhere(other))

"""Reloads that change something: old tunnels live on under what they began with."""

import shutil
import struct

import pytest

import frames
from conf import conf_without_module
from legs import close_all, keepers, talk, told_processes, wait_keepers, wait_left

# "wsflowseg" as the module's code has it, an immediate: shm/layout.hpp, kMagic.
MAGIC = struct.pack("<Q", 0x77666C6F77736567)


def test_a_route_that_is_removed(legs, raw_client):
    opened = legs()
    site = opened.site
    ends = opened.open_all()
    site.write_conf(conf="")
    site.graceful()
    for pair in ends:
        talk(*pair)
    client = raw_client(site)
    client.send_handshake(opened.path(False))
    assert client.read_head().status == 404
    site.status.wait_active(4)


def test_a_route_that_is_changed(legs, raw_origin, tunnel):
    opened = legs()
    site = opened.site
    before = opened.open()
    other = raw_origin()
    site.write_conf(conf=f'WSFlowPass {opened.path(False)} "{other.url("/moved")}"')
    site.graceful()
    after = tunnel(site, other, opened.path(False))
    assert after[1].head.path == "/moved"
    for pair in (before, after):
        talk(*pair)
    (keeper,) = wait_keepers(site, 1)
    rows = {row["generation"]: row for row in site.status.json()["connections"]}
    assert (rows[0]["pid"], rows[0]["kind"]) == (keeper, "keeper")
    assert (rows[1]["pid"], rows[1]["kind"]) == (site.child(), "child")
    # The origins by their ports: each generation has its own.
    assert str(other.port) in rows[1]["origin"] and str(other.port) not in rows[0]["origin"]


def test_timeouts_are_those_that_a_tunnel_began_with(legs):
    opened = legs("WSFlowTimeout close=300ms")
    site = opened.site
    client, server = opened.open()
    site.write_conf(conf=f"WSFlowTimeout close=1h\n{opened.routes}")
    site.graceful()
    client.half_close()
    assert server.read_frame() == (True, frames.CLOSE, frames.code(1001))
    server.wait_ended()
    client.wait_ended()
    wait_keepers(site, 0)
    assert site.status.ended() == {"close-timeout": 1}


def test_other_sizes_keep_the_counts(legs):
    opened = legs()
    site = opened.site
    close_all(opened.open_all())
    site.status.wait_active(0)
    ends = opened.open_all()
    site.write_conf(main="WSFlowMaxTunnels 5000")
    site.graceful()
    ends += opened.open_all()
    site.status.wait_active(8)
    assert site.status.total() == 12
    assert {each["tunnels_max"] for each in told_processes(site, "child") if each["generation"] == 1} == {5000}
    site.write_conf(main="WSFlowMaxTunnels 2")
    site.graceful()
    for pair in ends:
        talk(*pair)
    wait_keepers(site, 2)
    assert (site.status.active(), site.status.total(), site.status.json()["connections_total"]) == (8, 12, 8)


@pytest.mark.memcheck
def test_a_module_that_is_removed_and_comes_back(legs):
    opened = legs()
    site = opened.site
    site.graceful()
    ends = opened.open_all()
    site.status.wait_active(4)
    old = site.child()
    conf_without_module(site)
    site.graceful()
    wait_left(site, old)
    for pair in ends:
        talk(*pair, b"without the module")
    assert site.get("/wsflow-status?json").status == 404
    site.write_conf()
    site.graceful()
    (keeper,) = wait_keepers(site, 1)
    for pair in ends:
        talk(*pair, b"with it again")
    assert (site.status.active(), site.status.total()) == (4, 4)
    assert {row["pid"] for row in site.status.json()["connections"]} == {keeper}
    close_all(ends[:2])
    site.status.wait_active(2)
    assert site.log.wait_for("WSF0103: keeper", 2)


def test_a_stop_reaches_keepers_without_the_module(legs):
    opened = legs()
    site = opened.site
    ends = opened.open_all()
    site.status.wait_active(4)
    old = site.child()
    conf_without_module(site)
    site.graceful()
    wait_left(site, old)
    for pair in ends:
        talk(*pair)
    site.stop()
    for wire in (wire for pair in ends for wire in pair):
        assert wire.read_frame() == (True, frames.CLOSE, frames.code(1001))
        assert wire.read_until_closed() == b""


def test_another_version_of_the_module(legs):
    opened = legs(start=False)
    site = opened.site
    own = site.root / "mod_wsflow.so"
    shutil.copy(site.module, own)
    code = own.read_bytes()
    assert code.count(MAGIC) >= 2, "the number is no longer an immediate of the code"
    site.module = own
    site.write_conf()
    site.start()
    ends = opened.open_all()
    site.status.wait_active(4)
    old = site.child()
    fresh = site.root / "fresh.so"
    fresh.write_bytes(code.replace(MAGIC, MAGIC[::-1]))
    fresh.chmod(0o755)
    fresh.replace(own)
    site.log.expect("WSF0020")
    site.graceful()
    wait_left(site, old)
    assert (site.status.total(), site.status.active(), keepers(site)) == (0, 0, [])
    new = opened.open_all()
    for pair in ends + new:
        talk(*pair)
    site.status.wait_active(4)
    site.stop()
    for wire in (wire for pair in ends + new for wire in pair):
        assert wire.read_frame() == (True, frames.CLOSE, frames.code(1001))


def test_a_configuration_that_makes_no_sense(legs):
    opened = legs()
    site = opened.site
    ends = opened.open_all()
    site.graceful()
    ends += opened.open_all()
    site.status.wait_active(8)
    site.write_conf(main="WSFlowDrain deadline=never")
    # What `apachectl graceful` does first: it refuses, and nothing changes.
    status, said = site.configtest()
    assert status != 0 and "never" in said
    for pair in ends:
        talk(*pair)
    # What a bare signal does then: test_631_failed_reload.py.

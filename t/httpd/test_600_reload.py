"""A graceful reload really loads the module anew, and what it serves meanwhile goes on."""

import os
import re
import shutil

import pytest

import frames
import processes


def inode_of_mapped(pid, path):
    """The inode of the mapping of PATH in a process; '(deleted)' files keep their old one."""
    with open(f"/proc/{pid}/maps") as maps:
        return {int(line.split()[4]) for line in maps if str(path) in line}


@pytest.mark.memcheck
def test_a_reload_maps_the_new_file(httpd, echo, connect):
    origin = echo()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"', start=False)
    own = site.root / "mod_wsflow.so"
    shutil.copy(site.module, own)
    site.module = own
    site.write_conf()
    site.start()
    peer = connect(site.url("ws", "/x"))
    assert peer.echo("before") == "before"
    peer.close()
    site.status.wait_active(0)
    old = own.stat().st_ino
    assert inode_of_mapped(site.pid, own) == {old}
    for _ in range(3):
        # A new file under the same name, as a package upgrade makes it.
        fresh = site.root / "fresh.so"
        shutil.copy(own, fresh)
        os.replace(fresh, own)
        site.graceful()
        new = own.stat().st_ino
        assert new != old
        assert inode_of_mapped(site.pid, own) == {new}, "the parent still runs the old code"
        assert inode_of_mapped(site.children()[-1], own) == {new}
        peer = connect(site.url("ws", "/x"))
        assert peer.echo("after") == "after"
        peer.close()
        site.status.wait_active(0)
        old = new


def test_a_reload_without_the_module_unmaps_it(httpd, echo):
    site = httpd()
    assert any("mod_wsflow" in name or str(site.module) == name for name in processes.mapped_files(site.pid))
    text = (site.root / "httpd.conf").read_text()
    without = re.sub(r"^LoadModule wsflow_module.*$|wsflow:debug", "", text, flags=re.M)
    (site.root / "httpd.conf").write_text(without)
    site.graceful()
    assert str(site.module) not in processes.mapped_files(site.pid)
    assert site.get("/").status == 200


def test_reloads_leave_no_descriptor_in_the_parent(httpd, echo, connect):
    site = httpd(f'WSFlowPass /x "{echo().url("/x")}"')
    site.graceful()
    before = len(processes.open_descriptors(site.pid))
    for _ in range(4):
        site.graceful()
        peer = connect(site.url("ws", "/x"))
        assert peer.echo("hello") == "hello"
        peer.close()
        site.status.wait_active(0)
    assert len(processes.open_descriptors(site.pid)) == before


def test_totals_survive_a_reload(httpd, echo, connect):
    site = httpd(f'WSFlowPass /x "{echo().url("/x")}"')
    for _ in range(3):
        peer = connect(site.url("ws", "/x"))
        peer.echo("hello")
        peer.close()
    site.status.wait_active(0)
    site.graceful()
    assert site.status.total() == 3
    assert site.status.ended() == {"closed": 3}
    connect(site.url("ws", "/x")).close()
    assert site.status.total() == 4


def test_new_routes_come_with_a_reload(httpd, echo, connect):
    origin = echo()
    site = httpd(f'WSFlowPass /old "{origin.url("/old")}"')
    site.write_conf(conf=f'WSFlowPass /new "{origin.url("/new")}"')
    site.graceful()
    assert connect(site.url("ws", "/new")).echo("hello") == "hello"
    assert site.get("/old").status == 404


@pytest.mark.parametrize("tls", [False, True])
def test_a_stop_with_open_tunnels_is_prompt(httpd, raw_origin, tunnel, tls):
    origin = raw_origin(tls=tls)
    for _ in range(3):
        site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
        ends = [tunnel(site, origin, "/x", tls) for _ in range(10)]
        site.status.wait_active(10)
        site.stop()
        # A child of httpd that crashed in its stop, as they do without us too (error_log.py), shows nothing. Under a
        # sanitizer it does not die by a signal.
        if not site.log.lines("AH00052") and "DEADLYSIGNAL" not in site.log.text():
            break
    for wire in (wire for pair in ends for wire in pair):
        # A Close that says why, and the end; nothing else.
        assert wire.read_frame() == (True, frames.CLOSE, frames.code(1001))
        assert wire.read_until_closed() == b""

"""A graceful reload that httpd's parent does not survive costs no tunnel: they live on, as stock httpd's do."""

import os
import signal
import socket
import time

import pytest

import frames
import processes
from conf import MODULES_DIR, conf_without_module
from legs import close_all, talk, wait_keepers, wait_left
from server import free_port
from wait import seconds, wait_until

ALLOWED = [r"AH\d+", "SSL Library Error", "no listening sockets", "WSF0187", "WSF0230"]
GOING_AWAY = (True, frames.CLOSE, frames.code(1001))


def broken_certificate(site):
    (site.root / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n")
    site.write_conf(tls_conf=f'SSLCertificateFile "{site.root}/broken.pem"')
    assert site.configtest()[0] == 0


def wrong_directive(site):
    site.write_conf(main="NoSuchDirective on")


def missing_module(site):
    site.write_conf(main='LoadModule none_module "/no/such/module.so"')


def log_without_folder(site):
    site.write_conf(main='CustomLog "/no/such/folder/log" test')


def port_in_use(site):
    site.taken = socket.create_server(("127.0.0.1", free_port()))
    site.write_conf(main=f"Listen 127.0.0.1:{site.taken.getsockname()[1]}")


def fails_behind_our_own_start(site):
    # A module that is loaded behind ours: its post_config comes later.
    names = ("socache_dbm", "authn_socache")
    modules = "\n".join(f"LoadModule {name}_module {MODULES_DIR}/mod_{name}.so" for name in names)
    site.write_conf(main=f"{modules}\nAuthnCacheEnable\nAuthnCacheSOCache dbm:/no/such/folder/cache")


def without_the_module(site):
    """A reload into ruin of a generation that had not even loaded the module."""
    old = site.child()
    conf_without_module(site)
    site.graceful()
    wait_left(site, old)
    with open(site.root / "httpd.conf", "a") as conf:
        conf.write("NoSuchDirective on\n")


RUINS = [broken_certificate, wrong_directive, missing_module, log_without_folder, port_in_use,
         fails_behind_our_own_start, without_the_module]


def in_keeper_and_child(opened):
    ends = opened.open_all()
    old = opened.site.child()
    opened.site.graceful()
    wait_left(opened.site, old)
    wait_keepers(opened.site, 1)
    return ends + opened.open_all()


def ruin(site, how=broken_certificate):
    """Returns the process group that is left, with keepers alone."""
    site.log.allow(*ALLOWED)
    how(site)
    group = site.graceful_into_ruin()

    def names():
        return sorted(processes.title(pid)[0] for pid in processes.group_members(group))

    wait_until(lambda: names() == ["wsflow-keeper"] * 2, "two keepers are left", report=names)
    return group


def wait_told(site):
    """Both keepers know that httpd has gone."""
    site.log.wait_for("WSF0230", 2)


def wait_nobody(group):
    wait_until(lambda: not processes.group_members(group), "no process is left",
               report=lambda: processes.group_members(group))


@pytest.mark.parametrize("how, mpm", [(how, "event") for how in RUINS] + [(broken_certificate, "worker")])
def test_tunnels_live_on(legs, how, mpm):
    opened = legs(mpm=mpm)
    ends = in_keeper_and_child(opened)
    group = ruin(opened.site, how)
    wait_told(opened.site)
    for pair in ends:
        talk(*pair)
    close_all(ends)
    wait_nobody(group)
    assert len(opened.site.log.lines("WSF0133: .*its last tunnel has ended")) == 2


def test_their_log_lines_go_to_their_own_logs(legs):
    opened = legs("WSFlowLog tunnels.log json")
    site = opened.site
    ends = in_keeper_and_child(opened)
    # The new generation had its say already: until now, keepers left their lines to its children.
    group = ruin(site, fails_behind_our_own_start)
    wait_told(site)
    close_all(ends)
    wait_nobody(group)
    assert len(site.log.lines("WSF0103: tunnel .* ended: ")) == 8
    assert len((site.root / "tunnels.log").read_text().splitlines()) == 8


def test_an_order_is_worked_off(legs):
    opened = legs("WSFlowTimeout close=200ms")
    site = opened.site
    ends = in_keeper_and_child(opened)
    assert site.status.act(action="close", route="/plain", pace=1, code=4000).status == 200
    ruin(site, fails_behind_our_own_start)
    for client, _ in ends[0::2]:
        assert client.read_frame() == (True, frames.CLOSE, frames.code(4000))
    for pair in ends[1::2]:
        talk(*pair)
    close_all(ends)


def test_a_piped_log_that_is_gone_costs_no_tunnel(legs):
    opened = legs(start=False)
    site = opened.site
    pipe = f"ErrorLog \"|/usr/bin/tee -a {site.root}/piped.log\""
    site.write_conf(main=pipe)
    site.start()
    ends = opened.open_all()
    site.write_conf(main=f"{pipe}\nNoSuchDirective on")
    group = site.graceful_into_ruin()

    def titles():
        return {processes.title(pid)[1]: pid for pid in processes.group_members(group)}

    wait_until(lambda: "wsflow: keeper of generation 0, httpd has gone" in titles(), "a keeper is alone", report=titles)
    # The logger lives as long as somebody may write to it.
    for title, pid in titles().items():
        if not title.startswith("wsflow"):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: len(titles()) == 1, "the keeper alone is left", report=titles)
    close_all(ends[:1])
    for pair in ends[1:]:
        talk(*pair)
    close_all(ends[1:])
    wait_nobody(group)


def test_the_next_start_is_a_clean_one(legs):
    opened = legs(conf='<Location "/plain">\nWSFlowLimit all concurrency=2\n</Location>')
    site = opened.site
    ends = opened.open_all()
    site.graceful()
    wait_keepers(site, 1)
    site.log.allow(*ALLOWED)
    broken_certificate(site)
    group = site.graceful_into_ruin()
    wait_until(lambda: len(processes.group_members(group)) == 1, "one keeper is left")
    site.write_conf(tls_conf="")
    site.start_again()
    assert site.status.active() == 0
    new = opened.open_all()  # what the old tunnels hold is not counted here
    for pair in ends + new:
        talk(*pair)
    site.graceful()
    wait_keepers(site, 1)
    close_all(ends)
    wait_nobody(group)
    for pair in new:
        talk(*pair)
    close_all(new)
    wait_keepers(site, 0)


@pytest.mark.parametrize("whom", ["keepers", "group"])
def test_a_signal_ends_them(legs, whom):
    opened = legs()
    ends = in_keeper_and_child(opened)
    group = ruin(opened.site)
    began = time.monotonic()
    if whom == "group":
        os.killpg(group, signal.SIGTERM)
    else:
        for pid in processes.group_members(group):
            os.kill(pid, signal.SIGTERM)
    for wire in (wire for pair in ends for wire in pair):
        assert wire.read_frame() == GOING_AWAY
    assert time.monotonic() - began < seconds(3)
    close_all(ends)
    wait_nobody(group)


def test_the_drain_ends_them(legs):
    opened = legs(main="WSFlowDrain deadline=4s window=1s code=1012")
    ends = in_keeper_and_child(opened)
    main = "WSFlowDrain deadline=4s window=1s code=1012"
    group = ruin(opened.site, lambda site: site.write_conf(main=f"{main}\nNoSuchDirective on"))
    for client, _ in ends:
        assert client.read_frame() == (True, frames.CLOSE, frames.code(1012))
    close_all(ends)
    wait_nobody(group)

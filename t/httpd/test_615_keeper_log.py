"""What keepers say still arrives where it belongs, whatever the reload has done to the log files."""

from error_log import ErrorLog
from legs import close_all, wait_keepers


def end_in_keeper(site, ends):
    wait_keepers(site, 1)
    close_all(ends)
    wait_keepers(site, 0)


def test_a_rotated_log(legs):
    opened = legs()
    site = opened.site
    ends = opened.open_all()
    site.status.wait_active(4)
    # As logrotate does it: the file goes away, then httpd is reloaded.
    rotated = ErrorLog(site.log.path.rename(site.root / "error.log.1"))
    site.graceful()
    end_in_keeper(site, ends)
    assert len(site.log.wait_for("WSF0103: keeper [0-9]+: tunnel [0-9a-f]{16} ended:", 4)) == 4
    (line,) = site.log.wait_for("WSF0133: ")
    assert "wsflow:info" in line
    assert not rotated.lines("WSF0103|WSF0133")
    # That a keeper was forked was said by the child, which had the old file.
    assert rotated.lines("WSF0130")


def test_a_piped_log(legs):
    opened = legs(start=False)
    site = opened.site
    file = ErrorLog(site.root / "piped.log")
    site.write_conf(main=f"ErrorLog \"|/usr/bin/tee -a {file.path}\"")
    site.start()
    ends = opened.open_all()
    site.graceful()
    end_in_keeper(site, ends)
    # The old generation's logger has ended with the reload; these came through the new one's.
    assert len(file.wait_for("WSF0103: keeper [0-9]+: tunnel .* ended:", 4)) == 4
    assert len(file.wait_for("WSF0133: ")) == 1


def test_each_virtual_host_has_its_log(legs):
    opened = legs(plain_conf="ServerName plain.test\nErrorLog plain.log",
                  tls_conf="ServerName tls.test\nErrorLog tls.log")
    site = opened.site
    plain, tls = ErrorLog(site.root / "plain.log"), ErrorLog(site.root / "tls.log")
    ends = [opened.open(client_tls) for client_tls in (False, True, True)]
    for log, count in ((plain, 1), (tls, 2)):
        log.wait_for("WSF0074", count)
        log.path.rename(log.path.with_suffix(".1"))
    site.graceful()
    end_in_keeper(site, ends)
    for log, count in ((plain, 1), (tls, 2)):
        assert len(log.wait_for("WSF0103: keeper [0-9]+: tunnel", count)) == count
    # The keeper's own lines belong to the server.
    assert site.log.wait_for("WSF0133")
    assert not site.log.lines("WSF0103")


def test_a_log_that_is_rotated_again_and_again(legs):
    opened = legs()
    site = opened.site
    ends = [opened.open() for _ in range(3)]
    site.graceful()
    wait_keepers(site, 1)
    for number, pair in enumerate(ends):
        site.log.path.rename(site.root / f"error.log.{number}")
        site.graceful()
        close_all([pair])
        site.status.wait_active(2 - number)
        assert len(site.log.wait_for("WSF0103: keeper")) == 1

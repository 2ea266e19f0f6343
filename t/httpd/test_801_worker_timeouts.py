"""A tunnel that holds its worker has the time-outs of the others, not those of httpd; its frames are mod_proxy's."""

import pytest

from legs import talk
from wait import wait_until
from wire import Closed


def prefork(httpd, origin, timeouts):
    site = httpd(f'Timeout 1\nProxyTimeout 1\nWSFlowTimeout {timeouts}\nWSFlowPass /x "{origin.url("/x")}"',
                 mpm="prefork")
    site.log.expect("WSF0081")
    return site


def test_silence_ends_it(httpd, raw_origin, tunnel):
    origin = raw_origin()
    site = prefork(httpd, origin, "idle=400ms")
    client, server = tunnel(site, origin, "/x")
    talk(client, server)
    client.wait_ended()
    server.wait_ended()
    site.status.wait_active(0)
    assert site.status.ended() == {"idle-timeout": 1}


@pytest.mark.parametrize("busy", [False, True])
def test_age_ends_it_and_httpds_time_outs_do_not(httpd, raw_origin, tunnel, busy):
    origin = raw_origin()
    site = prefork(httpd, origin, "lifetime=1500ms jitter=0% close=100ms")
    client, server = tunnel(site, origin, "/x")

    def ended():
        if busy:
            try:
                talk(client, server)
            except (OSError, Closed):
                return True
        return server.ended()

    wait_until(ended, "the tunnel has ended")
    site.status.wait_active(0)
    assert site.status.ended() == {"lifetime": 1}


def test_a_side_that_does_not_follow_is_cut_off(httpd, raw_origin, tunnel):
    origin = raw_origin()
    site = prefork(httpd, origin, "close=300ms")
    client, server = tunnel(site, origin, "/x")
    client.half_close()
    server.wait_ended()
    site.status.wait_active(0)
    assert site.status.ended() == {"close-timeout": 1}

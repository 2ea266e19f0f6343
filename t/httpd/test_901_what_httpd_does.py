"""The last part of docs/migrating.md: what httpd itself does with lines that articles are full of."""

import asyncio
import pathlib
import threading
import time

import pytest

import frames
from conf import conf_without_module
import pages
from open_load import visit
from pages import Guest, Page, Reader, assert_said
from slow_origin import SlowOrigin
from wait import seconds, wait_until

pytestmark = pytest.mark.bulk

PAGE = Page("docs/migrating.md")


@pytest.fixture
def stock(httpd):
    """stock(conf, …) is an httpd without the module."""
    return lambda conf, **shape: pages.stock(httpd(conf, start=False, **shape))


SAYS = [block.name for block in PAGE.blocks if block.kind in ("httpd-fails", "httpd-warns")]


def test_the_longer_url_first(httpd):
    lines = PAGE.find("shared-worker").text.splitlines()
    site = httpd(start=False, main="\n".join(reversed(lines)))
    conf_without_module(site)
    assert "AH01146" not in site.configtest()[1]


@pytest.mark.parametrize("name", SAYS)
def test_what_it_says_of_a_line(httpd, name):
    block = PAGE.find(name)
    site = httpd(start=False, main=block.text)
    conf_without_module(site)
    status, said = site.configtest()
    if not said.strip() or "AH" in PAGE.follows(block).text and "AH" not in said:
        site.start()
        said += (site.root / "console").read_text() + site.log.text()
    assert (status != 0) == (block.kind == "httpd-fails"), said
    assert_said(PAGE.follows(block), said)


def silence(address, path, duration):
    """(how long a silent tunnel lives, what it gets), DURATION at most."""
    with Guest(address, path) as guest:
        assert guest.head.status == 101
        begin = time.monotonic()
        quiet = guest.stays_silent(duration)
        return time.monotonic() - begin, None if quiet else guest.read_until_closed()


def test_keep_alive_time_out(stock, httpd, echo):
    origin = echo()
    lives = PAGE.block("keep-alive-lives", p9000=origin.port)
    cuts = PAGE.block("proxy-time-out-cuts", p9000=origin.port)
    assert silence(stock(lives).address(), "/chat", 3)[1] is None
    turned = cuts.replace("TimeOut      2", "TimeOut 1").replace("ProxyTimeout 1", "ProxyTimeout 2")
    for conf in (cuts, turned):
        took, said = silence(stock(conf).address(), "/chat", seconds(10))
        assert 1.9 < took < seconds(3) and said == b""  # no Close frame
    ours = httpd("WSFlow On\n" + cuts)
    assert silence(ours.address(), "/chat", 3)[1] is None


def test_the_receive_buffer_is_that_of_the_origin(stock, echo, resources):
    origin = echo()
    site = stock(f"ProxyReceiveBufferSize 32768\nProxyPass /chat ws://127.0.0.1:{origin.port}/chat")
    guest = Guest(site.address(), "/chat")
    resources.append(guest)
    assert guest.talk()
    reader = Reader(site)
    command = PAGE.block("receive-buffer", p9000=origin.port)
    assert reader.run(command).split() == PAGE.find("receive-buffer-says").text.split()
    # The other end of the client's connection is httpd's.
    theirs = reader.run(command.replace("dport", "sport").replace(str(origin.port), str(site.http_port))).split()
    assert theirs and theirs != ["rb65536"]


async def _visits(port, count):
    return await asyncio.gather(*(visit(port, "/app") for _ in range(count)))


def test_max_and_acquire(stock, resources):
    origin = SlowOrigin(1000)
    resources.append(origin)
    site = stock(PAGE.block("max-acquire", p9000=origin.port), children=2)
    answers = asyncio.run(_visits(site.http_port, 12))
    served = [answer for answer in answers if answer.status == 200]
    refused = [answer for answer in answers if answer.status == 503]
    assert len(served) + len(refused) == 12
    assert len(served) == origin.take()["peak"] <= 4 and len(served) >= 2
    assert all("retry-after" not in answer.headers for answer in refused)
    assert max(answer.taken for answer in refused) < seconds(0.5)
    site.log.expect("AH00941")
    assert_said(PAGE.find("max-acquire-log"), site.log.text())


def test_max_holds_a_socket_of_mod_proxy_alone(stock, httpd, echo, resources):
    conf = f"ProxyPass /chat ws://127.0.0.1:{echo().port}/chat max=2 acquire=1 retry=0"
    site = stock(conf)
    site.log.expect("AH00941")
    sockets = [Guest(site.address(), "/chat") for _ in range(3)]
    resources += sockets
    assert [guest.head.status for guest in sockets] == [101, 101, 503]
    ours = httpd("WSFlow On\n" + conf)
    for _ in range(3):
        guest = Guest(ours.address(), "/chat")
        resources.append(guest)
        assert guest.head.status == 101


def test_ab(httpd):
    assert_said(PAGE.find("ab-says"), Reader(httpd()).run(PAGE.block("ab")))


def test_small_buffers_lose_nothing(httpd, echo, resources):
    site = httpd(PAGE.block("small-buffers", p9000=echo().port))
    guest = Guest(site.address(), "/chat")
    resources.append(guest)
    message = bytes(range(256)) * 12_000
    sending = threading.Thread(target=guest.send_frame, args=(frames.BINARY, message), kwargs={"masked": True})
    sending.start()
    fin, opcode, came = guest.read_frame()
    sending.join()
    assert (fin, opcode) == (True, frames.BINARY) and came == message


def test_the_valve_is_a_finding():
    """It downloads Tomcat, so it is run by hand."""
    script = pathlib.Path(__file__).parents[2] / PAGE.find("semaphore-valve").text.strip()
    assert script.exists() and "SemaphoreValve" in script.read_text()


def test_the_site_is_gone_with_the_last_worker(stock, echo, resources):
    """What the article's configuration ends with, with 4 threads for its 500."""
    site = stock(f"ProxyPass /ws ws://127.0.0.1:{echo().port}/ws", threads=4)
    for _ in range(4):
        guest = Guest(site.address(), "/ws")
        resources.append(guest)
        assert guest.talk()
    site.log.wait_for("AH00484: server reached MaxRequestWorkers setting", timeout=20)
    with pytest.raises(OSError):
        site.get("/index.html", timeout=2)
    resources.pop().close()
    wait_until(lambda: site.get("/index.html").status == 200, "a worker is free again")

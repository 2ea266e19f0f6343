"""The page of the status in a real browser, with its script and without."""

import os
import pathlib

import pytest

from chromium import Chromium
from devtools import Tab
from wait import wait_until

# Opens tunnels that echo a message again and again, and keeps how each ended.
OWN_TUNNELS = """window.own = [];
function openOne(message) {
  const socket = new WebSocket(`ws://${location.host}/own/${own.length}`);
  socket.onopen = () => message && socket.send(message);
  socket.onmessage = (event) => setTimeout(() => socket.send(event.data), 20);
  socket.onclose = (event) => { socket.code = event.code; };
  own.push(socket);
}
for (let n = 0; n < 3; n++) openOne('x'.repeat(30000));"""
OTHERS = 52

ROWS = "document.querySelectorAll('#tunnels tbody tr').length"
NOTE = "document.querySelector('#tunnels .note').textContent"
# What reaches out of its own table, of those whose rows become cards.
OUTSIDE = """[...document.querySelectorAll('.cards tbody :is(td,th,meter)')].filter((it) => it.checkVisibility() &&
  it.getBoundingClientRect().right > document.documentElement.clientWidth).map((it) => it.textContent)"""
AXE = pathlib.Path(os.environ.get("WSFLOW_NODE_MODULES", ".")) / "axe-core" / "axe.min.js"
# What axe finds, as "rule: element".
FOUND = """axe.run(document, {resultTypes: ['violations']}).then(({violations}) =>
  violations.flatMap(({id, nodes}) => nodes.map(({html}) => `${id}: ${html.slice(0, 150)}`)))"""
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def page(httpd, echo, connect, loop, resources):
    """page() is (httpd under load, a tab with its status, a tab that has tunnels of its own)."""
    origin = echo()
    site = httpd(f'WSFlowPass /own "{origin.url("/own")}"\nWSFlowPass /other "{origin.url("/other")}"\n'
                 'WSFlowPass /dead "ws://127.0.0.1:9/" retry=600\n'
                 'WSFlowLimit app concurrency=58 queue=10 acquire=1s key=%{REMOTE_ADDR}', threads=10)
    site.log.allow("AH00957", "AH00959", "AH01114", "WSF0031", "WSF0073")
    for number in range(OTHERS):
        connect(site.url("ws", f"/other/{number}"))
    browser = Chromium("about:blank")
    resources.append(browser)
    tabs = [Tab(loop, browser.devtools) for _ in range(2)]
    resources.extend(tabs)
    status, own = tabs
    own.open(site.url("http", "/"))
    own.run(OWN_TUNNELS)
    site.status.wait_active(OTHERS + 3)
    return site, status, own


def own_codes(own):
    return [code for code in own.run("own.map((socket) => socket.code || 0)") if code]


def seen(status):
    return status.run("[location.href, document.body.innerText.slice(0, 500)]")


@pytest.mark.timeout(240)
def test_the_page_shows_sorts_and_closes_what_the_browser_itself_opened_also_without_script(page):
    site, status, own = page
    status.look(1280)
    status.open(site.url("http", "/wsflow-status"))
    status.run("window.sameDocument = true; null")
    assert status.run(ROWS) == 50
    assert status.run(NOTE) == f"1–50 of {OTHERS + 3}"
    # The script refreshes it.
    status.wait(f"document.querySelector('#now .big').textContent === '{OTHERS + 3}' && "
                "document.getElementById('state').textContent.startsWith('updated')", "the page shows all tunnels")
    # What is being typed stays where it is.
    status.run("document.querySelector('input[type=search]').focus(); null")
    status.type("/ow")
    own.run("openOne('')")
    status.wait(f"document.querySelector('#now .big').textContent === '{OTHERS + 4}'", "the page refreshes itself")
    assert status.run("document.activeElement.value") == "/ow"
    # The greatest first, by the head of its column.
    status.click("#tunnels thead th:nth-child(7) a")
    status.wait("location.search.includes('sort=bytes&dir=desc') && "
                "document.querySelector('#tunnels th[aria-sort=descending]') && "
                "[...document.querySelectorAll('#tunnels tbody tr')].slice(0, 3)"
                ".every((row) => row.cells[2].textContent.startsWith('/own'))", "the busy tunnels are the first")
    status.click("#tunnels thead th:nth-child(7) a")
    status.wait("!!document.querySelector('#tunnels th[aria-sort=ascending]')", "they are the last")
    status.click("input[type=search]")
    status.run("document.activeElement.select(); null")
    status.type("/own")
    status.press_enter()
    status.wait(f"{ROWS} === 4", "the filter leaves the four")
    assert status.run(NOTE) == f"4 of {OTHERS + 4} tunnels"
    # Charts tell their values where the pointer is.
    status.wait("document.querySelector('#chart-tunnels .l').getAttribute('d').length > 5", "a line is drawn", 30)
    edge, y = status.run("(() => { scrollTo(0, 0);"
                         " const box = document.querySelector('#chart-tunnels .plot').getBoundingClientRect();"
                         " return [box.right - 3, box.top + 20]; })()")
    status.call("Input.dispatchMouseEvent", type="mouseMoved", x=edge, y=y)
    assert "tunnels  5" in status.wait("!tip.hidden && tip.textContent", "the chart tells its value")
    for width in (1280, 390):
        for query in ("", "?route=%2Fother&server=localhost"):
            status.look(width)
            status.run(f"history.replaceState(null, '', '/wsflow-status{query}'); null")
            assert status.run(WIDE) <= 0, (width, query)
    assert status.run("window.sameDocument") is True
    # One is closed by its button, and a page that asks.
    status.open(site.url("http", "/wsflow-status?filter=%2Fown"))
    closed = status.run("document.querySelector('#tunnels tbody tr').id")
    status.click(f"#{closed} button")
    status.wait("document.querySelector('h1')?.textContent === 'Close 1 tunnel?'", "it is asked about")
    assert own_codes(own) == []
    status.click("button.do")
    assert wait_until(lambda: own_codes(own), "its own socket has got the Close code",
                      report=lambda: seen(status)) == [1001]
    status.wait(f"{ROWS} === 3 && !document.getElementById('{closed}')", "its row is gone")
    assert closed[1:] not in site.status.connections()
    site.log.wait_for(f"WSF0152: .*{closed[1:]}")
    assert status.complaints == []

    status.call("Emulation.setScriptExecutionDisabled", value=True)
    for width in (390, 1280):
        status.look(width)
        status.open(site.url("http", "/wsflow-status?filter=%2Fown"))
        assert status.run(WIDE) <= 0
    assert status.run(ROWS) == 3
    assert status.run("document.querySelectorAll('svg .l').length") == 9
    assert status.run("document.querySelector('#chart-tunnels .l').getAttribute('d').length") > 5
    assert status.run("document.getElementById('pause').checkVisibility()") is False
    status.click("#tunnels tbody tr button")
    status.wait("document.querySelector('h1')?.textContent === 'Close 1 tunnel?'", "it is asked about", 20)
    status.click("button.do")
    assert wait_until(lambda: len(codes := own_codes(own)) == 2 and codes,
                      "another socket has got the Close code", report=lambda: seen(status)) == [1001, 1001]
    status.wait("location.search === '?filter=%2Fown' && !!document.querySelector('#tunnels .note')",
                "the same page is back")
    assert status.complaints == []


def accessible(status, what):
    """Returns when axe finds nothing at this page, wide and narrow, light and dark."""
    for width in (1280, 390):
        for dark in (False, True):
            status.look(width, dark=dark)
            found = status.run(FOUND)
            assert not found, f"{what} at {width}, {'dark' if dark else 'light'}:\n" + "\n".join(found)
            assert status.run(WIDE) <= 0, (what, width)
            if width == 390:
                assert status.run(OUTSIDE) == [], what


@pytest.mark.timeout(240)
@pytest.mark.skipif(not AXE.exists(), reason="npm's axe-core is not there; t/setup.sh installs it where there is npm")
def test_the_page_is_accessible_and_nothing_of_it_is_outside_the_window(page, raw_client):
    site, status, own = page
    own.run("openOne('')")
    client = raw_client(site)
    client.send_handshake("/dead")
    assert client.read_head().status in (502, 503)
    status.call("Page.setBypassCSP", enabled=True)
    for query in ("", "?client=127.0.0.1"):
        status.open(site.url("http", "/wsflow-status" + query))
        status.run(AXE.read_text(encoding="utf-8") + "; document.querySelectorAll('details').forEach((it) => { it.open = true; }); null")
        status.wait("document.querySelectorAll('.troubles li').length >= 2", "the trouble is told")
        accessible(status, query)
    status.run("document.querySelector('.formats a[href=\"?manual\"]').click()")
    status.wait("document.querySelectorAll('dl.words > div[id^=WSFlow]').length > 20", "the manual is there")
    status.run(AXE.read_text(encoding="utf-8") + "; null")
    accessible(status, "the manual")
    status.run("document.querySelector('header a').click()")
    status.wait("!!document.querySelector('#tunnels tbody tr button')", "the status is back")
    status.click("#tunnels tbody tr button")
    status.wait("!!document.querySelector('.ask')", "it is asked about")
    status.run(AXE.read_text(encoding="utf-8") + "; null")
    accessible(status, "the page that asks")

"""The page of the status in a real browser, with its script and without."""

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
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def page(httpd, echo, connect, loop, resources):
    """page() is (httpd under load, a tab with its status, a tab that has tunnels of its own)."""
    origin = echo()
    site = httpd(f'WSFlowPass /own "{origin.url("/own")}"\nWSFlowPass /other "{origin.url("/other")}"\n'
                 'WSFlowLimit app concurrency=1000 queue=10 acquire=1s key=%{REMOTE_ADDR}', threads=10)
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
    # One is closed by its button.
    closed = status.run("document.querySelector('#tunnels tbody tr').id")
    status.click(f"#{closed} button")
    assert wait_until(lambda: own_codes(own), "its own socket has got the Close code",
                      report=lambda: seen(status)) == [1001]
    status.wait(f"{ROWS} === 3 && !document.getElementById('{closed}')", "its row is gone")
    assert closed[1:] not in site.status.connections()
    site.log.wait_for(f"WSF0152: .*{closed[1:]}")
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
    assert wait_until(lambda: len(codes := own_codes(own)) == 2 and codes,
                      "another socket has got the Close code", report=lambda: seen(status)) == [1001, 1001]
    status.wait("location.search === '?filter=%2Fown' && !!document.querySelector('#tunnels .note')",
                "the same page is back")
    assert status.complaints == []

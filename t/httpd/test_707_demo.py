"""The demo, run as its script runs it, and its page in a real browser: both buttons of flow control."""

import os
import pathlib
import shutil
import subprocess

import pytest

from chromium import Chromium
from devtools import Tab
from server import free_port
from wait import seconds, wait_until

DEMO = pathlib.Path(__file__).resolve().parents[1] / "demo/run.sh"
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def number(id_):
    return f"parseInt(document.getElementById('{id_}').textContent)"


@pytest.fixture
def demo(tmp_path, certs):
    """The address of a running demo, of a copy of its files: one of the tree may be running by hand."""
    tree = pathlib.Path("/tmp") / f"wsflow-demo-test-{os.getpid()}"
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(DEMO.parent, tree / "t/demo")
    port, tls = free_port(), free_port()
    said = tmp_path / "said"
    with said.open("w") as out:
        process = subprocess.Popen([tree / "t/demo/run.sh"], stdin=subprocess.DEVNULL, stdout=out, stderr=out, env={
            **os.environ, "WSFLOW_DEMO_PORT": str(port), "WSFLOW_DEMO_TLS_PORT": str(tls)})
    try:
        wait_until(lambda: "The demo is running" in said.read_text() or process.poll() is not None, "the demo is running", 30,
                   report=said.read_text)
        assert process.poll() is None, said.read_text()
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(seconds(20))
        shutil.rmtree(tree, ignore_errors=True)


@pytest.fixture
def page(demo, loop, resources):
    browser = Chromium("about:blank")
    resources.append(browser)
    tab = Tab(loop, browser.devtools)
    resources.append(tab)
    tab.look(1280)
    tab.open(demo)
    tab.wait("document.querySelector('#requests-inside + b').textContent === '0 of 20'", "the limits are shown")
    return tab


@pytest.mark.timeout(180)
def test_both_buttons_show_what_a_limit_does(page):
    # 60 requests a second, where 20 are served: the queue fills, and the rest is refused.
    page.click("#send")
    assert page.run("document.getElementById('send').disabled")
    page.wait("document.querySelector('#requests-queue').value >= 30", "the queue is shown", 30)
    page.wait(f"{number('refused-requests')} > 20 && {number('ok')} > 20", "503s and answers are shown", 30)
    assert page.run("document.querySelector('#requests-inside').value") == 20
    assert page.run(f"{number('retry-after')}") >= 1
    assert "permits" in page.wait("document.getElementById('requests-advice').textContent", "the advice is shown")
    assert "wait" in page.run("document.getElementById('flow-state').textContent")
    # The page itself is served meanwhile.
    assert page.run("fetch('style.css', {cache: 'no-store'}).then((answer) => answer.status)") == 200
    # 50 sockets, where 30 are let in.
    page.click("#crowd")
    page.wait(f"{number('crowd-open')} === 30 && {number('crowd-failed')} === 20", "30 of 50 sockets are open", 40)
    page.wait(f"{number('refused-sockets')} === 20 && "
              "document.querySelector('#sockets-inside + b').textContent === '30 of 30'", "the module says the same")
    assert page.run("document.querySelector('#sockets-inside').parentElement.classList.contains('full')")
    page.wait("!document.getElementById('send').disabled", "the requests have ended", 40)
    assert page.run(f"{number('ok')} + {number('refused-requests')}") == 600
    # Whoever is refused is told at once, not after the queue.
    assert page.run("document.getElementById('ok-time').textContent").endswith(" s")
    page.click("#leave")
    page.wait("document.querySelector('#sockets-inside + b').textContent === '0 of 30'", "they are closed")
    # What a refused handshake leaves in the console is the browser's own word, and no fault of the page.
    assert not [text for text in page.complaints if "WebSocket connection to" not in text]


def test_the_page_fits_on_a_telephone(page):
    for dark in (False, True):
        page.look(390, dark=dark)
        assert page.run(WIDE) == 0

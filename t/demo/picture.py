#!/usr/bin/python3
"""Plays with the demo in a browser for a minute and writes a picture of the status page: picture.py URL FILE"""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "httpd/support"))

from chromium import Chromium  # noqa: E402
from devtools import Tab  # noqa: E402
from loop_thread import LoopThread  # noqa: E402

PLAY_SECONDS = 75
WIDTH, HEIGHT = 1280, 1400

# Tunnels come and go; each says something now and then.
PLAY = """setInterval(() => {
  const path = Math.random() < 0.3 ? '/chat' : '/echo';
  const socket = new WebSocket(`ws://${location.host}${path}`);
  const pause = 50 + 900 * Math.random();
  const life = 4000 + 60000 * Math.random() ** 3;
  socket.onopen = () => {
    const timer = setInterval(() => socket.send(path === '/echo' ? String(Math.random()).repeat(50) :
      JSON.stringify({type: 'join', name: 'guest'})), pause);
    setTimeout(() => { clearInterval(timer); socket.close(life > 30000 ? 4001 : 1000); }, life);
  };
}, 350); null"""


def main(url, file):
    with Chromium("about:blank") as browser:
        loop = LoopThread()
        player, status = (Tab(loop, browser.devtools) for _ in range(2))
        player.open(url + "/")
        player.run(PLAY)
        time.sleep(PLAY_SECONDS)
        status.look(WIDTH, HEIGHT)
        status.open(url + "/wsflow-status?sort=age&dir=desc")
        status.screenshot(file)


main(*sys.argv[1:])

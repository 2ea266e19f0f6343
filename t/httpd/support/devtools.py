"""A page of Chromium, driven over the DevTools protocol."""

import base64
import itertools
import json
import pathlib
import urllib.request

import websockets

from wait import seconds, wait_until


def endpoint(profile):
    """The address of the browser's DevTools, which it writes into its profile once it listens."""
    file = pathlib.Path(profile) / "DevToolsActivePort"
    lines = wait_until(lambda: file.exists() and len(found := file.read_text().split()) == 2 and found,
                       "Chromium listens for DevTools", 60)
    return f"127.0.0.1:{lines[0]}"


class Tab:
    """One page of its own. Whatever it complains of is kept in `complaints`: exceptions of scripts, and what the
    console is told of errors, among them breaches of the Content-Security-Policy."""

    def __init__(self, loop, address, url="about:blank"):
        self._loop, self._numbers, self._answers, self._loads = loop, itertools.count(1), {}, 0
        self.complaints = []
        request = urllib.request.Request(f"http://{address}/json/new?{url}", method="PUT")
        with urllib.request.urlopen(request, timeout=seconds(20)) as answer:
            target = json.load(answer)["webSocketDebuggerUrl"]
        self._connection = loop.run(self._connect(target))
        self._reader = loop.start(self._read())
        for domain in ("Page", "Runtime", "Log"):
            self.call(domain + ".enable")
        # Other tabs do not hide it.
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)

    @staticmethod
    async def _connect(target):
        return await websockets.connect(target, max_size=None, ping_interval=None, compression=None)

    async def _read(self):
        async for message in self._connection:
            message = json.loads(message)
            if "id" in message:
                self._answers.pop(message["id"]).set_result(message)
            elif message["method"] == "Runtime.exceptionThrown":
                details = message["params"]["exceptionDetails"]
                self.complaints.append(details.get("exception", {}).get("description") or details["text"])
            elif message["method"] == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
                entry = message["params"]["entry"]
                self.complaints.append(f"{entry['text']} {entry.get('url', '')}")
            elif message["method"] == "Page.loadEventFired":
                self._loads += 1

    async def _call(self, method, parameters):
        number = next(self._numbers)
        answer = self._answers[number] = self._loop.loop.create_future()
        await self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        return await answer

    def call(self, method, **parameters):
        answer = self._loop.run(self._call(method, parameters))
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]

    def open(self, url):
        """Returns when the page has loaded."""
        before = self._loads
        told = self.call("Page.navigate", url=url)
        assert "errorText" not in told, told
        wait_until(lambda: self._loads > before, f"{url} has loaded", 30)

    def run(self, script):
        """The value of a script, and of the promise that it may be."""
        told = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, (script, told["exceptionDetails"])
        return told["result"].get("value")

    def wait(self, script, what, timeout=20):
        """Polls until the value of the script is true, and returns it."""
        return wait_until(lambda: self.run(script), what, timeout, pause=0.05,
                          report=lambda: self.run("document.body.innerText.slice(0, 2000)"))

    def click(self, selector):
        """As with a mouse: what lies over it would get the click."""
        x, y = self.run(f"(() => {{ const it = document.querySelector({json.dumps(selector)});"
                        " it.scrollIntoView({block: 'center', inline: 'center'});"
                        " const box = it.getBoundingClientRect();"
                        " return [box.x + box.width / 2, box.y + box.height / 2]; })()")
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, clickCount=1,
                      button="none" if kind == "mouseMoved" else "left")

    def type(self, text):
        """Into what has the focus."""
        self.call("Input.insertText", text=text)

    def press_enter(self):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r",
                      windowsVirtualKeyCode=13)

    def look(self, width, height=900, dark=False):
        """A window so wide, of somebody who likes it light or dark."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def screenshot(self, path, whole=False):
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        pathlib.Path(path).write_bytes(base64.b64decode(picture["data"]))

    def close(self):
        self._reader.cancel()
        self._loop.run(self._connection.close())

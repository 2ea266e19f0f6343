import importlib.util
import pathlib
import re

from mistake import Mistake

_spec = importlib.util.spec_from_file_location("socketio_recipe", pathlib.Path(__file__).parents[1] / "socketio/recipe.py")
_one = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_one)


def _session(visitor, root):
    """A session of the one origin."""
    return re.search('"sid":"([^"]+)"', visitor.get(root + "socket.io/?EIO=4&transport=polling")[2])[1]


class App(_one.App):
    title = "socket.io, two origins"
    port = 3001
    mistakes = (
        Mistake("no `stickysession`", "`stickysession`, and the cookie", 400, "Session ID unknown",
                "socket.io/?EIO=4&transport=polling&sid={}", method="GET", first=_session, drop="(?s)<Location.*</Location>\n"),
    )

    def further(self, trial):
        """One of the two dies: its client comes back to the other."""
        with trial.client() as client:
            client.connected()
            client.exchange()
            (first,) = client.since(0, "answered")
            begin = len(client.events)
            process = self._running[self.ports().index(first["port"])]
            process.kill()
            process.wait()
            client.wait(begin, "open")
            client.exchange()
            second = client.since(begin, "answered")[-1]
        assert first["port"] != second["port"], (first, second)

    def ports(self):
        return [3001, 3002]

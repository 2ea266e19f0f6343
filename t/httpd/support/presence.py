"""A site whose tunnels are counted in a SQLite database, and what stands there."""

import os
import pathlib
import sqlite3
import tempfile
import time

from legs import Legs
from wait import wait_until

WHO = "%{HTTP:X-User}"


def now():
    """As the database has times: microseconds since 1970."""
    return time.time_ns() // 1000


def store_module(site_module):
    return pathlib.Path(site_module).parent / "mod_wsflow_presence.so"


class Database:
    """One for each test; httpd's children, which are no root, must be able to write beside it."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="wsflow-presence-", dir="/tmp")
        self.folder = pathlib.Path(self._folder.name)
        self.folder.chmod(0o777)
        self.file = self.folder / "presence.db"

    def close(self):
        self._folder.cleanup()

    def lines(self, module, lease="3s", node=None, rest=""):
        """What belongs into the configuration of the main server."""
        lines = [f'LoadModule wsflow_presence_module "{store_module(module)}"',
                 f'WSFlowPresenceStore sqlite3 "{self.file}" lease={lease} {rest}']
        return "\n".join(lines + ([f"WSFlowNode {node}"] if node else []))

    def rows(self, query, *values):
        if not self.file.exists():
            return []
        with sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=20) as connection:
            connection.row_factory = sqlite3.Row
            try:
                return [dict(row) for row in connection.execute(query, values)]
            except sqlite3.OperationalError as reason:
                if "no such table" in str(reason):
                    return []
                raise

    def sessions(self, key=None):
        """All sessions, in the order of their beginnings."""
        rows = self.rows("SELECT * FROM wsflow_session ORDER BY joined, key")
        return [row for row in rows if key is None or row["key"] == key]

    def wait_sessions(self, wanted, what, key=None, timeout=15):
        """The sessions, once WANTED(sessions) is true."""
        return wait_until(lambda: (found := self.sessions(key)) and wanted(found) and found, what, timeout, pause=0.05,
                          report=lambda: self.sessions(key))

    def wait_online(self, key, sockets, timeout=15):
        """The one open session of a KEY, once it has so many SOCKETS."""
        found = self.wait_sessions(
            lambda all_of_it: [row["sockets"] for row in all_of_it if row["ended"] is None] == [sockets],
            f"{key} has an open session of {sockets} sockets", key, timeout)
        return found[-1]

    def wait_ended(self, key, count=1, timeout=15):
        """The sessions of a KEY, once there are COUNT of them and all have ended."""
        return self.wait_sessions(lambda found: len(found) == count and all(row["ended"] for row in found),
                                  f"{key} has {count} sessions, which have ended", key, timeout)


class Counted:
    """An httpd whose tunnels are counted in a database; `user` of a tunnel is who it belongs to."""

    def __init__(self, database, legs_parts, presence=f"WSFlowPresence key={WHO} grace=0", main="", lease="3s", node=None,
                 rest="", **shape):
        module = shape.get("module") or os.environ["WSFLOW_MODULE"]
        self.database = database
        self.legs = Legs(*legs_parts, conf=presence, main=database.lines(module, lease, node, rest) + "\n" + main, **shape)
        self.site = self.legs.site

    def open(self, user, **shape):
        """A tunnel of USER, as (client, server)."""
        return self.legs.open(headers=[("X-User", user)] if user is not None else [], **shape)

    def told(self):
        return self.site.status.json("&count=0")["presence"]

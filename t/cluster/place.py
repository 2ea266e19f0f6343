"""Where the sessions are kept during a run: a private PostgreSQL or a file of SQLite, and its outage."""

import pathlib
import shutil
import signal
import sqlite3
import tempfile

import databases
from truth import Session

QUERY = "SELECT key, joined, ended, sockets FROM wsflow_session WHERE name = 'online' AND route = ''"
COUNTS = ("SELECT batches, events_dropped, (SELECT count(*) FROM wsflow_event) AS events, "
          "(SELECT count(*) FROM wsflow_process) AS processes FROM wsflow_schema")
CONNECTIONS = 200  # one for each process, keepers too


class Pgsql:
    driver = "pgsql"

    def __init__(self):
        self._server = databases.PostgreSQL(f"max_connections={CONNECTIONS}")
        self._server.folder.chmod(0o755)  # children of httpd are another user
        self._database = databases.PgsqlDatabase(self._server, "online")
        self.parameters = self._database.parameters

    def rows(self, query):
        return self._database.rows(query)

    def stop(self):
        """As pg_ctl stop -m immediate does."""
        self._server.stop(signal.SIGQUIT)

    def start(self):
        self._server.start()

    def close(self):
        self._server.end()


class Sqlite3:
    """Its outage is a lock that somebody holds."""
    driver = "sqlite3"

    def __init__(self):
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="wsflow-cluster-", dir="/tmp"))
        self._folder.chmod(0o777)
        self._lock = None
        self.parameters = str(self._folder / "presence.db")

    def rows(self, query):
        connection = sqlite3.connect(self.parameters, timeout=30)
        try:
            return [list(row) for row in connection.execute(query)]
        finally:
            connection.close()

    def stop(self):
        self._lock = sqlite3.connect(self.parameters, isolation_level=None, timeout=30)
        self._lock.execute("BEGIN IMMEDIATE")

    def start(self):
        self._lock.execute("ROLLBACK")
        self._lock.close()

    def close(self):
        shutil.rmtree(self._folder)


PLACES = {place.driver: place for place in (Pgsql, Sqlite3)}


def sessions(place, which=""):
    return [Session(*row) for row in place.rows(QUERY + which)]


def open_sockets(place):
    """The sockets of each key whose session is open."""
    return {session.key: session.sockets for session in sessions(place, " AND ended IS NULL")}


def counts(place):
    """Batches, dropped events, events that are not delivered, processes that have a lease."""
    (row,) = place.rows(COUNTS)
    return row


"""Real databases, private ones: a PostgreSQL behind a Unix socket in a folder, and a file of SQLite."""

import glob
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

FACTOR = float(os.environ.get("WSFLOW_TIME_FACTOR") or 1)


def programs():
    """The newest PostgreSQL's folder of programs."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))
    assert found, "no PostgreSQL: t/setup.sh installs it"
    return pathlib.Path(found[-1]).parent


def wait_until(condition, seconds=30):
    end = time.monotonic() + seconds * FACTOR
    while not condition():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.02)


class PostgreSQL:
    """One server for many databases; SETTINGS are beside those that make it quick."""

    def __init__(self, *settings):
        self.settings = ("listen_addresses=", "fsync=off", "full_page_writes=off", "max_connections=40", *settings)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wsflow-pg-", dir="/tmp"))
        # The server refuses root.
        self.user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
        if self.user:
            shutil.chown(self.folder, "nobody", "nogroup")
        self.server = None
        try:
            self.program("initdb", "-D", self.folder / "data", "-U", "owner", "-A", "trust", "-E", "UTF8",
                         "--locale=C.UTF-8", "--no-sync")
            rules = self.folder / "data/pg_hba.conf"
            rules.write_text("local all locked scram-sha-256\n" + rules.read_text())
            self.start()
        except BaseException:
            self.end()
            raise

    def program(self, name, *arguments):
        subprocess.run([*self.user, programs() / name, *arguments], check=True, cwd=self.folder, stdout=subprocess.DEVNULL)

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.server = subprocess.Popen(
                [*self.user, programs() / "postgres", "-D", self.folder / "data", "-k", self.folder,
                 *(word for setting in self.settings for word in ("-c", setting))],
                cwd=self.folder, stdout=log, stderr=log)
        wait_until(self.is_ready)

    def is_ready(self):
        assert self.server.poll() is None, (self.folder / "log").read_text()[-2000:]
        return subprocess.run([programs() / "pg_isready", "-q", "-h", self.folder]).returncode == 0

    def stop(self, how=signal.SIGQUIT):
        """SIGQUIT is pg_ctl's "immediate", and setpriv has become the server."""
        if self.server is not None and self.server.poll() is None:
            self.server.send_signal(how)
            self.server.wait()

    def end(self):
        self.stop()
        shutil.rmtree(self.folder)

    def sql(self, text, schema="public"):
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", "owner",
                               "-d", "postgres", "-f", "-"], input=text, capture_output=True, text=True,
                              env={**os.environ, "PGOPTIONS": f"-csearch_path={schema}"})
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


class PgsqlDatabase:
    """A schema of its own: it is made sooner than a database."""

    driver = "pgsql"

    def __init__(self, server, name):
        self.server, self.name = server, name
        server.sql(f"CREATE SCHEMA {name}")
        self.parameters = self.parameters_of("owner")

    def parameters_of(self, user):
        return f"host={self.server.folder} dbname=postgres user={user} options=-csearch_path={self.name}"

    def sql(self, text):
        return self.server.sql(text, self.name)

    def rows(self, query):
        """Rows as lists of JSON's values."""
        text = self.sql(f"SELECT coalesce(json_agg(q), '[]') FROM ({query}) q")
        return [list(row.values()) for row in json.loads(text)]


class SqliteDatabase:
    driver = "sqlite3"

    def __init__(self, folder, name):
        self.parameters = str(folder / f"{name}.db")

    def sql(self, text):
        connection = sqlite3.connect(self.parameters, timeout=30)
        connection.executescript(text)
        connection.close()

    def rows(self, query):
        connection = sqlite3.connect(self.parameters, timeout=30)
        rows = [list(row) for row in connection.execute(query)]
        connection.close()
        return rows

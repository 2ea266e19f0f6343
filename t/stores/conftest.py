import itertools
import sys
import pathlib

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "support"))

import databases  # noqa: E402
import store  # noqa: E402

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def server():
    server = databases.PostgreSQL()
    yield server
    server.end()


def make_database(request, folder):
    name = f"d{next(NUMBERS)}"
    if request.param == "sqlite3":
        return databases.SqliteDatabase(folder, name)
    return databases.PgsqlDatabase(request.getfixturevalue("server"), name)


@pytest.fixture(params=["pgsql", "sqlite3"])
def database(request, tmp_path):
    """An empty database of each kind."""
    return make_database(request, tmp_path)


@pytest.fixture
def connect(database):
    """Opens one more connection, a process of its own."""
    opened = []

    def connect():
        opened.append(store.Store(database.driver, database.parameters))
        return opened[-1]

    yield connect
    for each in opened:
        each.__exit__()


@pytest.fixture(scope="module", params=["pgsql", "sqlite3"])
def home(request, tmp_path_factory):
    """A database of each kind, and a connection, for tests that only need it to be as new."""
    database = make_database(request, tmp_path_factory.mktemp("home"))
    with store.Store(database.driver, database.parameters) as connection:
        yield database, connection

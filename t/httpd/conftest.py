"""Fixtures: certificates, one asyncio loop, private httpds whose logs are checked at teardown."""

import os
import pathlib
import sys
import tempfile

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "support"), str(HERE.parent / "link")]

from reachable import make_reachable  # noqa: E402

make_reachable()  # ahead of all that read the variables

from cluster import Cluster  # noqa: E402
from echo_origin import EchoOrigin  # noqa: E402
from legs import Legs  # noqa: E402
from loop_thread import LoopThread  # noqa: E402
from origin import RawOrigin  # noqa: E402
from peers import WsClient  # noqa: E402
from presence import Counted, Database  # noqa: E402
from server import Httpd, version  # noqa: E402
from tls import Certificates  # noqa: E402
from wait import seconds  # noqa: E402
from wire import RawClient  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "bulk: moves or holds so much, or starts httpd so often, that slow builds of it leave it out")
    config.addinivalue_line("markers", "since: the version of httpd that has what is tried")
    config.addinivalue_line("markers", "memcheck: runs under valgrind, too; with values: only where parameters have them")


def is_for_valgrind(item):
    marker = item.get_closest_marker("memcheck")
    return marker and all(item.callspec.params[name] == value for name, value in marker.kwargs.items())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    if os.environ.get("WSFLOW_SANITIZER") == "valgrind":
        items[:] = filter(is_for_valgrind, items)
    for item in items:
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(seconds(90)))
        since = item.get_closest_marker("since")
        if since and version() < since.args:
            item.add_marker(pytest.mark.skip(reason=f"httpd has it since {since.args}"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    setattr(item, "report_" + call.when, outcome.get_result())


@pytest.fixture(scope="session")
def certs():
    with tempfile.TemporaryDirectory(prefix="wsflow-certs-", dir="/tmp") as folder:
        pathlib.Path(folder).chmod(0o755)
        yield Certificates(pathlib.Path(folder) / "tls")


@pytest.fixture(scope="session")
def loop():
    thread = LoopThread()
    yield thread
    thread.stop()


@pytest.fixture
def httpd(request, certs):
    """httpd(conf, …) starts one; every one is stopped and judged at the end of the test."""
    made = []

    def make(conf="", start=True, **shape):
        if version() < (2, 4, 58) and "H2WebSockets" in f"{conf} {shape}":
            pytest.skip("this httpd has no WebSockets over HTTP/2")
        made.append(Httpd(certs, conf, **shape))
        return made[-1].start() if start else made[-1]

    yield make
    trouble = []
    for site in made:
        try:
            site.stop()
        except AssertionError as reason:
            trouble.append(str(reason))
        trouble += site.verdict()
        failed = trouble or getattr(request.node, "report_call", None) and request.node.report_call.failed
        if failed:
            print(f"--- {site.root}/error.log\n{site.log.text()[-6000:]}")
        site.remove()
    if trouble:
        pytest.fail("httpd's logs:\n" + "\n".join(trouble), pytrace=False)


@pytest.fixture
def resources():
    """Closes what the test opened, last first."""
    opened = []
    yield opened
    for thing in reversed(opened):
        thing.close()


@pytest.fixture
def echo(loop, certs, resources):
    """echo(tls=False, …) is a websockets origin."""
    def make(tls=False, **options):
        origin = EchoOrigin(loop, certs.origin_context() if tls else None, **options)
        resources.append(origin)
        return origin
    return make


@pytest.fixture
def raw_origin(certs, resources):
    """raw_origin(tls=False, …) is an origin that the test plays itself, with CONTEXT instead of Python's own TLS."""
    def make(tls=False, context=None, **options):
        origin = RawOrigin(context or (certs.origin_context() if tls else None), **options)
        resources.append(origin)
        return origin
    return make


@pytest.fixture
def raw_client(certs, resources):
    """raw_client(site, tls=False) is connected to that httpd, with CONTEXT instead of Python's own TLS."""
    def make(site, tls=False, context=None, **options):
        client = RawClient(site.address(tls), context or (certs.client_context() if tls else None), **options)
        resources.append(client)
        return client
    return make


@pytest.fixture
def connect(loop, certs, resources):
    """connect(url, …) is an open websockets client."""
    def make(url, **options):
        client = WsClient(loop, url, certs.client_context(), **options)
        resources.append(client)
        return client
    return make


@pytest.fixture
def tunnel(raw_origin, raw_client, resources):
    """tunnel(site, origin, path) opens one and returns its two raw ends (client, origin)."""
    def make(site, origin, path, tls=False, headers=(), **shape):
        client = raw_client(site, tls, **shape)
        client.send_handshake(path, headers)
        server = origin.accept_tunnel()
        resources.append(server)
        head = client.read_head()
        assert head.status == 101, head.raw
        return client, server
    return make


@pytest.fixture
def legs(httpd, raw_origin, tunnel):
    """legs(conf, …) starts an httpd with a plain and a TLS origin, for tunnels of every kind."""
    return lambda *arguments, **shape: Legs(httpd, raw_origin, tunnel, *arguments, **shape)


@pytest.fixture
def database(resources):
    """A database of presence."""
    made = Database()
    resources.append(made)
    return made


@pytest.fixture
def counted(database, httpd, raw_origin, tunnel):
    """counted(…) starts an httpd whose tunnels are counted in the test's database."""
    return lambda **shape: Counted(database, (httpd, raw_origin, tunnel), **shape)


@pytest.fixture
def databases():
    """Is set up ahead of httpd, so that they end behind it: the log of an httpd that ends tells of none."""
    started = []
    yield started
    for each in started:
        each.close()


@pytest.fixture
def cluster(databases, httpd, resources):
    """cluster(…) starts a database that nodes share, and an origin; its nodes(…) are httpds."""
    return lambda **options: Cluster(httpd, resources, databases, **options)

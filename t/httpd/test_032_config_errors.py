"""A configuration that makes no sense fails configtest, and the message names the directive and the value."""

import pytest

GOOD = "ws://127.0.0.1:9/"

BAD = [
    ("WSFlowPass chat " + GOOD, ["WSFlowPass", "chat"]),
    ("WSFlowPass /chat not-a-url", ["WSFlowPass", "not-a-url"]),
    ("WSFlowPass /chat ftp://127.0.0.1/", ["WSFlowPass", "ftp"]),
    ("WSFlowPass /chat ws://", ["WSFlowPass", "ws://"]),
    ("WSFlowPass /chat ws://127.0.0.1:99999/", ["WSFlowPass", "99999"]),
    ("WSFlowPass /chat ws://127.0.0.1:0/", ["WSFlowPass", "ws://127.0.0.1:0/"]),
    ("WSFlowPass /chat ws://127.0.0.1:port/", ["WSFlowPass", "port"]),
    ("WSFlowPass /chat unix:relative|ws://localhost/", ["WSFlowPass", "relative"]),
    ("WSFlowPass /chat " + GOOD + " colour=blue", ["WSFlowPass", "colour"]),
    ("WSFlowPass /chat " + GOOD + " timeout=soon", ["WSFlowPass", "timeout"]),
    ("WSFlowPass /chat " + GOOD + " blue", ["WSFlowPass", "blue"]),
    ("WSFlowPass /chat " + GOOD + " =5", ["WSFlowPass", "=5"]),
    ("WSFlowPass /chat", ["WSFlowPass"]),
    ("WSFlowPass", ["WSFlowPass"]),
    ("WSFlow maybe", ["WSFlow"]),
    ("WSFlowTimeout handshake=soon", ["WSFlowTimeout", "soon"]),
    ("WSFlowTimeout handshake=-1s", ["WSFlowTimeout", "-1s"]),
    ("WSFlowTimeout breakfast=5s", ["WSFlowTimeout", "breakfast"]),
    ("WSFlowTimeout handshake", ["WSFlowTimeout", "handshake"]),
    ("WSFlowSlowStart soon", ["WSFlowSlowStart", "soon"]),
    ('<Location "/chat">\nWSFlowPass /other ' + GOOD + "\n</Location>", ["WSFlowPass", "/other"]),
]


@pytest.mark.parametrize("line,words", BAD, ids=[line.replace("\n", " ") for line, _ in BAD])
def test_nonsense_is_named(httpd, line, words):
    site = httpd(line, start=False)
    status, said = site.configtest()
    assert status != 0, said
    assert "Syntax error" in said
    for word in words:
        assert word in said


def test_routes_are_not_for_htaccess(httpd):
    site = httpd('<Directory "/">\n  AllowOverride All\n</Directory>')
    folder = site.root / "htdocs" / "folder"
    folder.mkdir()
    (folder / ".htaccess").write_text(f"WSFlowPass {GOOD}\n")
    site.log.expect("WSFlowPass not allowed here")
    assert site.get("/folder/").status == 500


@pytest.mark.parametrize("line", [
    "WSFlowPass /chat " + GOOD,
    "WSFlowPass /chat wss://localhost/ timeout=5",
    "WSFlowPass /chat http://127.0.0.1:9/x",
    "WSFlowPass /chat unix:/run/app.sock|ws://localhost/",
    "WSFlowPass /chat !",
    "WSFlowTimeout handshake=1500ms",
    "WSFlowTimeout handshake=10s close=2s",
])
def test_sense_is_accepted(httpd, line):
    assert httpd(line, start=False).configtest() == (0, "Syntax OK\n")

"""What clients choose reaches every format and log only as text: no tag, no attribute, no line, no escape of a terminal."""

import base64
import hashlib
import html.parser
import json
import re
import urllib.parse

import pytest

from test_731_close_actions import close
from wait import wait_until

MARK = "wsfmark"
HOSTILE = {
    "html": f"<{MARK}>alert(1)</{MARK}>&lt;{MARK}&#62;",
    "script": f"</script><{MARK} src=//x>",
    "attribute": f"\" on{MARK}=\"1\" ' on{MARK}='1' `",
    "json": f"\\\",\"{MARK}\":1}}\\u003c{MARK}",
    "terminal": f"\x1b[31m{MARK}\x1b]0;{MARK}\x07\x7f\x9b31m",
    "bytes": f"\xff\xfe{MARK}\xc0\xaf\xed\xa0\x80",
    "formula": f"=cmd|'{MARK}'!A1",
    "metrics": f"{MARK}\"}} 1\t# {MARK}",
}
LINES = f"{MARK}\nWSFlow{MARK}: 1\r\n[wsflow:crit] {MARK} 1\n# EOF\n"

AUTO = r"WSFlow\w+(\[\d+\]\w+)?: [^\x00-\x1f]*"
METRICS = r'# (HELP|TYPE|UNIT|EOF).*|wsflow_\w+(\{[a-z_]+="[\w.+:/ -]*"(,[a-z_]+="[\w.+:/ -]*")*\})? ([-+.\deE]+|[+]Inf)'


class Elements(html.parser.HTMLParser):
    """The names of all tags and attributes of a page."""

    def __init__(self, text):
        super().__init__()
        self.names = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.names |= {tag, *(name for name, _ in attrs)}


def is_plain(text):
    """Without control characters but line ends."""
    return not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)


def check_page(text):
    assert is_plain(text), [line for line in text.split("\n") if not is_plain(line)][:3]
    bad = {name for name in Elements(text).names if MARK in name}
    assert not bad, bad
    assert f"<{MARK}" not in text.lower()


def check_formats(site, query=""):
    """Every format, each as what it claims to be; the JSON is returned."""
    for page in (f"/wsflow-status?{query}", "/server-status"):
        answer = site.get(page)
        assert answer.status == 200, answer
        check_page(answer.text.replace("\r</td>", "</td>"))  # mod_ssl writes that one
    for page, line in (("/wsflow-status?auto", AUTO), ("/wsflow-status?metrics", METRICS)):
        for each in site.get(page).text.split("\n"):
            assert not each or re.fullmatch(line, each), (page, each)
            assert MARK not in each, each
    answer = site.get(f"/wsflow-status?json&{query}")
    assert answer.status == 200 and not re.search(r"[\x00-\x1f]", answer.text)
    return json.loads(answer.body)


@pytest.fixture
def site(httpd):
    site = httpd(start=False, children=1)
    site.log.allow("WSF0151")
    return site


def test_users_keys_headers_and_paths_are_only_text(site, raw_origin, tunnel):
    origin = raw_origin()
    users = site.root / "users"
    password = "{SHA}" + base64.b64encode(hashlib.sha1(b"x").digest()).decode()
    names = {kind: value.replace(":", "") for kind, value in HOSTILE.items()}
    users.write_bytes("".join(f"{name}:{password}\n" for name in names.values()).encode("latin-1"))
    site.write_conf(conf=f"""\
WSFlowPass /x "{origin.url("/x")}"
WSFlowLog "{site.root}/combined.log"
<Location "/x">
  AuthType Basic
  AuthName x
  AuthUserFile "{users}"
  Require valid-user
  WSFlowShowUser On
  WSFlowLimit room "key=%{{unescape:%{{QUERY_STRING}}}}" concurrency=50 show-key=on
</Location>""")
    site.start()
    pairs = []
    for kind, value in HOSTILE.items():
        login = "Basic " + base64.b64encode(f"{names[kind]}:x".encode("latin-1")).decode()
        path = "/x/" + urllib.parse.quote(value.replace("/", ""), encoding="latin-1") + "?" + urllib.parse.quote(
            value + LINES, encoding="latin-1")
        text = re.sub(r"[\x00-\x08\x0a-\x1f\x7f]", "", value)  # httpd refuses these in header fields
        pairs.append(tunnel(site, origin, path, headers=[
            ("Authorization", login), ("User-Agent", text), ("Origin", text), ("Cookie", f"a={text}"),
            ("X-Forwarded-For", text)]))
    wait_until(lambda: site.status.json()["connections"][len(HOSTILE) - 1:], "the tunnels are shown")
    told = check_formats(site)
    shown = {each["user"] for each in told["connections"]}
    for kind in ("html", "script", "attribute", "json", "formula"):
        assert names[kind] in shown, kind
        # Known by its text, whatever is in it.
        assert any(key["limit"] == "room" and key["key"].startswith(HOSTILE[kind][:8])
                   for each in told["connections"] for key in each["keys"]), kind
    assert f"&lt;{MARK}&gt;alert(1)" in site.get("/wsflow-status").text
    for value in HOSTILE.values():
        query = urllib.parse.urlencode({"filter": value, "user": value, "client": value}, encoding="latin-1")
        check_formats(site, query)
    assert close(site, user=names["attribute"])["matched"] == 1
    assert close(site, limit="room", key=HOSTILE["json"] + LINES)["matched"] == 1
    for client, server in pairs:
        client.close()
        server.close()
    site.status.wait_active(0)
    log = site.root / "combined.log"
    wait_until(lambda: log.read_bytes().count(b"\n") == len(HOSTILE), "each tunnel has its line")
    for line in log.read_bytes().decode("ascii").splitlines():
        assert is_plain(line) and re.match(r'127\.0\.0\.1 - - \[', line), line
    for line in site.log.text().split("\n"):
        assert "\x1b" not in line and not line.startswith(("[wsflow:crit]", "WSFlow", "# EOF")), line


def test_actions_are_refused_as_text(site, raw_origin):
    site.write_conf(conf=f'WSFlowPass /x "{raw_origin().url("/x")}"')
    site.start()
    count = 0
    for value in [*HOSTILE.values(), LINES]:
        value = value.encode("latin-1")
        for fields in ({"action": "close", "client": value}, {"action": "drain", "server": value, "route": value},
                       {"action": value}, {"action": "close", "user": "x", value: "x"},
                       {"action": "close", "user": "x", "from": "page", "back": value + b"\r\nX-Bad: 1"}):
            told = site.status.act(**{
                name if isinstance(name, str) else name.decode("latin-1"): each for name, each in fields.items()})
            count += 1
            assert told.status in (400, 404) and "x-bad" not in told.headers, told
            if fields.get("from") is None:
                assert json.loads(told.body)["ok"] is False
                assert not re.search(r"[\x00-\x1f]", told.text)
            else:
                assert is_plain(told.text)
                assert told.headers["content-type"].startswith("text/plain")
            assert told.headers["x-content-type-options"] == "nosniff"
        # A user whom nobody has: nothing is matched, and the line of the log stays one line.
        assert close(site, user=value)["matched"] == 0
    assert len(site.log.lines("WSF0151")) == count
    assert len(site.log.lines("WSF0152")) == len(HOSTILE) + 1
    assert not site.log.lines(r"^(?!\[)") and not site.log.lines("\x1b")
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "FOO"):
        told = site.request(method, "/wsflow-status")
        assert told.status == 405 and {"GET", "HEAD", "POST"} <= set(told.headers["allow"].replace(",", " ").split()), told
    head = site.request("HEAD", "/wsflow-status?json")
    assert head.status == 200 and not head.body

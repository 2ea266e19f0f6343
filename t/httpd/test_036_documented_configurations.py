"""What the documentation and the shipped files show as configuration is one: configtest takes it, and has nothing to
say."""

import pathlib
import re
import shutil

import pytest

from conf import MODULES_DIR

TREE = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = [TREE / "README.md", *sorted((TREE / "docs").glob("*.md"))]
# What a line of httpd's configuration begins with here.
LINE = re.compile(r"\s*(#|</?[A-Z]|WSFlow|Proxy|Balancer|SSL|Auth|Require|SetHandler|ServerName|LogFormat|CustomLog|"
                  r"RewriteRule|RewriteEngine|RequestHeader|SetEnvIf|MaxSpareThreads|AsyncRequest|MaxConnections|QS_|"
                  r"H2WebSockets|LoadModule)")
# Modules that are not here.
ABSENT = re.compile(r"openid-connect|OIDC|LoadModule|QS_|Sec[A-Z]")


def blocks(text):
    """Texts that are indented, one after the other, without their indentation."""
    found = re.findall(r"(?:^(?:    .*)?\n)+", text, re.M)
    return ["\n".join(line[4:] for line in block.splitlines()).strip("\n") for block in found if block.strip()]


def is_configuration(block):
    lines = [line for line in block.splitlines() if line.strip()]
    return (all(LINE.match(line) for line in lines) and "..." not in block and
            any(re.match(r"\s*(<Loc|<Proxy|<Virtual|WSFlow|Max|Async)", line) for line in lines) and
            not ABSENT.search(block))


SHOWN = [(f"{path.name}: {block.splitlines()[0]}", block) for path in DOCUMENTS
         for block in blocks(path.read_text()) if is_configuration(block)]
REFERENCE = (TREE / "conf.d/wsflow-reference.conf").read_text()
LINES = [(line, line) for line in re.findall(r"^#(WSFlow.*)$", REFERENCE, re.M)]


def test_there_is_something_to_look_at():
    assert len(SHOWN) > 10 and len(LINES) > 30


def make_valid(block):
    """The files and addresses of the examples are nobody's."""
    block = re.sub(r"(?m)^(\s*)(SSLEngine|SSLCertificate\w+|AuthUserFile).*\n?", "", block)
    first, *others = re.split(r"(?m)^(?=WSFlowLog )", block)
    block = first + "".join(others[:1])  # alternatives
    names = set(re.findall(r"(?m)^\s*WSFlowLimit (\S+)(?: off)?$", block)) - set(re.findall(r"WSFlowLimit (\S+) .*=", block))
    block = re.sub(r"WSFlowSourceAddress.*", "WSFlowSourceAddress 127.0.0.1", block)
    return "\n".join([block, *(f"WSFlowLimit {name} concurrency=5" for name in sorted(names))])


@pytest.mark.parametrize("block", [block for _, block in SHOWN + LINES], ids=[name for name, _ in SHOWN + LINES])
def test_what_is_shown_is_right(httpd, block):
    tls = "" if "SSLProxyEngine" in block or not re.search(r"wss://|https://", block) else "SSLProxyEngine on\n"
    pool = "" if "<Proxy" in block or "balancer://chat" not in block else \
        "<Proxy balancer://chat>\nBalancerMember ws://127.0.0.1:9/\n</Proxy>\n"
    site = httpd(main=f"MaxConnectionsPerChild 0\nAsyncRequestWorkerFactor 60\n{tls}{pool}{make_valid(block)}", start=False,
                 modules=["proxy_hcheck"])
    (site.root / "logs").mkdir()
    status, said = site.configtest()
    # How many may wait beside how many threads is of this test's numbers.
    assert (status, [line for line in said.splitlines() if re.search("WSF(?!0136)|error", line)]) == (0, []), said


def test_the_shipped_file_says_nothing(httpd):
    text = (TREE / "conf.d/wsflow.conf").read_text()
    assert httpd(main=text, start=False).configtest() == (0, "Syntax OK\n")
    active = re.sub(r"(?m)^#(WSFlow\w+ )", r"\1", text)
    assert active != text
    assert httpd(main=active, start=False).configtest() == (0, "Syntax OK\n")


def test_the_demo_says_nothing(httpd):
    site = httpd(start=False)
    text = (TREE / "t/demo/httpd.conf.in").read_text()
    words = {"ROOT": site.root, "MODULES": MODULES_DIR, "WSFLOW": site.module, "WWW": TREE / "t/demo/www",
             "HTTP_PORT": site.http_port, "HTTPS_PORT": site.https_port, "ORIGIN_PORT": 9}
    for word, value in words.items():
        text = text.replace(f"@{word}@", str(value))
    shutil.copy(site.certs.server, site.root / "tls-cert.pem")
    shutil.copy(site.certs.server_key, site.root / "tls-key.pem")
    (site.root / "httpd.conf").write_text(text)
    assert site.configtest() == (0, "Syntax OK\n")

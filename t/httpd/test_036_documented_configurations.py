"""What the documentation and the shipped files show as configuration is one: configtest takes it, and has nothing to
say."""

import re
import shutil

import pytest

from cluster import CLIENT
from conf import MODULES_DIR, conf_without_module
from foreign_modules import LOAD
from pages import TREE, Page, assert_said, documents, modules_of, pages

PAGES = [Page(name) for name in pages()]


# Pages whose blocks the tests 90x run, too: slow builds leave them to these.
GUIDES = {"docs/migrating.md", "docs/troubleshooting.md", "docs/tuning.md"}


def of_kind(kind):
    return [pytest.param(block, id=block.name or block.where, marks=[pytest.mark.bulk] if block.page in GUIDES else [])
            for page in PAGES for block in page.blocks if block.kind == kind]


REFERENCE = (TREE / "conf.d/wsflow-reference.conf").read_text()
LINES = [pytest.param(documents.Block("", 0, "httpd", "", line), id=line) for line in re.findall(r"^#(WSFlow.*)$", REFERENCE, re.M)]
SHOWN = of_kind("httpd") + LINES


# As the shipped wsflow.conf has it.
SHIPPED = 'AsyncRequestWorkerFactor 64\n<Location "/wsflow-status">\nWSFlowPass !\n</Location>\n'


def test_there_is_something_to_look_at():
    assert len(SHOWN) > 60 and len(LINES) > 30


def make_valid(block, certs):
    """The files and addresses of the examples are nobody's."""
    files = {"SSLCertificateFile": certs.server, "SSLCertificateKeyFile": certs.server_key, "SSLProxyCACertificateFile": certs.ca}
    for directive, file in files.items():
        block = re.sub(rf"(?m)^(\s*{directive}) .*", rf"\1 {file}", block)
    # Modules: the test's own, and Debian's.
    block = re.sub(r"(?m)^LoadModule wsflow_.*\n?", "", block)
    block = re.sub(r"(?m)^LoadModule (\S+) .*/(\S+)$", rf"LoadModule \1 {MODULES_DIR}/\2", block)
    block = block.replace("/var/log/apache2/", "/tmp/").replace("*:80>", "*:1>").replace("*:443>", "*:1>")
    for directive in ("WSFlowLog", "WSFlowPresenceStore", "WSFlowPresenceEvents"):
        first, *others = re.split(rf"(?m)^(?={directive} )", block)
        block = first + "".join(others[:1])  # alternatives
    names = set(re.findall(r"(?m)^\s*WSFlowLimit (\S+)(?: off)?$", block)) - set(re.findall(r"WSFlowLimit (\S+) .*=", block))
    block = re.sub(r"WSFlowSourceAddress.*", "WSFlowSourceAddress 127.0.0.1", block)
    return "\n".join([block, *(f"WSFlowLimit {name} concurrency=5" for name in sorted(names))])


@pytest.mark.parametrize("block", SHOWN)
def test_what_is_shown_is_right(httpd, certs, block):
    block = block.text
    tls = "" if "SSLProxyEngine" in block or not re.search(r"wss://|https://", block) else "SSLProxyEngine on\n"
    pool = "" if "<Proxy" in block or "balancer://chat" not in block else \
        "<Proxy balancer://chat>\nBalancerMember ws://127.0.0.1:9/\n</Proxy>\n"
    cluster = "" if "cluster=" not in block or "WSFlowCluster" in block else "WSFlowCluster redis://192.0.2.7\n"
    if "stream:" in block and "WSFlowCluster" not in block:
        cluster = "WSFlowCluster redis://192.0.2.7\n"
    if cluster or "WSFlowCluster" in block:
        if not CLIENT.exists():
            pytest.skip("the module was built without hiredis")
        cluster = f'LoadModule wsflow_redis_module "{CLIENT}"\n{cluster}'
    presence = ""
    if "WSFlowPresence" in block:
        presence = f'LoadModule wsflow_presence_module "{CLIENT.with_name("mod_wsflow_presence.so")}"\n'
        if "WSFlowPresenceStore" not in block:
            presence += "WSFlowPresenceStore sqlite3 /nowhere/presence.db\n"
    site = httpd(main=f"{presence}{cluster}{SHIPPED}{tls}{pool}{make_valid(block, certs)}", start=False,
                 modules=["proxy_hcheck", *(name for name in modules_of(block) if name != "proxy_hcheck")])
    (site.root / "logs").mkdir()
    status, said = site.configtest()
    # How many may wait beside how many threads is of this test's numbers, and so is a status that the recipe of a virtual
    # host takes the path of.
    own = "0136|0271" if re.search(r"(?m)^ +WSFlowPass / ", block) else "0136"
    assert (status, [line for line in said.splitlines() if re.search(rf"WSF(?!{own})\d|error", line)]) == (0, []), said


@pytest.mark.parametrize("block", of_kind("httpd-stock"))
def test_what_is_shown_without_the_module_is_right(httpd, certs, block):
    load = LOAD["qos"] + "\n" if "QS_" in block.text else ""
    site = httpd(main=load + make_valid(block.text, certs), start=False, modules=modules_of(block.text))
    conf_without_module(site)
    status, said = site.configtest()
    assert status == 0 and "error" not in said, said


@pytest.mark.parametrize("block", of_kind("httpd-fails"))
def test_what_fails_says_what_is_shown(httpd, certs, block):
    status, said = httpd(main=make_valid(block.text, certs), start=False).configtest()
    assert status != 0
    assert_said(following(block), said)


@pytest.mark.parametrize("block", of_kind("httpd-warns"))
def test_what_is_warned_of(httpd, certs, block):
    """What only a start says is compared by test_901."""
    site = httpd(main=make_valid(block.text, certs), start=False, modules=modules_of(block.text))
    status, said = site.configtest()
    assert status == 0
    if "WSF" in following(block).text:
        assert_said(following(block), said)


def following(block):
    (page,) = [page for page in PAGES if block in page.blocks]
    return page.follows(block)


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

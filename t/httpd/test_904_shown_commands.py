"""Commands that the pages show are typed as they stand there."""

import base64
import hashlib
import json
import re
import subprocess

import pytest

from pages import Guest, Page, Reader, assert_said, documents
from wait import wait_until

pytestmark = pytest.mark.bulk

OPERATING, TUNING = Page("docs/operating.md"), Page("docs/tuning.md")
TENANT = "acme & sons"


@pytest.fixture
def busy(httpd, echo, resources):
    """busy() is (httpd whose tunnels can be selected by everything that the page selects by, a function that opens one)."""
    def make():
        origin = echo()
        site = httpd(tail=f"""<Proxy "balancer://chat">
BalancerMember "ws://127.0.0.1:{origin.port}"
</Proxy>
<VirtualHost *:80>
ServerName www.example.org
WSFlowShowUser On
WSFlowTimeout close=200ms
WSFlowPass /chat "balancer://chat/chat"
<Location "/chat">
AuthType Basic
AuthName "chat"
AuthUserFile "{{users}}"
Require valid-user
WSFlowLimit app concurrency=20 queue=40 acquire=2s
WSFlowLimit tenant concurrency=5 "key=%{{HTTP:X-Tenant}}"
</Location>
</VirtualHost>""", main="AsyncRequestWorkerFactor 64", start=False)
        users = site.root / "users"
        users.write_text("alice:{SHA}" + base64.b64encode(hashlib.sha1(b"word").digest()).decode() + "\n")
        users.chmod(0o644)
        text = (site.root / "httpd.conf").read_text().replace("{users}", str(users)).replace("%{{", "%{").replace("}}", "}")
        (site.root / "httpd.conf").write_text(text)
        site.start()

        def enter():
            guest = Guest(site.address(), "/chat", host="www.example.org", headers=[
                ("Authorization", "Basic " + base64.b64encode(b"alice:word").decode()), ("X-Tenant", TENANT)])
            resources.append(guest)
            assert guest.head.status == 101, guest.head.raw
            (tunnel,) = wait_until(lambda: site.status.json()["connections"], "the tunnel is shown")
            return tunnel

        return site, origin, enter
    return make


def type_it(site, origin, command, tunnel=None):
    prelude = "\n".join(documents.commands(OPERATING.find("change-limit").text)[:2])
    command = command.replace("ws://10.0.0.5:8080", f"ws://127.0.0.1:{origin.port}").replace("203.0.113.7", "127.0.0.1")
    if tunnel:
        command = re.sub(r"\bid=[0-9a-f]{16}", f"id={tunnel['id']}", command)
    return json.loads(Reader(site).run(f"{prelude}\n{command}"))


def test_a_limit_is_changed(busy):
    site, origin, _ = busy()
    command = documents.commands(OPERATING.find("change-limit").text)[2]
    told = type_it(site, origin, command)
    assert told["ok"] and told["limit"]["name"] == "app"
    assert (told["limit"]["concurrency"]["now"], told["limit"]["queue"]["now"]) == (40, 80), told


def test_tunnels_are_ended(busy):
    site, origin, enter = busy()
    level = documents.commands(OPERATING.find("level-origins").text)
    commands = documents.commands(OPERATING.find("end-tunnels").text)
    assert len(level) == 1 and len(commands) == 7
    for command in [*level, *commands[:5]]:
        tunnel = enter()
        told = type_it(site, origin, command, tunnel)
        assert told["ok"] and told["matched"] == 1, (command, told)
        site.status.wait_active(0)
    drain, undrain = commands[5:]
    enter()
    assert type_it(site, origin, drain)["drained"] is True
    site.status.wait_active(0)
    assert type_it(site, origin, undrain)["drained"] is False
    enter()


def test_a_session_is_resumed(httpd):
    text = TUNING.find("resumed").text
    site = httpd()
    # openssl knows no .curlrc.
    said = Reader(site).run(text.replace("localhost:443", f"localhost:{site.https_port}").replace(
        "/tmp/session", str(site.root / "session")))
    assert_said(TUNING.find("resumed-says"), said)


def test_the_programs_are_those_of_debian():
    """curl, jq and openssl are what the pages type."""
    for program in ("curl", "jq", "openssl", "ss", "ab", "ps"):
        assert subprocess.run(["which", program], capture_output=True).returncode == 0, program

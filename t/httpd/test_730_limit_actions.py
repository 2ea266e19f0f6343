"""A POST to the status changes a limit while httpd runs."""

import base64
import hashlib
import json
import re

import pytest

from limited import Section, answer, limits, refused, status_of

GUARDED = """\
<Location "/wsflow-status">
  AuthType Basic
  AuthName "status"
  AuthUserFile "${users}"
  <RequireAny>
    Require user admin
    <RequireAll>
      Require local
      Require method GET HEAD
    </RequireAll>
  </RequireAny>
</Location>
"""


@pytest.fixture
def section(httpd, raw_origin, resources):
    def make(*arguments, **shape):
        made = Section(httpd, raw_origin, resources, *arguments, **shape)
        made.site.log.allow("WSF0140", "WSF0151")
        return made
    return make


def change(site, **fields):
    """The limit x, once changed."""
    told = site.status.act(name="x", **fields)
    assert told.status == 200, told
    assert told.headers["content-type"] == "application/json" and told.headers["cache-control"] == "no-store"
    told = json.loads(told.body)
    assert told["ok"] is True
    return told["limit"]


def settings(site):
    told = limits(site)["x"]
    return {key: told[key]["now"] for key in ("concurrency", "queue", "rate", "burst")}


def test_more_permits_let_those_in_who_wait_and_the_queue_can_be_closed(section):
    x = section("concurrency=1 queue=5 acquire=50s", children=2)
    client, server = x.enter()
    clients = [client, *x.queue_up(2)]
    limit = change(x.site, concurrency=3)
    assert limit["concurrency"] == {"configured": 1, "now": 3} and limit["queue"] == {"configured": 5, "now": 5}
    inside = [server, x.arrived(), x.arrived()]
    assert change(x.site, queue=0)["queue"]["now"] == 0
    for _ in range(8):  # whichever child accepts
        x.refusal()
    assert refused(x.site) == {"concurrency": 8}
    for server in inside:
        answer(server)
    for client in clients:
        assert status_of(client) == 200
    x.site.log.wait_for(r"\[wsflow:notice\].*WSF0150: limit x changed by an unnamed user at 127\.0\.0\.1: "
                        r"concurrency 1 to 3$")
    x.site.log.wait_for("WSF0150: .*: queue 5 to 0$")


def test_a_rate_can_be_set_and_taken_away(section):
    x = section("concurrency=100", children=2)
    limit = change(x.site, rate="1/h", burst=2)
    assert limit["rate"]["now"] == pytest.approx(1 / 3600, abs=1e-6) and limit["burst"]["now"] == 2
    for _ in range(2):
        client, server = x.enter()
        answer(server)
        assert status_of(client) == 200
    for _ in range(6):
        x.refusal()
    assert refused(x.site) == {"rate": 6}
    change(x.site, rate="off")
    client, server = x.enter()
    answer(server)
    assert status_of(client) == 200
    x.site.log.wait_for("WSF0150: .*: rate off to 0.000277778/s, burst 1 to 2$")


def test_a_change_outlives_reloads_until_the_configuration_itself_changes(section):
    x = section("concurrency=5 queue=6 acquire=1s")
    nonce = x.site.status.json()["nonce"]
    change(x.site, concurrency=7, queue=8)
    x.site.graceful()
    assert x.site.status.json()["nonce"] == nonce
    assert settings(x.site) == {"concurrency": 7, "queue": 8, "rate": 0, "burst": 1}
    x.site.write_conf(conf=x.conf.replace("acquire=1s", "acquire=2s"))
    x.site.graceful()
    assert settings(x.site)["concurrency"] == 7 and limits(x.site)["x"]["acquire_ms"] == 2000
    x.site.write_conf(conf=x.conf.replace("concurrency=5", "concurrency=4"))
    x.site.graceful()
    assert settings(x.site) == {"concurrency": 4, "queue": 6, "rate": 0, "burst": 1}


def test_what_is_not_right_changes_nothing_and_is_explained(section):
    x = section("concurrency=5")
    before = settings(x.site)
    post = x.site.status.act
    for status, told, words in (
            (403, post(name="x", concurrency=9, nonce=""), "nonce"),
            (403, post(name="x", concurrency=9, nonce="0" * 32), "nonce"),
            (404, post(name="y", concurrency=9), "name=y"),
            (400, post(name="x", concurrency=0), "concurrency=0: legal is a whole number from 1 to 1000000"),
            (400, post(name="x", rate="5/d"), "rate=5/d: legal is "),
            (400, post(name="x", queue=1), "acquire="),
            (400, post(name="x", concurency=9), "concurency=9: there is no such field; legal are"),
            (400, post(name="x", action="stop"), "action=stop: legal are limit, close, drain and undrain"),
            (400, post(name="x"), "nothing to change"),
            (415, post(name="x", concurrency=9, headers={"Content-Type": "text/plain"}), "Content-Type"),
            (415, post(name="x", concurrency=9, headers={"Content-Type": "application/x-www-form-urlencodedx"}),
             "Content-Type"),
            (413, post(name="x", concurrency=9, filler="x" * 9000), "8192 bytes")):
        assert told.status == status, (words, told)
        error = json.loads(told.body)
        assert error["ok"] is False and words in error["error"], error
    assert x.site.get("/wsflow-status?json&action=limit&name=x&concurrency=9&nonce=" +
                      x.site.status.json()["nonce"]).status == 200
    assert settings(x.site) == before
    x.site.log.expect(r"WSF0151: action of an unnamed user at 127\.0\.0\.1 refused with 404: name=y: ")
    assert len(x.site.log.lines("WSF0151")) == 12


def test_what_a_client_posts_stays_within_its_line_of_the_log_and_its_text(section):
    x = section("concurrency=5")
    told = x.site.status.act(name='x\n[wsflow:crit] WSF0001: "</script>\x1b[2J\xff\0', concurrency=9)
    assert told.status == 404
    assert json.loads(told.body)["error"].startswith('name=x\n[wsflow:crit] WSF0001: "</script>\x1b')
    x.site.log.expect("WSF0151: .*refused with 404: name=x\\\\+n")
    (line,) = x.site.log.lines("WSF0151")
    assert "\x1b" not in line and not x.site.log.lines(r"^\[wsflow:crit\]")


def test_the_page_has_a_form_that_works(section):
    x = section("concurrency=5 queue=6 acquire=1s")
    page = x.site.get("/wsflow-status")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    (form,) = [form for form in re.findall("<form.*?</form>", page.text, re.S) if 'value="limit"' in form]
    assert 'method="post" action="?"' in form
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)">', form))
    inputs = re.findall(r'<input name="(\w+)"', form)
    assert inputs == ["concurrency", "rate", "queue"]
    sent = fields | dict.fromkeys(inputs, "") | {"queue": "9"}
    asked = x.site.status.act(**sent)
    assert asked.status == 200 and "Change limit x?" in asked.text and "queue 6 to 9" in asked.text
    assert settings(x.site)["queue"] == 6
    told = x.site.status.act(**sent, confirmed="yes")
    assert told.status == 303 and told.headers["location"] == "?#limits"
    assert settings(x.site) == {"concurrency": 5, "queue": 9, "rate": 0, "burst": 1}
    told = x.site.status.act(**fields, queue="<b>")
    assert told.status == 400 and told.headers["content-type"].startswith("text/plain")
    assert told.text.startswith("queue=<b>: legal is")
    for public in ("/wsflow-status?auto", "/server-status", "/server-status?auto"):
        assert fields["nonce"] not in x.site.get(public).text


def test_changing_can_be_for_fewer_than_looking(section):
    x = section("concurrency=5", GUARDED, start=False)
    users = x.site.root / "users"
    users.write_text("admin:{SHA}" + base64.b64encode(hashlib.sha1(b"secret").digest()).decode() + "\n")
    x.site.write_conf(main=f"Define users {users}")
    x.site.start()
    assert x.site.status.act(name="x", concurrency=6).status == 401
    login = {"Authorization": "Basic " + base64.b64encode(b"admin:secret").decode()}
    assert x.site.status.act(name="x", concurrency=6, headers=login).status == 200
    assert settings(x.site)["concurrency"] == 6
    x.site.log.wait_for(r"WSF0150: limit x changed by admin at 127\.0\.0\.1: concurrency 5 to 6$")

"""Nothing on the page happens at the first click: a page asks, and says how many tunnels it means."""

import html
import re

from wait import wait_until


def fields(text):
    """The hidden fields of the form of the page that asks."""
    return {name: html.unescape(value) for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', text)}


def asked(site, **form):
    """The page that asks about a FORM of the page."""
    told = site.status.act(**form, **{"from": "page", "back": "sort=age"})
    assert told.status == 200 and told.headers["content-type"].startswith("text/html"), told
    assert "script-src" not in told.headers["content-security-policy"] and told.headers["cache-control"] == "no-store"
    assert "<script" not in told.text
    return told.text


def confirmed(site, text):
    """Yes."""
    told = site.status.act(**fields(text))
    assert told.status == 303, told
    return told.headers["location"]


def test_closing_asks_first_and_says_how_many(httpd, raw_origin, tunnel):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"')
    for _ in range(3):
        tunnel(site, origin, "/x")
    site.status.wait_active(3)
    text = asked(site, action="close", route="/x", code="1008", pace="1")
    assert "<h1>Close 3 tunnels?</h1>" in text and "Close 3 tunnels</button>" in text
    assert "With route /x." in text and "code 1008" in text and "1 a second: it takes 3 s." in text
    assert 'href="?sort=age#tunnels"' in text
    assert site.status.active() == 3 and not site.log.lines("WSF0152")
    assert confirmed(site, text) == "?sort=age#tunnels"
    site.log.wait_for("WSF0152.*3 match")
    site.status.wait_active(0)
    text = asked(site, action="close", client="127.0.0.1")
    assert "Close 0 tunnels?" in text


def test_draining_and_limits_ask_first(httpd, raw_origin, tunnel):
    origin = raw_origin()
    site = httpd(f'WSFlowPass /x "{origin.url("/x")}"\nWSFlowLimit app concurrency=7')
    tunnel(site, origin, "/x")
    site.status.wait_active(1)
    text = asked(site, action="drain", server="localhost", route="/x", pace="0")
    assert "Drain route /x of localhost, and close 1 tunnel?" in text
    assert not any(route["drained"] for route in site.status.json()["routes"])
    assert confirmed(site, text) == "?sort=age#routes"
    site.status.wait_active(0)
    text = asked(site, action="undrain", server="localhost", route="/x")
    assert "Take new tunnels again?" in text and site.status.json()["routes"][0]["drained"]
    assert confirmed(site, text) == "?sort=age#routes"
    assert not any(route["drained"] for route in site.status.json()["routes"])
    text = asked(site, action="limit", name="app", concurrency="9", rate="", queue="")
    assert "concurrency 7 to 9." in text and "No tunnel is closed by it" in text
    assert site.status.json()["limits"][0]["concurrency"]["now"] == 7
    assert confirmed(site, text) == "?sort=age#limits"
    assert site.status.json()["limits"][0]["concurrency"]["now"] == 9


def test_the_page_that_asks_is_protected_and_checks_as_the_action_does(httpd):
    site = httpd("WSFlowLimit app concurrency=7")
    form = {"action": "limit", "name": "app", "concurrency": "9", "from": "page"}
    site.log.allow("WSF0151")
    told = site.status.act(**{**form, "nonce": "0" * 32})
    assert told.status == 403
    told = site.status.act(**{**form, "concurrency": "many"})
    assert told.status == 400 and "concurrency=many: legal is" in told.text
    told = site.status.act(**{**form, "confirmed": "maybe"})
    assert told.status == 400 and "confirmed=maybe: legal is yes" in told.text
    # Without the page, nobody is asked.
    told = site.status.act(action="limit", name="app", concurrency="9")
    assert told.status == 200 and '"ok":true' in told.text
    wait_until(lambda: site.log.lines("WSF0150"), "the change is logged")

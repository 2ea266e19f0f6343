"""What works badly, or not at all, beside what else is configured is told by configtest and the start: with the lines
that are meant and the line to write, once, and not where all is well."""

import re

import pytest

from legs import talk

WS, HTTP, WSS = "ws://127.0.0.1:9/a", "http://127.0.0.1:9/b", "wss://localhost:9/c"


def host(*lines):
    """A virtual host of its own, without TLS to origins."""
    return "\n".join(["<VirtualHost 127.0.0.1:1>", *lines, "</VirtualHost>"])


def section(name, *lines):
    return "\n".join([f"<{name}>", *lines, f"</{name.split()[0]}>"])


def says(httpd, main, **shape):
    site = httpd(main=main, start=False, **shape)
    status, said = site.configtest()
    number = {line: count for count, line in enumerate((site.root / "httpd.conf").read_text().splitlines(), 1)}
    return status, said, lambda line: f"httpd.conf:{number[line]}"


# TLS to the origin.

ROUTE = f"WSFlowPass /x {WSS}"
POOL = section("Proxy balancer://pool", f"BalancerMember {WSS}")
WITHOUT_TLS = {
    "in a virtual host": host(ROUTE),
    "https": host("WSFlowPass /x https://localhost:9/"),
    "behind a unix socket": host('WSFlowPass /x "unix:/run/x|wss://localhost/"'),
    "in a section": host(section("Location /x", f"WSFlowPass {WSS}")),
    "by the members of a balancer": host(POOL, "WSFlowPass /x balancer://pool/"),
    "switched off": host(ROUTE, "SSLProxyEngine off"),
    "switched off for one host": "SSLProxyEngine on\n" + host(ROUTE, "SSLProxyEngine off"),
}


@pytest.mark.parametrize("main", WITHOUT_TLS.values(), ids=WITHOUT_TLS)
def test_a_route_that_needs_tls_and_cannot_have_it_is_an_error(httpd, main):
    status, said, _ = says(httpd, main)
    assert status != 0
    assert re.search(r'WSF0280: \S*httpd.conf:\d+: WSFlowPass .*/x.* write "SSLProxyEngine on"', said), said
    assert said.count("WSF0280") == 1
    # It is not allowed in a section.
    assert ('"SSLProxyEngine on" in the virtual host of' in said) == ("<Location" in main), said


WITH_TLS = {
    "in the host": host(ROUTE, "SSLProxyEngine on"),
    "in the main server": "SSLProxyEngine on\n" + host(ROUTE),
    "behind a condition": "<IfModule mod_ssl.c>\nSSLProxyEngine on\n</IfModule>\n" + host(ROUTE),
    "for one origin": host(ROUTE, section('Proxy "wss://localhost:9/"', "SSLProxyEngine on")),
    "for all origins": host(ROUTE, section("Proxy *", "SSLProxyEngine on")),
    "for a pattern of origins": section('ProxyMatch "^wss:"', "SSLProxyEngine on") + "\n" + host(ROUTE),
    "for a balancer": host(section("Proxy balancer://pool", f"BalancerMember {WSS}", "SSLProxyEngine on"),
                           "WSFlowPass /x balancer://pool/"),
    "inherited by hosts that have it": ROUTE,
    "by members without": host(section("Proxy balancer://pool", f"BalancerMember {WS}"), "WSFlowPass /x balancer://pool/"),
    "of mod_proxy alone": host(f"ProxyPass /x {WSS}", "WSFlow Off"),
}


@pytest.mark.parametrize("main", WITH_TLS.values(), ids=WITH_TLS)
def test_a_route_that_has_its_tls_is_none(httpd, main):
    assert says(httpd, main)[:2] == (0, "Syntax OK\n")


def test_macros_includes_and_variables_are_resolved(httpd):
    site = httpd(start=False, modules=["macro"])
    (site.root / "tls.conf").write_text("SSLProxyEngine ${ON}\n")
    macro = "\n".join(["Define ON on", "Define R /y", "<Macro Host $port $file>", "<VirtualHost 127.0.0.1:$port>", ROUTE,
                       f"Include {site.root}/$file", "</VirtualHost>", "</Macro>", "Use Host 1 tls.conf"])
    site.write_conf(main=f"{macro}\nWSFlowPass ${{R}} {WSS}")
    assert site.configtest() == (0, "Syntax OK\n")
    site.write_conf(main=f"{macro}\nUse Host 2 htdocs/*.none")
    (site.root / "htdocs" / "x.none").write_text("")
    status, said = site.configtest()
    assert status != 0 and said.count("WSF0280: macro 'host'") == 1


DOUBTFUL = {
    "a route of mod_proxy": host("WSFlow On", f"ProxyPass /x {WSS}"),
    "another origin": host(ROUTE, section("Proxy wss://other:9/", "SSLProxyEngine on")),
    "one of the hosts that inherit it": ROUTE + "\n" + host("ServerName other"),
    "a rule": host("WSFlow On", "RewriteEngine On", "RewriteRule ^/x https://localhost:9/ [P]"),
    "one of the members": host(section("Proxy balancer://pool", f"BalancerMember {WSS}", f"BalancerMember {WS}"),
                               "WSFlowPass /x balancer://pool/"),
}


@pytest.mark.parametrize("main", DOUBTFUL.values(), ids=DOUBTFUL)
def test_tls_that_may_fail_is_told(httpd, main):
    status, said, _ = says(httpd, main)
    assert status == 0
    assert said.count("WSF0281") == 1 and 'httpd.conf:' in said and 'write "SSLProxyEngine on" there' in said, said


# Routes of mod_proxy.

LEFT_OVER = {
    "ws": ([host(f"ProxyPass /x {WS}")], 1),
    "wss and a pattern": ([host(f"ProxyPass /x {WSS}", f"ProxyPassMatch ^/y {WS}")], 2),
    "upgrade=": ([host(f"ProxyPass /x {HTTP} upgrade=websocket")], 1),
    "a balancer": ([host(section("Proxy balancer://pool", f"BalancerMember {WS}"), "ProxyPass /x balancer://pool/")], 1),
    "a section": ([host(section("Location /x", f"ProxyPass {WS}"))], 1),
    "a rule": ([host("RewriteEngine On", "RewriteRule ^/x(.*) ws://127.0.0.1:9/x$1 [P,L]")], 1),
    "a rule in a section, by the engine of its host": ([host("RewriteEngine On", section(
        "Location /x", "RewriteRule ^ ws://127.0.0.1:9/x [P]"))], 1),
    "a rule to a balancer": ([host("RewriteEngine On", section("Proxy balancer://pool", f"BalancerMember {WS}"),
                                   "RewriteRule ^/x balancer://pool/ [P]")], 1),
    "On elsewhere": ([host(f"ProxyPass /x {WS}", section("Location /y", "WSFlow On"))], 1),
    "an <If> of another host": ([host(f"ProxyPass /x {WS}"), host("ServerName other", section("If true", "WSFlow On"))], 1),
    "one of all hosts": ([f"ProxyPass /x {WS}", host("ServerName other", "WSFlow On")], 1),
}


@pytest.mark.parametrize("lines, count", LEFT_OVER.values(), ids=LEFT_OVER)
def test_routes_that_are_not_taken_over_are_told_once(httpd, lines, count):
    status, said, _ = says(httpd, "\n".join(lines))
    assert status == 0
    assert said.count("WSF0282") == 1 and 'write "WSFlow On"' in said, said
    assert ("1 route holds a worker thread for each socket" if count == 1 else f"{count} routes hold") in said, said


@pytest.mark.parametrize("main", [
    host("WSFlow On", f"ProxyPass /x {WS}"),
    host("WSFlow Off", f"ProxyPass /x {WS}"),
    "WSFlow On\n" + host(f"ProxyPass /x {WS}"),
    host(f"ProxyPass /x {WS}", section("Location /x", "WSFlow On")),
    host(f"ProxyPass /x {WS}", section('LocationMatch "^/x"', "WSFlow On")),
    host(f"ProxyPass /x {WS}", section("Proxy *", "WSFlow On")),
    host(f"ProxyPass /x {HTTP}", "ProxyPass /y !"),
    host(f"ProxyPass /x {HTTP} upgrade=NONE"),
    host("RewriteRule ^/x ws://127.0.0.1:9/ [P]"),
    host(f"ProxyPass /x {WS}", section("If true", "WSFlow On")),
    host(f"ProxyPass /x {WS}", section("Location /x", section("If true", "WSFlow On"))),
    "RewriteEngine On\n" + host("RewriteEngine Off", "RewriteRule ^/x ws://127.0.0.1:9/ [P]"),
    host("RewriteEngine On", "RewriteRule ^/x http://127.0.0.1:9/ [P]"),
])
def test_routes_that_are_taken_over_or_are_none_are_not(httpd, main):
    assert says(httpd, main)[:2] == (0, "Syntax OK\n")


# Routes that get nothing.

HIDDEN = {
    "the same twice": (f"WSFlowPass /x {WS}", f"WSFlowPass /x {HTTP}", []),
    "a shorter path first": (f"WSFlowPass /x {WS}", f"WSFlowPass /x/y {HTTP}", []),
    "the shortest first": (f"ProxyPass / {HTTP}", f"WSFlowPass /x {WS}", []),
    "a path that ends with a slash": (f"WSFlowPass /x/ {WS}", f"WSFlowPass /x/y {HTTP}", []),
    "a route of mod_proxy": (f"WSFlowPass /x {WS}", f"ProxyPass /x {HTTP}", []),
    "an exclusion that comes late": (f"WSFlowPass /x {WS}", "WSFlowPass /x/secret !", []),
    "a route in an exclusion": ("ProxyPass /x !", f"WSFlowPass /x/y {WS}", []),
    "the same pattern": (f"ProxyPassMatch ^/x {HTTP}", f"ProxyPassMatch ^/x {HTTP}x", ["WSFlow On"]),
    "a pattern for everything": (f"ProxyPassMatch ^/x(.*)$ {HTTP}$1", f"WSFlowPass /x/y {WS}", []),
    "routes that are taken over": (f"ProxyPass /x {HTTP}", f"ProxyPass /x/y {HTTP}y", ["WSFlow On"]),
}


@pytest.mark.parametrize("first, second, more", HIDDEN.values(), ids=HIDDEN)
def test_a_route_behind_one_that_takes_all_is_told(httpd, first, second, more):
    status, said, at = says(httpd, host(*more, first, second))
    assert status == 0
    assert said.count("WSF0283") == 1, said
    assert f"{at(second)}: " in said.split("WSF0283")[1] and at(first) in said.split("never used")[1], said


def test_a_section_goes_before_a_route_and_the_last_one_before_the_others(httpd):
    status, said, at = says(httpd, host(f"WSFlowPass /x/y {HTTP}", section("Location /x", f"WSFlowPass {WS}"),
                                        section("Location /z/1", f"ProxyPass {HTTP}1"),
                                        section("Location /z", f"WSFlowPass {WS}2")))
    assert status == 0
    found = re.findall(r"WSF0283: \S*(httpd.conf:\d+): .* at \S*(httpd.conf:\d+) takes all", said)
    assert found == [(at(f"WSFlowPass /x/y {HTTP}"), at(f"WSFlowPass {WS}")),
                     (at(f"ProxyPass {HTTP}1"), at(f"WSFlowPass {WS}2"))]


MAIN = f"WSFlowPass /x {WS}\n"
INNER = section("Location /x/y", f"WSFlowPass {HTTP}")
OUTER = section("Location /x", f"WSFlowPass {WS}")


@pytest.mark.parametrize("wrong, told, right", [
    (host(f"WSFlowPass /x {WS}", f"WSFlowPass /x/y {HTTP}"), "write the longer path first",
     host(f"WSFlowPass /x/y {HTTP}", f"WSFlowPass /x {WS}")),
    (MAIN + host(f"WSFlowPass /x/y {HTTP}"), "write it in a <Location> behind that one", MAIN + host(INNER)),
    (host(OUTER, f"WSFlowPass /x/y {HTTP}"), "write it in a <Location> behind that one", host(OUTER, INNER)),
    (host(INNER, OUTER), "write the section of the longer path last", host(OUTER, INNER)),
])
def test_what_is_told_of_a_hidden_route_brings_it_back(httpd, wrong, told, right):
    status, said, _ = says(httpd, wrong)
    assert status == 0 and said.count("WSF0283") == 1 and told in said, said
    assert says(httpd, right)[:2] == (0, "Syntax OK\n")


def test_a_route_of_the_main_server_goes_before_those_of_its_hosts(httpd, raw_origin, tunnel):
    """And the warning says what happens."""
    first, second = raw_origin(), raw_origin()
    main, own = f'WSFlowPass /x "{first.url("/")}"', f'WSFlowPass /x "{second.url("/")}"'
    site = httpd(plain_conf=own, main=main)
    site.log.expect("WSF0283")
    talk(*tunnel(site, first, "/x"))
    assert second.untouched()


@pytest.mark.parametrize("lines", [
    [f"WSFlowPass /x/y {WS}", f"WSFlowPass /x {HTTP}"],
    [f"WSFlowPass /x {WS}", f"WSFlowPass /xy {HTTP}"],
    [f"WSFlowPass /x/ {WS}", f"WSFlowPass /x {HTTP}"],
    [f"ProxyPassMatch ^/(x|y)$ {HTTP}", f"WSFlowPass /x {WS}"],
    ["WSFlowPass /x/secret !", f"WSFlowPass /x {WS}", f"ProxyPass / {HTTP}"],
    [section("Location /", f"WSFlowPass {WS}"), section("Location /x", f"WSFlowPass {HTTP}")],
    [f"ProxyPass /x {HTTP}", f"ProxyPass /x {HTTP}"],
    [f"WSFlowPass /x {WS}", f"WSFlowPass /x {HTTP} mapping=encoded"],
])
def test_routes_that_get_something_are_not_told(httpd, lines):
    status, said = says(httpd, host(*lines))[:2]
    assert status == 0
    # Of a route for everything the page of the status is told, and no more.
    assert set(re.findall(r"WSF\d+", said)) <= {"WSF0271"}, said


def test_what_a_host_changes_in_a_section_is_meant(httpd):
    main = section("Location /x", f"WSFlowPass {WS}") + "\n" + host(section("Location /x", f"WSFlowPass {HTTP}"))
    assert says(httpd, main)[:2] == (0, "Syntax OK\n")


def test_mod_proxy_wstunnel_shares_a_path(httpd):
    lines = host(f"WSFlowPass /x {WS}", f"ProxyPass /x {HTTP}")
    assert says(httpd, lines, modules=["proxy_wstunnel"])[:2] == (0, "Syntax OK\n")


# Times and sizes.

WRONG_WORDS = {
    "misspelled": ("idel=1h", "idel=1h: unknown; did you mean idle=? legal are connect= "),
    "a letter too many": ("lifetimes=1h", "did you mean lifetime=?"),
    "a letter too few": ("handshak=1s", "did you mean handshake=?"),
    "another letter": ("ping-cleint=1s", "did you mean ping-client=?"),
    "nothing near": ("breakfast=1h", "breakfast=1h: unknown; legal are connect= "),
}


@pytest.mark.parametrize("word, expected", WRONG_WORDS.values(), ids=WRONG_WORDS)
def test_a_key_that_nobody_knows_is_named_with_the_legal_ones(httpd, word, expected):
    # A second route to an origin shares its worker: mod_proxy looks at no key then.
    for before in ("", f"WSFlowPass /before {WS}\n" if "near" not in expected and "mean" in expected else ""):
        status, said, _ = says(httpd, before + f"WSFlowPass /x {WS} retry=5 {word} keepalive=On")
        assert status != 0
        assert f"WSFlowPass {WS}: " in said and expected in said and " timeout=" in said, said


def test_keys_of_mod_proxy_pass_in_any_case(httpd):
    keys = "retry=0 Timeout=5 keepalive=On acquire=5ms connectiontimeout=500ms disablereuse=off min=1 IDLE=5mi Strict=ON"
    assert says(httpd, f"WSFlowPass /x {WS} {keys}")[:2] == (0, "Syntax OK\n")


@pytest.mark.parametrize("main", [
    "WSFlowTimeout connect=5sec handshake=10SECONDS idle=10min stall=2minutes close=500msec lifetime=1hr",
    "WSFlowPing client=1min origin=1Hour timeout=20S",
    "WSFlowDrain deadline=24hours window=10MIN",
    "WSFlowLimit x concurrency=5 rate=1/s acquire=5sec ramp=1min retry-after=1min",
    "WSFlowLog logs/x every=1hr start=On",
    f"WSFlowPass /x {WS} idle=10min ping-client=30sec",
])
def test_units_are_those_of_httpd(httpd, main):
    site = httpd(main=main, start=False)
    (site.root / "logs").mkdir()
    assert site.configtest() == (0, "Syntax OK\n")


@pytest.mark.parametrize("word", ["5m", "5x", "5s5", "5 s", "s", "5h30mi"])
def test_what_is_no_unit_is_none(httpd, word):
    status, said, _ = says(httpd, f'WSFlowTimeout "handshake={word}"')
    assert status != 0 and "handshake= needs a time" in said


@pytest.mark.parametrize("main, warns", [
    ("WSFlowTimeout idle=30s", True),
    (f"WSFlowPass /x {WS} idle=44s", True),
    ("WSFlowTimeout idle=45s", False),
    ("WSFlowTimeout idle=0", False),
    ("WSFlowTimeout idle=30s\nWSFlowPing client=0", False),
    ("WSFlowTimeout idle=30s\nWSFlowPing client=5s timeout=5s", False),
    (f"WSFlowPass /x {WS} idle=30s ping-client=0", False),
    (host(f"WSFlowPass /x {WS} idle=30s", section("Location /x", "WSFlowPing client=0")), False),
    (host(f"WSFlowPass /x {WS} idle=30s", section("Location /y", "WSFlowPing client=0")), True),
    (host(f"WSFlowPass /x {WS}", "WSFlowTimeout idle=30s", section("Location /x", "WSFlowPing client=0")), False),
    ("WSFlowTimeout idle=30s\n" + host("WSFlowPing client=0"), False),
])
def test_an_idle_time_that_no_ping_precedes_is_told(httpd, main, warns):
    status, said, _ = says(httpd, main)
    assert status == 0
    assert said.count("WSF0284") == warns, said
    # The keys of a route win over the directives.
    line = '"WSFlowTimeout idle=130s"' if "WSFlowTimeout" in main else '"idle=130s"'
    assert not warns or ("httpd.conf:" in said and f'write {line}, or "WSFlowPing client=0"' in said), said


@pytest.mark.parametrize("line, here, other", [
    ("WSFlowLimit x concurrency=5 queue=5 acquire=1000", "in seconds here", "in milliseconds in ProxyPass"),
    (f"WSFlowPass /x {WS} acquire=1000", "in milliseconds here", "in seconds in WSFlowLimit"),
])
def test_an_acquire_without_a_unit_is_told_with_both_readings(httpd, line, here, other):
    status, said, at = says(httpd, f"Timeout 2000\n{line}")
    assert status == 0
    assert said.count("WSF0286") == 1
    number = line.rsplit("=", 1)[1]
    for words in (at(line), f"acquire={number} without", here, other, f'"acquire={number}ms" or "acquire={number}s"'):
        assert words in said


@pytest.mark.parametrize("line", ["WSFlowLimit x concurrency=5 queue=5 acquire=10",
                                  "WSFlowLimit x concurrency=5 queue=5 acquire=1000ms", f"WSFlowPass /x {WS} acquire=10",
                                  f"WSFlowPass /x {WS} acquire=1000ms", f"ProxyPass /x {HTTP} acquire=1000"])
def test_an_acquire_that_is_plain_is_not_told(httpd, line):
    assert says(httpd, line)[:2] == (0, "Syntax OK\n")


def test_the_refusal_of_a_long_wait_comes_with_its_likely_cause(httpd):
    status, said, _ = says(httpd, "WSFlowLimit x concurrency=5 queue=5 acquire=1000")
    assert status != 0 and "WSF0286" in said and "WSF0135" in said


@pytest.mark.parametrize("main, warns", [
    (f"WSFlowPass /x {WS} receive-buffer=16k", True),
    (f"WSFlowPass /x {WS}\nWSFlowReceiveBufferSize 31k", True),
    ("WSFlowPass /x http://localhost:9/ receive-buffer=4k", True),
    ("WSFlowPass /x ws://[::1]:9/ receive-buffer=4k", True),
    (section("Location /x", f"WSFlowPass {WS}", "WSFlowReceiveBufferSize 4k"), True),
    (section("Proxy balancer://pool", f"BalancerMember {WS}") + "\nWSFlowPass /x balancer://pool/ receive-buffer=4k", True),
    (f"WSFlowReceiveBufferSize 4k\nWSFlow On\n" + host(f"ProxyPass /x {HTTP}"), True),
    ("WSFlowPass /x ws://0.0.0.0:9/ receive-buffer=4k", True),
    (f"WSFlowPass /x {WS} receivebuffersize=4096", True),
    (f"ProxyReceiveBufferSize 4096\nWSFlowPass /x {WS}", True),
    (section("Proxy balancer://pool", f"BalancerMember {WS} receivebuffersize=4096") + "\nWSFlowPass /x balancer://pool/",
     True),
    (f"WSFlowPass /x {WS} receivebuffersize=32768", False),
    (f"WSFlowPass /x {WS} receivebuffersize=4096 receive-buffer=64k", False),
    (f"ProxyPass /x {HTTP} receivebuffersize=4096", False),
    ("WSFlowPass /x ws://[::ffff:127.0.0.1]:9/ receive-buffer=4k", True),
    (f"WSFlowPass /x {WS}\n" + section('LocationMatch "^/x"', "WSFlowReceiveBufferSize 4k"), True),
    (f"WSFlowPass /x {WS}\n" + section("Proxy ws://127.0.0.1:9", "WSFlowReceiveBufferSize 4k"), True),
    (f"WSFlowPass /x {WS}\n" + section("Proxy ws://192.0.2.1", "WSFlowReceiveBufferSize 4k"), False),
    (f"WSFlowPass /x {WS} receive-buffer=32k", False),
    (f"WSFlowPass /x {WS}\nWSFlowSendBufferSize 4k", False),
    ("WSFlowPass /x ws://192.0.2.1/ receive-buffer=4k", False),
    ('WSFlowPass /x "unix:/run/x|ws://localhost/" receive-buffer=4k', False),
    (f"WSFlowPass /x {WS}\n" + section("Location /y", "WSFlowReceiveBufferSize 4k"), False),
])
def test_a_small_buffer_towards_this_machine_is_told(httpd, main, warns):
    status, said, _ = says(httpd, main)
    assert status == 0
    assert said.count("WSF0285") == warns, said
    assert not warns or re.search(r'WSF0285: \S*httpd.conf:\d+: .*write "(receive-buffer=32k|WSFlowReceiveBufferSize 32k|receivebuffersize=32768)"', said)


def test_prefork_is_told_where_php_goes(httpd):
    site = httpd(f"WSFlowPass /x {WS}", mpm="prefork", start=False)
    status, said = site.configtest()
    assert status == 0 and "WSF0081" in said and "PHP-FPM" in said


def test_a_start_says_each_once(httpd):
    site = httpd(main="\n".join([
        host(f"ProxyPass /x {WS}", f"WSFlowPass /y {WS}", f"WSFlowPass /y {HTTP}", f"WSFlowPass /z {WS} acquire=500 idle=5s"),
        host("WSFlow On", f"ProxyPass /x {WSS}")]))
    numbers = ["WSF0281", "WSF0282", "WSF0283", "WSF0284", "WSF0286"]
    site.log.expect(*numbers)
    # httpd says before it has opened its log what it has read before.
    said = site.log.text() + (site.root / "console").read_text()
    assert {number: said.count(number) for number in numbers} == dict.fromkeys(numbers, 1), said

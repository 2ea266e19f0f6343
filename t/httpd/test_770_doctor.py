"""wsflow-doctor names what stops a server from carrying so many tunnels, and the line that cures it: each line that it
names is written, and the trouble is gone."""

import json
import os
import re

import pytest

from doctor import Doctor, names, obey, trouble
from network import needs_root, own_network
from wait import wait_until

GOOD = "AsyncRequestWorkerFactor 64"
ROUTE = "WSFlowPass /x ws://127.0.0.1:9/"


@pytest.fixture
def doctor(httpd):
    """doctor(conf, main=…, start=…) is the doctor of such an httpd."""
    def make(conf=ROUTE, start=True, main=GOOD, **shape):
        site = httpd(conf, main=main, start=False, **shape)
        made = Doctor(site)
        if start:
            site.start()
        return made
    return make


# A configuration on which all is well.

def test_a_server_on_which_all_is_well(doctor):
    one = doctor(children=2)
    told = one.report("--tunnels", "300")
    assert told["exit"] == 0, told["troubles"]
    assert told["pid"] == one.site.pid and told["tunnels_open"] == 0 and told["wanted"] == 300
    assert names(told) == ["origin"] and told["unknown"] == []
    # Without a number it is what the configuration offers: the room of both children.
    told = one.report()
    assert told["wanted"] == sum(process["tunnels_max"] for process in one.site.status.json()["processes"])
    text = one.run("--tunnels", "300")
    assert text.returncode == 0 and text.stderr == ""
    assert "300 tunnels: yes. It carries " in text.stdout
    assert max(map(len, text.stdout.splitlines())) <= 90


def test_the_status_says_the_same(doctor):
    one = doctor(children=2)
    told, status = one.report(), one.site.status.json()["capacity"]
    assert {row["id"] for row in told["limits"]} == {row["bound"] for row in status["bounds"]}
    assert status["first"] == told["first"] and status["carried"] == told["carried"]
    assert status["children_kept"] == 2
    page = one.site.get("/wsflow-status").text
    assert '<section id="capacity">' in page and f'max="{status["carried"]}"' in page


# What is wrong with a configuration, and what cures it.

LIMIT = f"{ROUTE}\n<Location /x>\nWSFlowLimit app concurrency=10\n</Location>"
CURES = {
    "children that the MPM ends": ("spare-threads", dict(main=f"{GOOD}\nMaxSpareThreads 30", children=3), 100, ()),
    "no AsyncRequestWorkerFactor": ("handshakes", dict(main=""), 5000, ()),
    "too small an AsyncRequestWorkerFactor": ("handshakes", dict(main="AsyncRequestWorkerFactor 3"), 5000, ()),
    "WSFlowMaxHandshakes": ("handshakes", dict(main=f"{GOOD}\nWSFlowMaxHandshakes 5"), 5000, ()),
    "WSFlowMaxTunnels": ("max-tunnels", dict(main=f"{GOOD}\nWSFlowMaxTunnels 7", children=2), 100, ()),
    "a backlog": ("backlog", dict(main=f"{GOOD}\nListenBacklog 3"), 5000, ()),
    "children that end": ("recycling", dict(main=f"{GOOD}\nMaxConnectionsPerChild 1000"), 100, ()),
    "buckets": ("buckets", dict(main=f"{GOOD}\nListenCoresBucketsRatio 8"), 100, ()),
    "a limit": ("limits", dict(conf="", plain_conf=LIMIT), 100, ()),
    "clients that wait for less": ("time-outs", {}, 100, ("--client-timeout", "20")),
    "an application that takes longer": ("time-outs", {}, 100, ("--origin-timeout", "2mi")),
}


@pytest.mark.bulk
@pytest.mark.parametrize("name, shape, tunnels, more", CURES.values(), ids=CURES)
def test_the_line_that_it_names_cures_it(doctor, name, shape, tunnels, more):
    one = doctor(start=False, **shape)
    wanted = ("--offline", "--tunnels", str(tunnels), *more)
    told = one.report(*wanted)
    found = trouble(told, name)
    assert found and found[0]["advice"], told
    assert told["exit"] == (2 if found[0]["severity"] == "error" else 1)
    lines = {(advice["where"], advice["line"]) for each in found for advice in each["advice"]}
    text = one.run(*wanted).stdout
    for where, line in lines:
        assert f"    {where}:\n        {line}\n" in text, text
        obey(one.site, dict(where=where, line=line))
    after = one.report(*wanted)
    assert trouble(after, name) == [], after


def test_prefork_carries_as_many_as_it_has_processes(doctor):
    one = doctor(start=False, mpm="prefork", main="")
    told = one.report("--offline", "--tunnels", "26")
    assert told["first"] == "mpm" and told["carried"] == 25 and told["exit"] == 2
    assert trouble(told, "mpm")[0]["advice"][0]["line"].startswith("LoadModule mpm_event_module ")
    assert one.report("--offline", "--tunnels", "25")["exit"] == 1  # WSF0081


# What runs.

def test_idle_workers_start_no_child_for_tunnels(doctor, raw_origin, tunnel, raw_client):
    """Which is why it counts on the children that StartServers asks for."""
    origin = raw_origin()
    one = doctor(f"WSFlowPass /x ws://127.0.0.1:{origin.port}/", children=3,
                 main=f"{GOOD}\nStartServers 1\nMaxSpareThreads 100\nWSFlowMaxTunnels 4")
    site = one.site
    assert one.report("--tunnels", "4")["carried"] == 4
    open_ones = [tunnel(site, origin, "/x") for _ in range(4)]
    client = raw_client(site)
    client.send_handshake("/x")
    assert client.read_head().status == 503
    assert len(site.children()) == 1
    told = one.report("--tunnels", "4")
    assert told["tunnels_open"] == 4 == len(open_ones)
    assert {"child-full", "refused"} <= set(names(told)) and told["exit"] == 1
    site.log.expect("WSF0071")


@pytest.mark.bulk
def test_descriptors_and_the_restart_that_they_take(doctor):
    one = doctor(start=False, children=2)
    one.envvars.write_text("export APACHE_RUN_USER=www-data\nAPACHE_ULIMIT_MAX_FILES='ulimit -n 1024'\n")
    one.site.start(before_exec=one.ulimit())
    told = one.report("--tunnels", "2000")
    assert told["first"] == "descriptors" and told["carried"] == 2 * 326 and told["exit"] == 2
    (advice,) = trouble(told, "descriptors")[0]["advice"]
    assert advice["where"] == str(one.envvars)
    with open(one.envvars, "a") as file:
        file.write(advice["line"] + "\n")
    # What runs is as it was.
    told = one.report("--tunnels", "2000")
    assert told["carried"] == 2 * 326
    assert bool(trouble(told, "old-limit")) == (os.geteuid() == 0)
    one.site.stop()
    one.site.start(before_exec=one.ulimit())
    told = one.report("--tunnels", "2000")
    assert told["exit"] == 0 and told["carried"] >= 2000, told
    assert sum(process["tunnels_max"] for process in one.site.status.json()["processes"]) >= 2000


@needs_root
@pytest.mark.bulk
def test_ports(doctor):
    with own_network() as network:
        network.limit_ports(60000, 60099)
        one = doctor("WSFlowPass /x ws://127.0.0.1:9/\nWSFlowPass /y ws://127.0.0.1:10/")
        told = one.report("--tunnels", "500")
        assert trouble(told, "ports")[0]["tunnels"] == 200 and told["exit"] == 2
        (advice,) = trouble(told, "ports")[0]["advice"]
        assert advice["where"] == "/etc/sysctl.d/60-wsflow.conf"
        key, _, value = advice["line"].partition(" = ")
        with open("/proc/sys/" + key.replace(".", "/"), "w") as file:
            file.write(value)
        assert trouble(one.report("--tunnels", "500"), "ports") == []
        # More than all ports of one address: further addresses.
        lines = [each["line"] for each in trouble(one.report("--tunnels", "200000"), "ports")[0]["advice"]]
        assert lines[-1] == "WSFlowSourceAddress ADDRESS1 ADDRESS2", lines
        one.site.stop()


def test_a_limit_that_is_full(doctor, raw_origin, tunnel):
    origin = raw_origin()
    one = doctor("", plain_conf=f"WSFlowPass /x ws://127.0.0.1:{origin.port}/\n<Location /x>\n"
                                "WSFlowLimit app concurrency=2\n</Location>")
    ends = [tunnel(one.site, origin, "/x") for _ in range(2)]
    told = one.report("--tunnels", "2")
    assert told["exit"] == 1 and [each["title"] for each in trouble(told, "limit-full")] == ["WSFlowLimit app is full"]
    for end in ends[0]:
        end.close()
    wait_until(lambda: one.site.status.json()["limits"][0]["in_use"] == 1, "the permit is back")
    told = one.report("--tunnels", "2")
    assert told["exit"] == 0 and trouble(told, "limit-full") == [], told


def test_a_status_that_cannot_be_seen_is_told(doctor):
    one = doctor()
    told = one.report("--tunnels", "2", "--status", f"http://127.0.0.1:{one.site.http_port}/none")
    assert told["exit"] == 0 and "404" in told["unknown"][0]
    told = one.report("--tunnels", "2", "--status", one.site.url("http", "/wsflow-status?json"))
    assert told["unknown"] == [] and told["tunnels_open"] == 0
    saved = one.site.root / "status.json"
    saved.write_text(one.site.get("/wsflow-status?json").text)
    assert one.report("--tunnels", "2", "--status", str(saved))["unknown"] == []
    saved.write_text("<html>")
    assert one.report("--tunnels", "2", "--status", str(saved))["unknown"][0].startswith("the status: the status is no JSON")


# What it cannot look at.

def test_a_server_that_does_not_run(doctor):
    one = doctor()
    assert one.run().returncode == 0
    # One that was killed leaves its file behind.
    leftover = (one.site.root / "httpd.pid").read_text()
    one.site.stop()
    done = one.run("--tunnels", "2")
    assert done.returncode == 3 and "httpd does not run, as there is no " in done.stdout.replace("\n    ", " ")
    (one.site.root / "httpd.pid").write_text(leftover)
    done = one.run("--tunnels", "2")
    assert done.returncode == 3 and "is gone" in done.stdout
    assert one.run("--tunnels", "2", "--offline").returncode == 0


def test_what_is_no_configuration(doctor):
    one = doctor(start=False)
    with open(one.site.root / "httpd.conf", "a") as file:
        file.write("Nonsense on\n")
    done = one.run()
    assert done.returncode == 3 and done.stdout == ""
    assert re.match(r"wsflow-doctor: .*ctl -t -D DUMP_WSFLOW ended with 1.*:\n.*Nonsense", done.stderr, re.S)
    for words, sentence in {("--tunnels", "many"): "--tunnels many: expected a number",
                            ("--apachectl", "/no/such"): "/no/such: No such file or directory",
                            ("--apachectl", "true"): "true -t -D DUMP_WSFLOW prints nothing: mod_wsflow is not loaded",
                            ("--dump", "/no/such"): "the dump /no/such cannot be read",
                            ("--dump", str(one.ctl)): "the dump is no JSON"}.items():
        done = one.run(*words, ctl=False)
        assert done.returncode == 3 and done.stderr.startswith(f"wsflow-doctor: {sentence}"), done
    assert one.run("--help", ctl=False).stdout.startswith("usage: wsflow-doctor")


@needs_root
def test_without_root_it_says_what_it_can(doctor):
    one = doctor()
    done = one.run("--tunnels", "2", "--json", user="nobody")
    told = json.loads(done.stdout)
    assert told["pid"] == one.site.pid and told["tunnels_open"] == 0 and done.returncode == told["exit"] == 0
    assert trouble(told, "old-limit") == []


def test_a_saved_dump_says_the_same(doctor):
    one = doctor(children=2)
    saved = one.site.root / "saved.json"
    saved.write_text(json.dumps(one.dump()))
    told = one.report("--tunnels", "300", "--dump", str(saved), ctl=False)
    assert told["exit"] == 0 and told["pid"] == one.site.pid
    with open(saved) as file:
        again = one.report("--tunnels", "300", "--dump", "-", ctl=False, stdin=file)
    assert [each["id"] for each in again["limits"]] == [each["id"] for each in told["limits"]]


# The dump.

def test_the_dump_has_the_configuration_as_httpd_sees_it(doctor):
    conf = "\n".join(["ProxyTimeout 33", "WSFlowTimeout connect=2s", "<Location /x/long>", "WSFlowTimeout idle=5mi", "</Location>",
                      "WSFlowPass /x/long ws://127.0.0.1:9/ lifetime=2h ping-client=10 max=20 acquire=30",
                      "WSFlowPass /u unix:/run/u|ws://localhost/", "WSFlowPass /p balancer://pool/",
                      "ProxyPass /other http://127.0.0.1:9/", "<Location /p>", "WSFlowLimit client concurrency=3 key=%{REMOTE_ADDR}",
                      "WSFlowLimit app concurrency=40 queue=9 acquire=3s", "</Location>"])
    main = "\n".join([GOOD, "WSFlowThreads 2", "WSFlowMaxTunnels 77", "ListenBacklog 600", "GracefulShutdownTimeout 9",
                      "<Proxy balancer://pool>", "BalancerMember wss://127.0.0.1:7001 timeout=9",
                      "BalancerMember ws://127.0.0.1:7002", "</Proxy>", 'CustomLog "|/bin/cat secret" common'])
    one = doctor("", plain_conf=conf, main=main, children=2, start=False)
    dump = one.dump()
    number = {line: count for count, line in enumerate((one.site.root / "httpd.conf").read_text().splitlines(), 1)}
    place = lambda line: f"{one.site.root}/httpd.conf:{number[line]}"  # noqa: E731
    assert dump["pid_file"] == f"{one.site.root}/httpd.pid"
    mpm, module = dump["mpm"], dump["module"]
    assert (mpm["name"], mpm["children"], mpm["threads_per_child"], mpm["start_servers"]) == ("event", 2, 25, 2)
    assert (mpm["listen_backlog"], mpm["async_request_worker_factor"], mpm["graceful_shutdown_timeout"]) == (600, 64, 9)
    assert (mpm["min_spare_threads"], mpm["max_spare_threads"], mpm["server_limit"]) == (1, 75, 5)
    assert (module["threads"], module["max_tunnels"], module["tls_clients"], module["tls_origins"]) == (2, 77, True, True)
    settings = {each["name"]: each for each in dump["settings"]}
    assert settings["WSFlowMaxTunnels"] == dict(name="WSFlowMaxTunnels", value="77", place=place("WSFlowMaxTunnels 77"))
    routes = {each["route"]: each for each in dump["routes"]}
    assert set(routes) == {"WSFlowPass /x/long", "WSFlowPass /u", "WSFlowPass /p"}
    long, local, pool = routes["WSFlowPass /x/long"], routes["WSFlowPass /u"], routes["WSFlowPass /p"]
    assert long["times_ms"]["connect"] == 2000 and long["times_ms"]["idle"] == 300_000
    assert long["times_ms"]["lifetime"] == 7_200_000 and long["times_ms"]["ping_client"] == 10_000
    assert long["times_ms"]["handshake"] == 60_000
    (origin,) = long["origins"]
    assert (origin["max"], origin["acquire_ms"], origin["local"]) == (20, 30, False)
    assert local["origins"][0]["local"] is True
    assert [each["url"] for each in pool["origins"]] == ["wss://127.0.0.1:7001", "ws://127.0.0.1:7002"]
    assert pool["origins"][0]["timeout_ms"] == 9000
    assert sorted(pool["limits"]) == ["app", "client"] and long["limits"] == []
    limits = {each["name"]: each for each in dump["limits"]}
    assert limits["client"]["keyed"] is True and limits["client"]["routes"] == 0
    assert limits["app"]["concurrency"] == 40 and limits["app"]["routes"] == 1 and limits["app"]["acquire_ms"] == 3000
    assert dump["unlimited_routes"] == 2
    assert {each["proxy_timeout_ms"] for each in dump["servers"]} == {60_000, 33_000}
    assert dump["piped_logs"] == [place('CustomLog "|/bin/cat secret" common')] and "secret" not in json.dumps(dump)
    assert dump["status_paths"] == ["/wsflow-status"]
    assert f"127.0.0.1:{one.site.http_port}" in dump["listen"]


def test_a_configuration_without_a_line_of_the_mpm(doctor):
    """There are httpd's defaults then, and lines to write go into the main file."""
    one = doctor(start=False, main="")
    path = one.site.root / "httpd.conf"
    path.write_text(re.sub(r"^(StartServers|ServerLimit|Thread|MaxRequest|MinSpare|MaxSpare).*\n", "", path.read_text(), flags=re.M))
    dump = one.dump()
    assert dump["mpm_file"] is None and dump["config_file"] == str(path)
    assert (dump["mpm"]["start_servers"], dump["mpm"]["threads_per_child"], dump["mpm"]["listen_backlog"]) == (3, 25, 511)
    # The numbers are those of the server as it runs.
    one.site.start()
    one.site.log.allow("WSF0082")
    assert len(one.site.children()) == 3 == one.site.status.json()["capacity"]["children_kept"]
    told = one.report("--tunnels", "100000")
    assert trouble(told, "handshakes")[0]["advice"][0]["where"] == str(path)


def test_what_is_no_utf8_is_no_trouble(doctor):
    one = doctor(start=False)
    path = one.site.root / "httpd.conf"
    path.write_bytes(path.read_bytes() + b"<Location /\xe9>\nSetHandler wsflow-status\n</Location>\nWSFlowPass /\xff ws://127.0.0.1:9/\n")
    assert any("\ufffd" in route["route"] for route in one.dump()["routes"])
    assert one.report("--offline", "--tunnels", "2")["exit"] == 0


def test_configtest_alone_prints_nothing(doctor):
    one = doctor(start=False)
    assert one.site.configtest() == (0, "Syntax OK\n")


def test_what_configtest_warns_of_is_told(doctor):
    one = doctor(start=False, main=f"{GOOD}\nWSFlowTimeout idle=30s")
    told = one.report("--offline", "--tunnels", "2")
    assert "WSF0284" in {each["title"].split()[-1] for each in trouble(told, "configtest")} and told["exit"] == 1

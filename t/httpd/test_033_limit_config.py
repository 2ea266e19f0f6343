"""WSFlowLimit: what cannot work fails configtest, which names the limit, the place and what to write."""

import pytest


def section(path, *lines):
    return "\n".join([f'<Location "{path}">', *lines, "</Location>"])


def limits(count, first=0):
    return [f"WSFlowLimit n{number} concurrency=1" for number in range(first, first + count)]


BAD = {
    "a wrong value": (["WSFlowLimit x concurrency=0"], ["WSFlowLimit x concurrency=0", "1 to 1000000"]),
    "no expression": (['WSFlowLimit x rate=1/s "key=%{NO_SUCH}"'], ["key=%{NO_SUCH}", "'NO_SUCH' does not exist"]),
    "other settings": (["WSFlowLimit x rate=1/s", section("/", "WSFlowLimit x rate=2/s")],
                       ["WSFlowLimit x", "other settings at", "httpd.conf:"]),
    "another key": (["WSFlowLimit x rate=1/s", section("/", "WSFlowLimit x rate=1/s key=a")], ["other settings at"]),
    "an unknown name": ([section("/a", "WSFlowLimit wrong"), "WSFlowLimit x rate=1/s", "WSFlowLimit y rate=1/s"],
                        ["WSFlowLimit wrong (", "httpd.conf:", "defined are: x, y"]),
    "nothing to lift": (["WSFlowLimit wrong off"], ["WSFlowLimit wrong (", "defined are: none"]),
    "more than eight": ([*limits(5), section("/a", *limits(2, 5)), section("/a/b", *limits(2, 7))],
                        ["WSFlowLimit n8 (", "more than 8"]),
    "more than eight with those of the main server": (
        ["<VirtualHost 127.0.0.1:1>", *limits(4, 5), "</VirtualHost>", *limits(5)], ["WSFlowLimit n8 (", "more than 8"]),
    "more limits than the table has": ([section(f"/{number}", *limits(1, number)) for number in range(129)],
                                       ["WSFlowLimit n128", "128 limits at most"]),
    "more keys than the table has": (["WSFlowLimit x rate=1/s key=%{REMOTE_ADDR} keys=65000",
                                      "WSFlowLimit y rate=1/s key=%{REMOTE_ADDR} keys=600"],
                                     ["WSFlowLimit y", "come to 65600", "65536"]),
    "a wait as long as a host's Timeout": (
        ["WSFlowLimit x concurrency=1 acquire=30s", "<VirtualHost 127.0.0.1:1>", "Timeout 10", "</VirtualHost>"],
        ["WSFlowLimit x (", "Timeout, which is 10 s"]),
    "a wait as long as Timeout": (["Timeout 30", "WSFlowLimit x concurrency=1 queue=1 acquire=30s"],
                                  ["WSFlowLimit x (", "Timeout, which is 30 s", "Timeout 31"]),
    "a section by method": ([section("/a", "<Limit GET>", "WSFlowLimit x rate=1/s", "</Limit>")],
                            ["WSFlowLimit cannot occur within <Limit"]),
}


def bad():
    """Where a request that waits is no connection of the MPM, Timeout does not end its wait."""
    return [pytest.param(*case, marks=pytest.mark.since(2, 4, 63) if "Timeout" in name else (), id=name)
            for name, case in BAD.items()]


@pytest.mark.parametrize("lines,words", bad())
def test_what_cannot_work_is_named(httpd, lines, words):
    status, said = httpd(main="\n".join(lines), start=False).configtest()
    assert status != 0, said
    for word in words:
        assert word in said


@pytest.mark.since(2, 4, 63)
def test_a_wait_needs_its_queue_where_it_holds_a_worker(httpd):
    line = "WSFlowLimit x concurrency=7 acquire=5s"
    assert httpd(line, start=False).configtest() == (0, "Syntax OK\n")
    status, said = httpd(line, mpm="worker", start=False).configtest()
    assert status != 0
    assert "WSFlowLimit x (" in said and "write queue=N, for example queue=7" in said
    assert httpd(line + " queue=7", mpm="worker", start=False).configtest() == (0, "Syntax OK\n")


def test_what_makes_sense_is_accepted(httpd):
    everywhere = "\n".join([  # in both virtual hosts: twice
        'WSFlowLimit one rate=5/s key="%{HTTP:X-User} %{req:X}" status=429',
        'WSFlowLimit two concurrency=5 "key=%{HTTP:X-User}" full=open',
        section("/a", "WSFlowLimit later", "WSFlowLimit one off", *limits(6)),
        section("/a/b", "WSFlowLimit n0 off", "WSFlowLimit one"),
        section("/b", *limits(5, 6)),
        "WSFlowLimit later concurrency=auto min=1 max=5 queue=5 acquire=59s",
    ])
    assert httpd(everywhere, start=False).configtest() == (0, "Syntax OK\n")


@pytest.mark.since(2, 4, 63)
def test_a_queue_that_keeps_others_out_is_told(httpd):
    # 20 busy and 40 waiting, where 25 threads and twice the idle ones are taken.
    line = "WSFlowLimit x concurrency=20 queue=40 acquire=2s"
    status, said = httpd(line, threads=25, start=False).configtest()
    assert status == 0
    assert "WSF0136" in said and '"AsyncRequestWorkerFactor 14"' in said
    enough = httpd(line, main="AsyncRequestWorkerFactor 14", threads=25, start=False)
    assert enough.configtest() == (0, "Syntax OK\n")

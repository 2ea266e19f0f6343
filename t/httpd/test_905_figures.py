"""Figures of docs/tuning.md and docs/flow-control.md, computed from the running module."""

import asyncio
import concurrent.futures
import json
import re
import resource
import socket
import statistics
import threading
import time

import pytest

from limited import REFUSES
from open_load import offer, times, visit
from pages import Page, Reader
from slow_origin import SlowOrigin
from wait import wait_until

pytestmark = pytest.mark.bulk

TUNING, FLOW, BENCHMARKS = Page("docs/tuning.md"), Page("docs/flow-control.md"), Page("docs/benchmarks.md")


def rows(text, first):
    """The rows of the Markdown table whose head begins so, as lists of texts."""
    lines = text[text.index(first):].splitlines()
    table = []
    for line in lines[2:]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table


def number(text):
    return int(text.replace(",", ""))


def test_room_for_tunnels(httpd):
    """The table of docs/tuning.md, and what a start says with the same descriptors."""
    table = rows(TUNING.text, "| sockets | children |")
    said = dict((number(files), number(room)) for room, files in re.findall(r"([\d,]+)\s+of (\d{4,})", TUNING.text))
    assert len(table) == 3 and len(said) == 3
    for files, room in said.items():
        assert (files - 256 - 4 * 25 - 16) // 2 == room
    kernel, tls = (int(re.search(words, TUNING.text)[1]) for words in (r"some (\d+) KB of the kernel", r"(\d+) KB more for each leg"))
    for sockets, children, files, room, plain, with_tls, _ in table:
        assert number(room) == number(children) * said[number(files)] > number(sockets)
        for shown, each in ((plain, kernel), (with_tls, kernel + tls)):
            value, unit = shown.split()
            assert abs(float(value) * {"MB": 1e3, "GB": 1e6}[unit] - number(sockets) * each) < 0.2 * number(sockets) * each
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    for files, room in said.items():
        if files <= hard:
            site = httpd(start=False)
            site.start(before_exec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)))
            assert site.log.lines(f"WSF0242: each child takes {room} tunnels")


def row(page, first):
    """The cells of the first row that begins so."""
    found = next(line for line in page.text.splitlines() if line.startswith(f"| {first} |"))
    return [cell.strip() for cell in found.strip("|").split("|")]


def test_what_things_cost():
    """docs/tuning.md says about what docs/benchmarks.md has measured last."""
    def ours(work, per="µs"):
        """Of mod_wsflow in µs; a multiple is that of the last column."""
        cells = row(BENCHMARKS, work)
        value = float(re.match(r"[\d,.]+", cells[1])[0].replace(",", ""))
        return value if per in cells[1] else value * float(re.search(r"([\d.]+) µs", cells[-1])[1])

    def says(words, truth):
        (shown,) = re.findall(words.replace("N", r"([\d.]+)"), TUNING.text.replace("\n", " "))
        assert float(shown) == pytest.approx(truth, rel=0.4), words

    life, tls_life = "connect, handshake, echo, close", "wss connect, handshake, echo, close"
    says("of 125 bytes costs some N µs", ours("echo 125 B, 64 connections"))
    says("with its tunnel some N µs", ours(life))
    says("a TLS handshake some N µs", ours(tls_life) - ours(life))
    says("64 KiB costs some N times as much with TLS", ours("wss echo 64 KiB, 8 connections") / ours("echo 64 KiB, 8 connections"))
    says("one of 125 bytes some N times", ours("wss echo 125 B, 64 connections") / ours("echo 125 B, 64 connections"))
    says("N KB more for each leg with TLS", float(row(BENCHMARKS, "user bytes per idle tunnel, wss client")[1].replace(",", "")) / 1000)
    says("reload included, with N % of one CPU", float(re.search(r"were answered; (\d+) % of a CPU", BENCHMARKS.text)[1]))
    says(r"N KB where client and origin\s+are on it", float(re.search(r"keeps some (\d+) KB for the four ends", BENCHMARKS.text.replace("\n", " "))[1]))


def test_time_outs_are_nested(httpd):
    """The layers of docs/tuning.md: each ends sooner than the one outside of it, and the block says what the table says."""
    table = {layer: text for layer, text, *_ in rows(TUNING.text, "| layer | gives up after")}
    total = {layer: sum(float(part) for part in re.findall(r"(\d+) s", text)) for layer, text in table.items()}
    ours = total["this server, for the origin"] + total["this server, for a permit"]
    assert total["database"] + total["a pool's wait for a connection"] < total["origin"] < total["this server, for the origin"]
    assert ours < total["a load balancer in front"] < total["client"]
    block = TUNING.find("layers").text
    for word, value in (("connect", 1), ("handshake", 5), ("acquire", 3)):
        assert f"{word}={value}s" in block and f"{word}={value}s" in TUNING.text.replace(block, "")
    assert f"{ours:.0f} s, less than the {total['a load balancer in front']:.0f} s" in TUNING.text


def test_littles_law(httpd, resources):
    ((arrivals, stays, need),) = rows(FLOW.text, "| arrivals a second |")
    rate, duration = int(arrivals), float(stays)
    assert rate * duration == int(need)
    tunnels, minute, each = 300, 60, 600
    assert f"{tunnels} a minute are {tunnels // minute} a second, times {each} s are {tunnels // minute * each:,}" in \
        FLOW.text.replace("\n", " ")
    origin = SlowOrigin(int(1000 * duration))
    resources.append(origin)
    site = httpd(f'<Location "/x">\nWSFlowLimit x concurrency=50\n</Location>\n'
                 f'ProxyPass /x "{origin.url("/x")}" disablereuse=on', threads=60)
    reader, told = Reader(site), []
    with concurrent.futures.ThreadPoolExecutor() as pool:
        load = pool.submit(offer, site.http_port, "/x", rate, 3)
        while not load.done():
            told += [json.loads(line) for line in reader.run(FLOW.block("need")).splitlines()]
            time.sleep(0.1)
    # As long as requests take on this machine, not on an idle one.
    truth = rate * statistics.mean(times(load.result().of(200)))
    seen = [value for name, value in told if name == "x" and value]
    assert truth >= int(need) and min(abs(value - truth) for value in seen[-10:]) < 0.1 * truth, (truth, seen)


def refused_share(permits, load):
    """Erlang's B formula: the share of a random load that finds no permit."""
    share = 1.0
    for permit in range(1, permits + 1):
        share = load * share / (permit + load * share)
    return share


def test_erlangs_formula():
    text = FLOW.text.replace("\n", " ")
    shares = re.search(r"one in five +of (\d+) is refused, one in 25 of (\d+)\.", text)
    for load, one_in in zip(shares.groups(), (5, 25)):
        assert round(1 / refused_share(int(load), int(load))) == pytest.approx(one_in, rel=0.15)
    found = re.search(r"For less than one in a hundred .*?; or a queue", text)[0]
    wanted = [(number(load), number(permits)) for load, permits in re.findall(r"([\d,]+) +want +([\d,]+)", found)]
    assert len(wanted) == 5
    for load, permits in wanted:
        assert refused_share(permits, load) < 0.01 <= refused_share(permits - 1, load), (load, permits)


def test_three_ways_side_by_side():
    """The short table of docs/flow-control.md says what the long one above it has measured."""
    refused_after = {cells[0]: float(cells[4].split(",")[0]) for cells in rows(FLOW.text, "| | inside at most |") if "," in cells[4]}
    head, *lines = FLOW.text[FLOW.text.index("| | Tomcat's SemaphoreValve"):].splitlines()
    columns = [cell.strip() for cell in head.strip("|").split("|")]
    said = [cell.strip() for cell in lines[1].strip("|").split("|")]
    for ours, theirs in (("`concurrency=20`", "`concurrency=20`"), ("`max=20 acquire=1` of mod_proxy", "`max=20 acquire=1`")):
        shown = re.match(r"503 after (\d+) ms", said[columns.index(ours)])
        assert int(shown[1]) == round(refused_after[theirs])
    assert re.search(r"With four children there were (\d+)", FLOW.text)[1] == re.search(r"with four of them (\d+)", FLOW.text)[1]


class Pooled:
    """An origin of which each request holds one of a POOL of connections for a part of its time."""

    def __init__(self, pool, with_connection, without):
        self._free, self._with, self._without = threading.Semaphore(pool), with_connection, without
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        try:
            while True:
                threading.Thread(target=self._answer, args=(self._listener.accept()[0],), daemon=True).start()
        except OSError:
            pass  # it is closed

    def _answer(self, sock):
        with sock:
            sock.recv(65536)
            time.sleep(self._without)
            with self._free:
                time.sleep(self._with)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

    def close(self):
        self._listener.close()


async def crowd(port, count, duration):
    """(answers a second, median of their times) of so many clients, each of which asks again when it is answered."""
    taken, end = [], time.monotonic() + duration

    async def client():
        while time.monotonic() < end:
            answer = await visit(port, "/x")
            if answer.status == 200 and time.monotonic() < end:
                taken.append(answer.taken)
    await asyncio.gather(*(client() for _ in range(count)))
    return len(taken) / duration, statistics.median(taken)


def test_a_pool_behind_it(httpd, resources):
    """Permits beyond what the pool serves give longer answers and not more of them."""
    pool, with_connection, request = 2, 0.05, 0.25
    permits = round(pool * request / with_connection)
    assert permits == 10
    shown = re.search(r"A pool of (\d+), and requests of (\d+) ms, of which (\d+) ms are with the database: (\d+) requests a second, "
                      r"and (\d+) permits", FLOW.text.replace("\n", " "))
    size, whole, part, throughput, needed = map(int, shown.groups())
    assert throughput == size * 1000 // part and needed == size * whole // part
    seen = []
    # More than it serves, as this machine makes each request longer than it is.
    for count in (2 * permits, 4 * permits):
        origin = Pooled(pool, with_connection, request - with_connection)
        resources.append(origin)
        site = httpd(f'<Location "/x">\nWSFlowLimit x concurrency={count}\n</Location>\n'
                     f'ProxyPass /x "http://127.0.0.1:{origin.port}/x" disablereuse=on', threads=60)
        site.log.allow(REFUSES)
        seen.append(asyncio.run(crowd(site.http_port, count, 3)))
        wait_until(lambda: site.status.json()["limits"][0]["in_use"] == 0, "all are answered")
    (few, quick), (many, slow) = seen
    assert many < 1.25 * few and slow > 1.5 * quick, seen

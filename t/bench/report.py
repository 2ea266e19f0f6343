"""What run.py has measured, as text: values of its result, the tables of docs/benchmarks.md, and sentences about them."""
import statistics

from proxies import LABELS, PEERS
from rows import IDLE, WORK

MET, MISSED, MIXED = "✓", "✗", "±"
FAILED = " !"


class Result:
    """The JSON of a run, and what is to be known of it."""

    def __init__(self, data):
        self.data = data
        self.contenders = data["contenders"]

    def names(self, family, bulk=None):
        return [one["name"] for one in self.contenders if one["family"] == family and bulk in (None, one["bulk"])]

    def rounds(self, row, name):
        """CPU us a message of each round; None where it failed."""
        return [run.get("us") for run in self.data["work"].get(row, {}).get(name, [])]

    def us(self, row, name):
        done = [us for us in self.rounds(row, name) if us is not None]
        return statistics.median(done) if done else None

    def best(self, row, family, bulk=None):
        """The one of a FAMILY that costs least."""
        done = {name: self.us(row, name) for name in self.names(family, bulk)}
        done = {name: us for name, us in done.items() if us is not None}
        return min(done, key=done.get) if done else None

    def ratios(self, row, family, other, bulk=None):
        """The best of a FAMILY as multiples of the best of the OTHER, each of the same round: a slow minute of the machine
        cancels out."""
        name, base = self.best(row, family, bulk), self.best(row, other)
        if name is None or base is None:
            return []
        return [us / low for us, low in zip(self.rounds(row, name), self.rounds(row, base)) if us and low]

    def failed(self, row, family):
        """Whether a round of the best of a FAMILY has failed."""
        name = self.best(row, family)
        return name is not None and None in self.rounds(row, name)

    def value(self, row, family, bulk=None):
        """What the tables show: a multiple of the floor, or us."""
        if not WORK[row].in_floors:
            name = self.best(row, family, bulk)
            return None if name is None else self.us(row, name)
        ratios = self.ratios(row, family, "floor", bulk)
        return statistics.median(ratios) if ratios else None

    def idle(self, key, family):
        """The one of a FAMILY with the fewest bytes a tunnel."""
        legs = (IDLE[key].client, IDLE[key].origin)
        found = [run for run in self.data["idle"] if (run["client"], run["origin"]) == legs and run["family"] == family]
        return min(found, key=lambda run: run["bytes_per_tunnel"], default=None)

    def bytes(self, key, family):
        run = self.idle(key, family)
        return run and run["bytes_per_tunnel"]


def shown(value, row=None):
    """VALUE of a ROW of WORK, or bytes."""
    if value is None:
        return "–"
    if row is None:
        return f"{value:,.0f}"
    if WORK[row].in_floors:
        return f"{value:.2f}"
    return f"{value:,.0f} µs" if value >= 100 else f"{value:.1f} µs"


def mark(values, goal):
    """Whether the median of VALUES keeps the GOAL, as precisely as both are shown."""
    if not values:
        return ""
    kept = [round(value, 2) <= goal.limit for value in values]
    met = round(statistics.median(values), 2) <= goal.limit
    return (MET if met else MISSED) + ("" if all(kept) or not any(kept) else f" {MIXED}")


def goal_text(goal):
    if goal is None:
        return ""
    if goal.limit >= 10:
        return f"≤ {goal.limit:,.0f}"
    return f"≤ {goal.limit:.2f}" + ("" if goal.versus == "floor" else f" × {goal.versus}")


def ours(result, row):
    """The cell of mod_wsflow, and its mark."""
    goal, value = WORK[row].goal, result.value(row, "wsflow")
    ratios = result.ratios(row, "wsflow", goal.versus if goal else "floor")
    text = shown(value, row)
    if ratios and goal and goal.versus != "floor":
        text += f", {statistics.median(ratios):.2f} × {goal.versus}"
    if len(ratios) > 1:
        text += f" ({min(ratios):.2f}–{max(ratios):.2f})"
    if result.failed(row, "wsflow"):
        text += FAILED
    return text, mark(ratios, goal) if goal else ""


def peer(result, row, family):
    """The cell of a peer at its best settings, and in brackets as it comes."""
    text = shown(result.value(row, family), row)
    best, plain = result.best(row, family), result.best(row, family, bulk=False)
    if result.failed(row, family):
        text += FAILED
    if family in ("nginx", "haproxy") and best != plain and plain is not None:
        text += f" ({shown(result.value(row, family, bulk=False), row)} default)"
    return text


def table(lines):
    head, *rows = lines
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows])


def comparison(result):
    lines = [["work", "mod_wsflow", "goal", ""] + [LABELS[family] for family in PEERS] + ["splice relay", "bare relay"]]
    for row in result.data["work"]:
        text, kept = ours(result, row)
        floor = result.us(row, "floor")
        lines.append([WORK[row].title, text, goal_text(WORK[row].goal), kept] +
                     [peer(result, row, family) for family in PEERS] +
                     [shown(result.value(row, "splice"), row), "–" if floor is None else f"1 = {floor:.2f} µs"])
    for key, row in IDLE.items():
        value = result.bytes(key, "wsflow")
        if result.data["idle"]:
            lines.append([row.title, shown(value), goal_text(row.goal), "" if value is None else mark([value], row.goal)] +
                         [shown(result.bytes(key, family)) for family in PEERS] + ["–", shown(result.bytes(key, "floor"))])
    return table(lines)


def idle_table(result):
    lines = [["proxy", "legs (client, origin)", "tunnels", "bytes each", "CPU of one core", "ordinary requests without",
              "with"]]
    for run in result.data["idle"]:
        latency = ["–" if run[key] is None else f"{run[key]['p50_us']:.0f} / {run[key]['p99_us']:.0f}"
                   for key in ("requests_without", "requests_with")]
        cpu = run["idle_cpu_percent"]
        lines.append([run["proxy"], f"{run['client']}, {run['origin']}", f"{run['echoed']:,}",
                      shown(run["bytes_per_tunnel"]), "–" if cpu is None else f"{cpu:.3f} %", *latency])
    return table(lines)


def machine(result):
    data = result.data
    peers = [f"{LABELS[one['family']]} {one['version']}" for one in result.contenders
             if one["family"] in ("nginx", "haproxy") and not one["bulk"]]
    busy = f" (load average before it: {data['load']:.1f})" if data.get("load", 0) >= 0.5 else ""
    return (f"Measured on {data['date']}{busy}, {data['rounds']} rounds of {data['seconds']} s: {data['cpus']} cores "
            f"({data['cpu']}), {data['kernel']}, {data['system']}: httpd {data['httpd']}, {data['openssl']}, "
            f"{', '.join(peers) or 'no peers'}.")


def spread(result, rows, family):
    """From the least to the most that a FAMILY takes for ROWS, or None."""
    values = [value for value in (result.value(row, family) for row in rows) if value is not None]
    if not values:
        return None
    low, high = f"{min(values):.2f}", f"{max(values):.2f}"
    return low if low == high else f"{low} to {high}"


def beside(result, rows, families):
    """What FAMILIES take, as the end of a sentence."""
    found = [(LABELS[family], spread(result, rows, family)) for family in families]
    found = [f"{label} {values}" for label, values in found if values]
    return f"; {', '.join(found)} times." if found else "."


def sentences(result):
    """What there is to read from the numbers, with the numbers of this run."""
    work = result.data["work"]
    found = []
    for rows, families, sentence in (
            (("echo64", "echo64x16", "echo1000", "paced500"), PEERS,
             "Relaying a small message costs {} times what the bare relay costs, most of it system calls"),
            (("echo64k", "echo1m", "oneway256k"), ("splice", *PEERS),
             "A large message costs {} times the bare relay, which copies it through user memory"),
            (("churn",), PEERS, "The life of a tunnel that says one message costs {} times the bare relay, most of it "
                                "httpd's own handling of a connection and a request")):
        rows = [row for row in rows if row in work]
        ours_takes = spread(result, rows, "wsflow")
        if ours_takes:
            found.append(sentence.format(ours_takes) + beside(result, rows, families))
    run = result.idle("ws", "wsflow")
    if run:
        found.append(f"{run['tunnels']:,} tunnels stay open on one child with 25 worker threads, and {run['echoed']:,} of "
                     f"them echo. An ordinary request takes {run['requests_with']['p50_us']:.0f} µs beside them, "
                     f"{run['requests_without']['p50_us']:.0f} µs without (the median).")
        memory = [f"{LABELS[family]} {shown(result.bytes('ws', family))}" for family in PEERS if result.bytes("ws", family)]
        found.append(f"An idle ws tunnel takes {shown(run['bytes_per_tunnel'])} bytes of user memory" +
                     (f"; {', '.join(memory)}" if memory else "") +
                     ". With TLS it is OpenSSL's connection object that counts, for every proxy.")
    marks = [(WORK[row].title, ours(result, row)[1]) for row in work]
    marks += [(row.title, mark([result.bytes(key, "wsflow")], row.goal)) for key, row in IDLE.items()
              if result.bytes(key, "wsflow") is not None]
    marks = [(title, kept) for title, kept in marks if kept]
    missed = [title for title, kept in marks if kept.startswith(MISSED)]
    found.append(f"{len(marks) - len(missed)} of {len(marks)} goals are met" +
                 (f"; not met: {'; '.join(missed)}." if missed else "."))
    return found

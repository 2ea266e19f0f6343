#!/usr/bin/python3
"""The dashboard and the alert rules ask only for metrics, labels and values that there are; every panel says what it shows, and
every metric has a panel or an alert."""

import json
import re

import yaml

import tree as base

DASHBOARD = "docs/grafana-dashboard.json"
RULES = "docs/alert-rules.yml"
# Counters that are for a closer look only.
UNWATCHED = {"wsflow_connections_passed_total", "wsflow_tunnels_opened_worker_total", "wsflow_origin_reports_total", "wsflow_log_lines_total",
             "wsflow_presence_joins_total", "wsflow_presence_leaves_total", "wsflow_presence_rows_total",
             "wsflow_presence_batches_total", "wsflow_presence_failures_total", "wsflow_presence_events_total",
             "wsflow_presence_keys", "wsflow_presence_sockets", "wsflow_presence_waiting", "wsflow_presence_failing",
             "wsflow_cluster_share", "wsflow_cluster_others", "wsflow_cluster_lease_seconds",
             "wsflow_cluster_keys", "wsflow_cluster_keys_asked_total", "wsflow_cluster_keys_denied_total"}
# What Prometheus itself knows of a target.
OF_TARGETS = {"up": {"instance", "job"}}
# What Prometheus adds to every series.
TARGET_LABELS = {"instance", "job"}
# Where the values of labels come from: file, enumeration.
VALUES = {"outcome": ("mod_wsflow/base/outcome.cpp", "Outcome"), "result": ("mod_wsflow/base/outcome.cpp", "HandshakeRefusal"),
          "reason": ("mod_wsflow/limits/limit_definition.cpp", "LimitReason")}

MATCHER = re.compile(r'\s*(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"\s*')


def series(tree):
    """The labels of each series that can be asked for."""
    known = {}
    for table in ("kFamilies", "kReadingFamilies"):
        for name, labels, _ in base.metric_families(tree, table):
            known[name] = set(filter(None, labels.split(",")))
    for name, labels, _ in base.metric_families(tree, "kHistograms"):
        labels = set(filter(None, labels.split(",")))
        known |= {f"{name}_bucket": labels | {"le"}, f"{name}_count": labels, f"{name}_sum": labels}
    return known


def values(tree):
    found = {}
    for label, (name, enumeration) in VALUES.items():
        code = base.without_comments(tree.text(name))
        found[label] = set(re.findall(rf"case {enumeration}::\w+:\s*return \"([^\"]+)\";", code))
        if not found[label]:
            base.missing(f"{name} names no {enumeration}")
    found["result"].add("upgraded")
    return found


def check_matchers(metric, text, labels, known_values):
    for label, operator, value in MATCHER.findall(text):
        if label not in labels:
            yield f"{metric} has no label {label}"
        elif label in known_values and not value.startswith("$"):
            for one in value.split("|") if "~" in operator else [value]:
                if one not in known_values[label]:
                    yield f'{metric}: {label} is never "{one}"'
    rest = MATCHER.sub("", text).strip(", ")
    if rest:
        yield f"{metric}: cannot read {{{text}}}"


def check_expression(expression, known, known_values, shown=()):
    """Findings about one expression of PromQL, and about labels that are SHOWN of it."""
    labels = set(TARGET_LABELS)
    names = set()
    known = known | OF_TARGETS
    for metric, selector in re.findall(r"\b(wsflow_\w+|up(?=\{))(?:\{([^}]*)\})?", expression):
        names.add(metric)
        if metric not in known:
            yield f"there is no metric {metric}"
            continue
        labels |= known[metric]
        yield from check_matchers(metric, selector, known[metric] | TARGET_LABELS, known_values)
    if not names:
        yield f"no metric is asked for: {expression}"
    for group in re.findall(r"\b(?:by|on|without|ignoring)\s*\(([^)]*)\)", expression):
        for label in filter(None, re.split(r"[\s,]+", group)):
            if label not in labels:
                yield f"no metric has the label {label} in: {expression}"
    for label in shown:
        if label not in labels:
            yield f"there is no label {label} to show of: {expression}"


def expressions(node):
    """Every (expression, labels that are shown) in a dashboard."""
    if isinstance(node, dict):
        if "expr" in node:
            yield node["expr"], re.findall(r"\{\{\s*(\w+)\s*\}\}", node.get("legendFormat", ""))
        if isinstance(node.get("definition"), str):
            metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", node["definition"]).groups()
            yield metric, [label]
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from expressions(child)


def rules(document):
    """Every (name, expression, labels that its texts show, panels that they name)."""
    for group in document["groups"]:
        for rule in group["rules"]:
            texts = " ".join(rule["annotations"].values())
            yield (rule["alert"], rule["expr"], re.findall(r"\$labels\.(\w+)", texts),
                   re.findall(r'panel "([^"]+)"', texts))


def check_panels(document):
    panels = document["panels"]
    numbers = [panel["id"] for panel in panels]
    yield from (f"two panels have the id {number}" for number in base.duplicates(numbers))
    yield from (f"panel \"{panel['title']}\" has no description" for panel in panels
                if panel["type"] != "row" and not panel.get("description", "").endswith("."))
    places = {}
    for panel in panels:
        at = panel["gridPos"]
        for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])):
            if places.setdefault(cell, panel["title"]) != panel["title"] or cell[0] >= 24:
                yield f"panel \"{panel['title']}\" has no room"
                break


def check(tree, _):
    known, known_values = series(tree), values(tree)
    dashboard = json.loads(tree.text(DASHBOARD))
    asked = list(expressions(dashboard))
    alerts = list(rules(yaml.safe_load(tree.text(RULES))))
    if not asked or not alerts:
        base.missing("nothing is asked for")
    findings = [f"{DASHBOARD}: {finding}" for finding in check_panels(dashboard)]
    for expression, shown in asked:
        findings += [f"{DASHBOARD}: {finding}" for finding in
                     check_expression(expression, known, known_values, shown)]
    titles = {panel["title"] for panel in dashboard["panels"] if panel["type"] != "row"}
    for name, expression, shown, panels in alerts:
        findings += [f"{RULES}: {name}: {finding}" for finding in
                     check_expression(expression, known, known_values, shown)]
        findings += [f"{RULES}: {name}: there is no panel \"{panel}\"" for panel in panels if panel not in titles]
    findings += [f"{RULES}: {name} stands twice" for name in base.duplicates([alert[0] for alert in alerts])]
    used = " ".join([expression for expression, _ in asked] + [alert[1] for alert in alerts])
    asked_for = set(re.findall(r"wsflow_\w+", used))
    findings += [f"{DASHBOARD}: nobody looks at {name}" for name in known
                 if not name.endswith(("_bucket", "_sum", "_count")) and name not in asked_for | UNWATCHED]
    findings += [f"t/checks/dashboard.py: {name} is looked at, and stands among UNWATCHED" for name in sorted(UNWATCHED & asked_for)]
    return findings


base.run(check)

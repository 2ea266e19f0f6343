#!/usr/bin/python3
"""The dashboard and the alert rules ask only for metrics, labels and values that there are."""

import json
import re

import yaml

import tree as base

DASHBOARD = "docs/grafana-dashboard.json"
RULES = "docs/alert-rules.yml"
# Counters that are for a closer look only.
UNWATCHED = {"wsflow_tunnels_opened_worker_total", "wsflow_origin_reports_total", "wsflow_log_lines_total"}
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
    for metric, selector in re.findall(r"\b(wsflow_\w+)(?:\{([^}]*)\})?", expression):
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
    """Every (name, expression, labels that its texts show)."""
    for group in document["groups"]:
        for rule in group["rules"]:
            shown = re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values()))
            yield rule["alert"], rule["expr"], shown


def check_panels(document):
    panels = document["panels"]
    numbers = [panel["id"] for panel in panels]
    yield from (f"two panels have the id {number}" for number in base.duplicates(numbers))
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
    for name, expression, shown in alerts:
        findings += [f"{RULES}: {name}: {finding}" for finding in
                     check_expression(expression, known, known_values, shown)]
    findings += [f"{RULES}: {name} stands twice" for name in base.duplicates([alert[0] for alert in alerts])]
    used = " ".join([expression for expression, _ in asked] + [expression for _, expression, _ in alerts])
    findings += [f"{DASHBOARD}: nobody looks at {name}" for name in known
                 if name.endswith("_total") and name not in used and name not in UNWATCHED]
    return findings


base.run(check)

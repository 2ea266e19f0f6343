#!/usr/bin/python3
"""Prometheus's own promtool accepts the alert rules, and each of them fires when it should, and not when it should not."""

import re
import subprocess

import yaml

import tree as base

RULES = "docs/alert-rules.yml"
TESTS = "t/alerts/alert_tests.yml"


def promtool(tree, *arguments):
    """Lines of what it says against one of these files; none if it is content."""
    try:
        told = subprocess.run(["promtool", *arguments], cwd=tree.root, text=True, capture_output=True, check=False)
    except FileNotFoundError:
        base.missing("there is no promtool: Debian's package prometheus has it")
    return (told.stdout + told.stderr).strip().splitlines() if told.returncode else []


def names(tree):
    rules = [rule["alert"] for group in yaml.safe_load(tree.text(RULES))["groups"] for rule in group["rules"]]
    return rules or base.missing(f"{RULES} has no alert")


def check_case(name, case):
    """A case has a server for which the alert fires, and one for which it does not; and says when."""
    series = [each["series"] for each in case["input_series"]]
    for server in ("bad", "good"):
        if not any(f'instance="{server}"' in each for each in series):
            yield f"{TESTS}: {name}: no series of the server \"{server}\""
    fired = [sample["labels"] for test in case["promql_expr_test"] for sample in test["exp_samples"]]
    if not any(f'alertname="{name}"' in labels and 'instance="bad"' in labels for labels in fired):
        yield f"{TESTS}: {name}: nothing says that it fires"
    if any(not re.search(r'ALERTS\{alertstate="firing"\}', test["expr"]) for test in case["promql_expr_test"]):
        yield f"{TESTS}: {name}: it does not look at all alerts that fire"


def check(tree, _):
    wanted = names(tree)
    cases = {case["name"]: case for case in yaml.safe_load(tree.text(TESTS))["tests"]}
    findings = base.differences(wanted, RULES, cases, TESTS)
    for name, case in cases.items():
        findings += check_case(name, case)
    for arguments in (("check", "rules", RULES), ("test", "rules", TESTS)):
        findings += [f"promtool {' '.join(arguments)}: {line}" for line in promtool(tree, *arguments)]
    return findings


base.run(check)

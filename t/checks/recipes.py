#!/usr/bin/python3
"""docs/recipes.md shows each recipe as t/recipes runs it, and the tables of what its last run found."""

import importlib.util
import json
import re
import textwrap

import tree as base

PAGE = "docs/recipes.md"
FOLDER = "t/recipes"
CODE = {"recipe.py"}  # all else beside it is shown


def check_shown(tree, page, recipe):
    """Each file of a RECIPE that people copy stands in the section of its title, to the letter."""
    folder = tree.path(recipe).parent
    found = re.search(r'^    title = "([^"]+)"$', tree.text(recipe), re.M)
    if not found:
        base.missing(f"{recipe} has no title")
    title = found[1]
    if f"\n### {title}\n" not in page:
        return [f"{PAGE}: there is no section \"{title}\" for {recipe}"]
    section = base.section(tree, PAGE, title)
    findings = []
    for file in sorted(path for path in folder.iterdir() if path.is_file() and path.name not in CODE):
        # Whole blocks: a line more or less beside it would be another configuration.
        block = textwrap.indent(file.read_text(encoding="utf-8").rstrip("\n"), "    ")
        if f"\n\n{block}\n\n" not in f"\n{section}\n\n":
            findings.append(f"{PAGE}: the section \"{title}\" does not show {file.relative_to(tree.root)} as it is")
    return findings


def check_results(tree, page, names):
    """The tables are those of the last run, which knew the recipes that there are."""
    spec = importlib.util.spec_from_file_location("results", tree.path(f"{FOLDER}/results.py"))
    results = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(results)
    told = json.loads(tree.text(f"{FOLDER}/results.json"))
    findings = base.differences(names, FOLDER, told["recipes"], f"{FOLDER}/results.json")
    if findings:
        return findings
    try:
        same = results.rendered(page, told) == page
    except ValueError as error:
        return [f"{PAGE}: {error}"]
    return [] if same else [f"{PAGE}: its tables are not those of {FOLDER}/results.json (t/recipes/run.py --write-docs)"]


def check(tree, _):
    recipes = [name for name in tree.files(FOLDER, ".py") if name.endswith("/recipe.py")]
    if not recipes:
        base.missing(f"no recipe in {FOLDER}")
    page = tree.text(PAGE)
    findings = [finding for recipe in recipes for finding in check_shown(tree, page, recipe)]
    if findings:
        return findings  # the tables follow the sections
    return check_results(tree, page, {recipe.split("/")[2] for recipe in recipes})


base.run(check)

"""What the last run of each recipe found: results.json, and the tables of docs/recipes.md that are made of it."""

import json
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
FILE = HERE / "results.json"
PAGE = HERE.parents[1] / "docs/recipes.md"
PLACES = ("subpath", "vhost")


def _both(row, key, show=str):
    """What the two places have found, once if it is the same."""
    return " / ".join(dict.fromkeys(show(row[place].get(key)) for place in PLACES))


def _back(value):
    return "not by itself" if value is None else f"{value:.1f} s"


def _markdown(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows])


def _link(row):
    """To the section of that title."""
    return f"[{row['title']}](#{re.sub(r'[^a-z0-9 _-]', '', row['title'].lower()).replace(' ', '-')})"


def tried(rows):
    """What was exchanged, and what became of it at a reload."""
    return _markdown(("recipe", "versions", "what was exchanged", "at a reload: answered of sent"), [
        (_link(row), ", ".join(row["versions"]), _both(row, "exchange"), _both(row, "reload"))
        for row in rows.values()])


def restarted(rows):
    """What the application's own restart was."""
    def page(row):
        return _back(row["subpath"]["page back"]) if "page back" in row["subpath"] else "–"

    return _markdown(("recipe", "its client is told", "its library is back", "its page is back", "while it is down: socket", "page"), [
        (_link(row), _both(row, "close"), _both(row, "back", _back) if row["reconnects"] else "–", page(row),
         _both(row, "down"), _both(row, "page down") if "page down" in row["subpath"] else "–") for row in rows.values()])


def refused(rows):
    """The mistakes, by what is answered; one that several recipes have in common stands once."""
    seen = {}
    for row in rows.values():
        for mistake in row["mistakes"]:
            key = tuple(mistake[part] for part in ("status", "request", "reason", "who", "what", "cure", "says"))
            seen.setdefault(key, []).append(_link(row))
    return _markdown(("answer", "request", "of", "`WSFLOW_REFUSED_BY`", "recipe", "because", "cure"), [
        (f"{status}{f', `{says}`' if says else ''}", request, who, f"`{reason}`", "; ".join(titles), what, cure)
        for (status, request, reason, who, what, cure, says), titles in sorted(seen.items())])


TABLES = {"tried": tried, "restarted": restarted, "refused": refused}


def load():
    return json.loads(FILE.read_text()) if FILE.exists() else {"recipes": {}}


def save(found, httpd, date):
    """Adds what was FOUND, by name, to the last results."""
    told = load()
    for name, row in found.items():
        told["recipes"][name] = {"date": date, "httpd": httpd, **row}
    told["recipes"] = dict(sorted(told["recipes"].items()))
    FILE.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")


def rendered(page, told):
    """The PAGE with the tables of what was TOLD, in the order of the page's sections."""
    recipes = told["recipes"]  # of others the page has no rows yet
    rows = {name: recipes[name] for name in sorted(recipes, key=lambda name: page.index(f"\n### {recipes[name]['title']}\n"))}
    when = " to ".join(dict.fromkeys((min(row["date"] for row in rows.values()), max(row["date"] for row in rows.values()))))
    servers = ", ".join(sorted({row["httpd"] for row in rows.values()}))
    for name, table in TABLES.items():
        text = f"<!-- {name}: t/recipes/run.py --write-docs -->\nhttpd {servers}, {when}:\n\n{table(rows)}\n<!-- end -->"
        page, count = re.subn(rf"<!-- {name}: .*?<!-- end -->", lambda _: text, page, flags=re.S)
        if count != 1:
            raise ValueError(f"the page has {count} places for the table {name}")
    return page


def write_page():
    PAGE.write_text(rendered(PAGE.read_text(), load()))

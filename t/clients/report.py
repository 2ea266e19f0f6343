"""The tables of a run, plain or as Markdown."""

HEADINGS = ("library", "version", "options", "left", "told", "over s", "back", "exchange", "first s", "last s",
            "most in 0.1 s", "most in 1 s", "own gap s", "refused each", "")


def _cells(result, complaint, away):
    told = ", ".join(f"{count} x {what}" for what, count in sorted(result.told.items()))
    over = f"{result.closes[-1] - result.closes[0]:.2f}" if result.closes else "-"
    times = ["-"] * 5
    if result.returns:
        times = [f"{result.returns[0]:.2f}", f"{result.returns[-1]:.2f}", str(result.most(0.1)), str(result.most(1)),
                 f"{result.away_s:.2f}"]
    return [result.library, result.version, "advised" if result.advised else "default", str(result.left), told or "-", over,
            f"{result.back} of {result.left}" if result.left else "-", str(result.exchanging), *times,
            f"{result.refused:.1f}", complaint or (f"stays away: {away}" if result.back < result.left else "")]


def _plain(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def _markdown(rows):
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return [lines[0], "|" + "---|" * len(HEADINGS), *lines[1:]]


def heading(date, httpd, module, clients):
    return f"{date}, httpd {httpd}, {module}; {clients} clients of each library"


def tables(results, phases, complaints, libraries, markdown):
    """Lines of one table for each phase that was run. COMPLAINTS has a text for each result."""
    lines = []
    for name, phase in phases.items():
        rows = [list(HEADINGS)]
        for result, complaint in zip(results, complaints):
            if result.phase == name:
                rows.append(_cells(result, complaint, libraries[result.library].why))
        if len(rows) > 1:
            title = f"{name}: {phase.title}. Times from: {phase.zero}"
            lines += ["", f"### {title}" if markdown else title, "", *(_markdown if markdown else _plain)(rows)]
    return lines

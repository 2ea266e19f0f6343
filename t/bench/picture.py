"""The picture of docs/benchmarks.md: bars of the contenders for each row, as SVG that follows the reader's light or dark
mode."""
from xml.sax.saxutils import escape

import report
from proxies import LABELS, PEERS
from rows import IDLE, WORK

FAMILIES = ("wsflow", *PEERS, "splice")
WIDTH, LEFT, RIGHT = 900, 325, 85
BAR, GAP, BETWEEN = 11, 2, 14
MOST = 4  # a longer bar of the first panel is cut off

STYLE = """
  text { font: 13px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328; }
  .ground { fill: #ffffff; } .title { font-weight: 600; font-size: 15px; } .small { font-size: 11px; fill: #57606a; }
  .grid { stroke: #d0d7de; stroke-width: 1; } .floor { stroke: #57606a; stroke-width: 1.5; stroke-dasharray: 4 3; }
  .wsflow { fill: #0072b2; } .nginx { fill: #009e73; } .haproxy { fill: #e69f00; } .stock { fill: #8c959f; }
  .splice { fill: #cc79a7; } .own { font-weight: 600; fill: #1f2328; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .ground { fill: #0d1117; } .small { fill: #9198a1; } .grid { stroke: #30363d; }
    .floor { stroke: #9198a1; } .wsflow { fill: #4aa8e0; } .nginx { fill: #2bbf94; } .haproxy { fill: #e8a838; }
    .stock { fill: #6e7681; } .splice { fill: #d98cb5; } .own { fill: #e6edf3; }
  }
"""


class Picture:
    def __init__(self):
        self.parts, self.y = [], 16

    def text(self, x, y, words, kind="", anchor="start"):
        self.parts.append(f'<text x="{x:.0f}" y="{y:.0f}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>')

    def line(self, x, top, bottom, kind):
        self.parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top:.0f}" y2="{bottom:.0f}" class="{kind}"/>')

    def title(self, words, note):
        self.y += 18
        self.text(16, self.y, words, "title")
        self.y += 17
        self.text(16, self.y, note, "small")
        self.y += 12

    def legend(self, families, x=16):
        self.y += 8
        for family in families:
            self.parts.append(f'<rect x="{x}" y="{self.y - 9}" width="12" height="11" class="{family}"/>')
            self.text(x + 18, self.y, LABELS[family])
            x += 36 + 8 * len(LABELS[family])
        self.y += 12

    def bars(self, title, values, scale, show):
        """One row: a bar for each family with a value, of SCALE pixels a unit."""
        values = {family: value for family, value in values.items() if value is not None}
        height = len(values) * (BAR + GAP)
        self.text(LEFT - 12, self.y + height / 2 + 4, title, anchor="end")
        for family, value in values.items():
            length = min(value * scale, WIDTH - LEFT - RIGHT)
            self.parts.append(f'<rect x="{LEFT}" y="{self.y}" width="{max(length, 1):.1f}" height="{BAR}" rx="1.5" '
                              f'class="{family}"/>')
            cut = " →" if value * scale > length + 1 else ""
            self.text(LEFT + length + 5, self.y + BAR - 1, show(value) + cut, "small own" if family == "wsflow" else "small")
            self.y += BAR + GAP
        self.y += BETWEEN

    def done(self):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.y}" width="{WIDTH}" height="{self.y}" '
                f'role="img">\n<style>{STYLE}</style>\n<rect class="ground" width="{WIDTH}" height="{self.y}"/>\n'
                + "\n".join(self.parts) + "\n</svg>\n")


def floors_panel(picture, result, rows):
    picture.title("CPU per message, as a multiple of a bare relay that only reads and writes",
                  "All processes of each proxy, peers at their best settings; less is better. The dashed line is the bare "
                  "relay.")
    scale = (WIDTH - LEFT - RIGHT) / MOST
    top, at = picture.y, len(picture.parts)
    for row in rows:
        picture.bars(WORK[row].title, {family: result.value(row, family) for family in FAMILIES}, scale, "{:.2f}".format)
    bars, picture.parts = picture.parts[at:], picture.parts[:at]
    for step in range(MOST + 1):  # behind the bars
        picture.line(LEFT + step * scale, top - 4, picture.y - 6, "floor" if step == 1 else "grid")
        picture.text(LEFT + step * scale, picture.y + 6, f"{step}", "small", "middle")
    picture.parts += bars
    picture.y += 18


def own_scales_panel(picture, rows, show):
    """Rows of (title, values), each with a scale of its own."""
    for title, values in rows:
        largest = max((value for value in values.values() if value is not None), default=None)
        if largest:
            picture.bars(title, values, (WIDTH - LEFT - RIGHT) / largest, show)


def draw(result):
    picture = Picture()
    picture.text(16, picture.y + 6, f"mod_wsflow beside other proxies, {result.data['date']}", "title")
    picture.y += 18
    picture.legend(FAMILIES)
    rows = [row for row in result.data["work"] if result.value(row, "wsflow") is not None]
    floors = [row for row in rows if WORK[row].in_floors]
    if floors:
        floors_panel(picture, result, floors)
    tls = [(WORK[row].title, {family: result.value(row, family) for family in FAMILIES}) for row in rows
           if not WORK[row].in_floors]
    if tls:
        picture.title("CPU per message with TLS, µs", "Each row has a scale of its own.")
        own_scales_panel(picture, tls, lambda value: f"{value:,.0f}" if value >= 100 else f"{value:.1f}")
    idle = [(row.title, {family: result.bytes(key, family) for family in ("wsflow", *PEERS)}) for key, row in IDLE.items()]
    if result.data["idle"]:
        picture.title("User memory of an idle tunnel, bytes", "Each row has a scale of its own.")
        own_scales_panel(picture, idle, report.shown)
    return picture.done()

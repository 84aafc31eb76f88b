"""Small line plots in one SVG: over a logarithmic axis of sizes, each from zero upwards."""

from __future__ import annotations

import math
from dataclasses import dataclass
from xml.sax.saxutils import escape

PANEL_WIDTH, PANEL_HEIGHT = 400, 250
# Of the plotted area, inside its panel.
LEFT, RIGHT, TOP, BOTTOM = 52, 26, 62, 36
HEAD = 46
# It has its own ground, light or dark as the reader's system is.
STYLE = """\
svg{font:12px system-ui,sans-serif}
.g{fill:#fff}
text{fill:#1f2328;stroke:#fff;stroke-width:3px;paint-order:stroke}
.h{font-size:16px;font-weight:600}.b{font-weight:600}
.m{fill:#59636e}.l{stroke:#d1d9e0;fill:none}
.a{stroke:#0969da;fill:none;stroke-width:2}.a0{fill:#0969da}
.c{stroke:#bc4c00;fill:none;stroke-width:2;stroke-dasharray:5 3}.c0{fill:#bc4c00}
@media(prefers-color-scheme:dark){.g{fill:#0d1117}text{fill:#e6edf3;stroke:#0d1117}.m{fill:#9198a1}
.l{stroke:#3d444d}.a{stroke:#58a6ff}.a0{fill:#58a6ff}.c{stroke:#f0883e}.c0{fill:#f0883e}}"""
CLASSES = "ac"


@dataclass
class Series:
    """A line: one value for each size."""

    name: str
    values: list[float]


@dataclass
class Panel:
    """A plot of one line or of two."""

    title: str
    series: list[Series]


def number(value: float) -> str:
    """Three figures of a value, or all of those before its point."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits else text


def size_name(size: int) -> str:
    """A size in words where it is round."""
    return f"{size / 1e6:g} million" if size >= 1_000_000 else f"{size:,}"


def steps(largest: float) -> list[float]:
    """The marks of an axis from zero to at least a value: three to five of them, and round."""
    power = 10.0 ** math.floor(math.log10(max(largest, 1e-9)))
    step = next(
        power * part for part in (0.1, 0.2, 0.25, 0.5, 1, 2, 5) if largest <= power * part * 4
    )
    return [step * count for count in range(max(1, math.ceil(largest / step - 1e-9)) + 1)]


def draw(title: str, sizes: list[int], panels: list[Panel]) -> str:
    """The SVG of all panels, two in a row, told in words too."""
    width = 2 * PANEL_WIDTH
    height = HEAD + math.ceil(len(panels) / 2) * PANEL_HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" role="img" aria-labelledby="t d">',
        f'<title id="t">{escape(title)}</title>',
        f'<desc id="d">{escape(told(sizes, panels))}</desc>',
        f"<style>{STYLE}</style>",
        f'<rect class="g" width="{width}" height="{height}" rx="6"/>',
        f'<text class="h" x="16" y="30">{escape(title)}</text>',
    ]
    for place, panel in enumerate(panels):
        x, y = place % 2 * PANEL_WIDTH, HEAD + place // 2 * PANEL_HEIGHT
        parts += [f'<g transform="translate({x},{y})">', *draw_panel(sizes, panel), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def told(sizes: list[int], panels: list[Panel]) -> str:
    """Every value in words, for those who don't see the lines."""
    sentences = []
    for panel in panels:
        for series in panel.series:
            name = f"{panel.title}, {series.name}" if series.name else panel.title
            values = ", ".join(
                f"{number(value)} at {size_name(size)}"
                for size, value in zip(sizes, series.values)
            )
            sentences.append(f"{name}: {values}.")
    return " ".join(sentences)


def draw_panel(sizes: list[int], panel: Panel) -> list[str]:
    """One panel at its own origin."""
    marks = steps(max(value for series in panel.series for value in series.values))
    base = PANEL_HEIGHT - BOTTOM
    scale = (base - TOP) / marks[-1]
    columns = places(sizes)
    parts = [f'<text class="b" x="16" y="18">{escape(panel.title)}</text>']
    for mark in marks:
        y = base - mark * scale
        parts.append(f'<path class="l" d="M{LEFT} {y:.1f}H{PANEL_WIDTH - RIGHT}"/>')
        parts.append(
            f'<text class="m" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">'
            f"{number(mark)}</text>"
        )
    for x, size in zip(columns, sizes):
        parts.append(
            f'<text class="m" x="{x:.1f}" y="{base + 20}" text-anchor="middle">'
            f"{size_name(size)}</text>"
        )
    parts += legend(panel)
    heights = [[base - value * scale for value in series.values] for series in panel.series]
    for kind, line in zip(CLASSES, heights):
        parts += draw_line(kind, columns, line)
    for column, x in enumerate(columns):
        labels = label_heights([line[column] for line in heights], base)
        for kind, series, y in zip(CLASSES, panel.series, labels):
            parts.append(
                f'<text class="{kind}0" x="{x:.1f}" y="{y:.1f}" text-anchor="middle">'
                f"{number(series.values[column])}</text>"
            )
    return parts


def places(sizes: list[int]) -> list[float]:
    """Where the sizes lie on the logarithmic axis; a single one is in the middle."""
    first, last = LEFT + 34, PANEL_WIDTH - RIGHT - 34
    reach = math.log(sizes[-1] / sizes[0])
    if reach == 0:
        return [(first + last) / 2]
    return [first + (last - first) * math.log(size / sizes[0]) / reach for size in sizes]


def legend(panel: Panel) -> list[str]:
    """The lines' names in a row, each behind its mark."""
    parts = []
    x = 16
    for order, series in enumerate(panel.series):
        if series.name:
            parts.append(f'<path class="{CLASSES[order]}" d="M{x} 35h18"/>')
            parts.append(f'<text x="{x + 24}" y="39">{escape(series.name)}</text>')
            x += 44 + 7 * len(series.name)
    return parts


def draw_line(kind: str, columns: list[float], heights: list[float]) -> list[str]:
    """A line with a dot at each value."""
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(columns, heights))
    dots = [
        f'<circle class="{kind}0" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>'
        for x, y in zip(columns, heights)
    ]
    return [f'<polyline class="{kind}" points="{points}"/>', *dots]


def label_heights(heights: list[float], base: float) -> list[float]:
    """Where the values over one size are written: each above its dot, or below it if it is lower.

    Where there is no room below, the axis being near, they are one above the other.
    """
    labels = [height - 9 for height in heights]
    if len(heights) < 2 or heights[0] == heights[1]:
        return labels if len(heights) < 2 else [labels[0] - 13, labels[1]]
    upper, lower = sorted(range(2), key=heights.__getitem__)
    if heights[lower] + 22 < base:
        labels[lower] = heights[lower] + 18
    else:
        if heights[lower] - heights[upper] < 26:
            labels[lower] = heights[upper] - 9
        labels[upper] = min(labels[upper], labels[lower] - 13)
    return labels

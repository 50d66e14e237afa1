"""A line chart as SVG, readable on light and on dark pages."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import floor, log10
from typing import NamedTuple

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 360, 70, 190, 40, 40
COLOURS = ("#3b82c4", "#d9822b", "#3b82c4", "#d9822b")
"""Legible on white and on nearly black; a dashed line has the colour of what it is the least of."""


class Curve(NamedTuple):
    """Values over the chart's places."""

    name: str
    values: Sequence[float]
    dashed: bool = False


def ticks(highest: float) -> list[float]:
    """Round numbers from 0 to ``highest`` or a little beyond, four to eight of them."""
    step = 10.0 ** floor(log10(highest)) if highest > 0 else 1.0
    for divisor in (1.0, 2.0, 5.0):
        if highest / (step / divisor) >= 3:
            step /= divisor
            break
    found = [0.0]
    while found[-1] < highest:
        found.append(found[-1] + step)
    return found


def draw(title: str, places: Sequence[float], curves: Sequence[Curve]) -> str:
    """The chart; every curve has one value for each place."""
    across, up = ticks(max(places)), ticks(max(value for curve in curves for value in curve.values))

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * value / across[-1]

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / up[-1]

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        "<style>text { fill: #57606a } .grid { stroke: #8b949e; stroke-opacity: 0.3 } "
        "@media (prefers-color-scheme: dark) { text { fill: #b1bac4 } }</style>",
        f'<text x="{LEFT}" y="20" font-size="14">{escape(title)}</text>',
    ]
    for value in up:
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:,.6g}</text>')
    for value in across:
        parts.append(f'<text x="{x(value):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{value:,.6g}</text>')
    labels = _apart([y(curve.values[-1]) for curve in curves])
    for number, (curve, label) in enumerate(zip(curves, labels, strict=True)):
        colour = COLOURS[number % len(COLOURS)]
        points = " ".join(f"{x(place):.1f},{y(value):.1f}" for place, value in zip(places, curve.values, strict=True))
        dash = ' stroke-dasharray="6 4"' if curve.dashed else ""
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        parts.append(f'<text x="{x(places[-1]) + 8:.1f}" y="{label + 4:.1f}">{escape(curve.name)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _apart(wanted: Sequence[float], room: float = 15.0) -> list[float]:
    """These heights, moved up where labels would stand on each other."""
    placed: dict[int, float] = {}
    last = float("inf")
    for number in sorted(range(len(wanted)), key=lambda number: -wanted[number]):
        last = placed[number] = min(wanted[number], last - room)
    return [placed[number] for number in range(len(wanted))]

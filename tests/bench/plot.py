#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws a report's goals as an SVG: how far each is from its goal.

    plot.py REPORT.json >docs/bench.svg
"""

import html
import json
import math
import sys

from report import short

WIDTH, LEFT, RIGHT, ROW, TOP, BAR = 960, 400, 130, 22, 56, 12
GOOD, BAD, INK, FAINT = "#2e7d32", "#c77700", "#24292f", "#d0d7de"
SPAN = 3  # powers of two to each side of the goal


def times_better(row):
    """Above 1: better than the goal by that factor."""
    got = row["ratio"] if row["ratio"] is not None else row["ours"]
    return row["goal"] / got if row["relation"] == "<=" else got / row["goal"]


def text(x, y, said, anchor="start", colour=INK, weight="normal"):
    return (f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{colour}" '
            f'font-weight="{weight}">{html.escape(said)}</text>')


def draw_row(row, top):
    better = times_better(row)
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
    reach = max(-SPAN, min(SPAN, math.log2(better))) * (WIDTH - LEFT - RIGHT) / 2 / SPAN
    colour = GOOD if row["reached"] else BAD
    got = row["ratio"] if row["ratio"] is not None else row["ours"]
    unit = "" if row["ratio"] is not None else " " + row["unit"]
    yield text(LEFT - 12, top + BAR - 1, row["title"], "end")
    yield (f'<rect x="{min(middle, middle + reach):.1f}" y="{top}" width="{max(abs(reach), 1):.1f}" '
           f'height="{BAR}" fill="{colour}"/>')
    yield text(WIDTH - RIGHT + 8, top + BAR - 1, f"{short(got)}{unit} ({row['relation']} {row['goal']:g})",
               colour=colour)


def draw(report):
    rows = report["goals"]
    height = TOP + ROW * len(rows) + 8
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
           f'font-family="sans-serif" font-size="11.5">')
    yield f'<rect width="{WIDTH}" height="{height}" fill="white"/>'
    yield text(middle, 18, "worse than the goal \u2190 | \u2192 better", "middle", weight="bold")
    for power in range(-SPAN, SPAN + 1):
        x = middle + power * (WIDTH - LEFT - RIGHT) / 2 / SPAN
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="42" y2="{height - 4}" stroke="{FAINT}"/>'
        label = "goal" if power == 0 else f"{2 ** abs(power)}x"
        yield text(x, 36, label, "middle")
    for number, row in enumerate(rows):
        yield from draw_row(row, TOP + ROW * number)
    yield "</svg>"


def main():
    with open(sys.argv[1], encoding="ascii") as file:
        print("\n".join(draw(json.load(file))))


if __name__ == "__main__":
    main()

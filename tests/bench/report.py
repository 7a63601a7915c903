#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Medians and ratios of the records that suite.sh printed: report.py RECORDS [--json FILE]"""

import argparse
import collections
import json
import os
import platform
import statistics
import subprocess

from goals import GOALS, LIMITS

GROWTH = "grow-"  # figures whose sides are sizes


def read(path):
    """{figure: {side: [value of a round, ...]}} and {figure: unit}"""
    values = collections.defaultdict(lambda: collections.defaultdict(list))
    units = {}
    with open(path, encoding="ascii") as file:
        for line in file:
            _suite, _round, figure, side, value, unit = line.split()
            values[figure][side].append(float(value))
            units[figure] = unit
    return values, units


def holds(value, relation, goal):
    return value <= goal if relation == "<=" else value >= goal


def ratio(values, goal):
    """The median of the rounds' ratios: what disturbs a round disturbs both of its sides."""
    ours = values[goal.figure].get(goal.ours, [])
    reference = values[goal.figure].get(goal.reference, [])
    ratios = [a / b for a, b in zip(ours, reference)]
    return statistics.median(ratios) if ratios else None


def short(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def goal_rows(values, units):
    for goal in GOALS:
        reached = ratio(values, goal) if goal.figure in values else None
        if reached is None:
            continue
        sides = values[goal.figure]
        yield {"title": goal.title, "unit": units[goal.figure],
               "ours": statistics.median(sides[goal.ours]),
               "reference": statistics.median(sides[goal.reference]),
               "ratio": reached, "relation": goal.relation, "goal": goal.goal,
               "reached": holds(reached, goal.relation, goal.goal)}
    for limit in LIMITS:
        found = values[limit.figure].get(limit.side) if limit.figure in values else None
        if found:
            median = statistics.median(found)
            yield {"title": limit.title, "unit": limit.unit, "ours": median, "reference": None,
                   "ratio": None, "relation": limit.relation, "goal": limit.goal,
                   "reached": holds(median, limit.relation, limit.goal)}


def print_goals(rows):
    print(f"{'GOAL':<62} {'OURS':>9} {'REFERENCE':>9} {'UNIT':<5} {'RATIO':>6}  {'GOAL':>8}")
    for row in rows:
        reference = short(row["reference"]) if row["reference"] is not None else ""
        reached = short(row["ratio"]) if row["ratio"] is not None else ""
        aim = f"{row['relation']} {row['goal']:g}"
        print(f"{row['title']:<62} {short(row['ours']):>9} {reference:>9} {row['unit']:<5} "
              f"{reached:>6}  {aim:>8}  {'reached' if row['reached'] else 'NOT REACHED'}")


def print_figures(values, units):
    """Every figure, with the least and the greatest of its rounds."""
    print(f"\n{'FIGURE':<24} {'SIDE':<16} {'MEDIAN':>10} {'LEAST':>10} {'GREATEST':>10}  UNIT")
    for figure in sorted(values):
        if not figure.startswith(GROWTH):
            for side, rounds in values[figure].items():
                print(f"{figure:<24} {side:<16} {short(statistics.median(rounds)):>10} "
                      f"{short(min(rounds)):>10} {short(max(rounds)):>10}  {units[figure]}")


def print_growth(values, units):
    """A line a figure: the median at each size."""
    figures = [figure for figure in sorted(values) if figure.startswith(GROWTH)]
    if figures:
        print(f"\n{'HOW COST GROWS':<34} {'UNIT':<7} SIZE: MEDIAN")
    for figure in figures:
        sizes = ", ".join(f"{int(size):,}: {short(statistics.median(rounds))}"
                          for size, rounds in values[figure].items())
        print(f"{figure[len(GROWTH):]:<34} {units[figure]:<7} {sizes}")


def first_line(*command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
    except OSError:
        return None
    return done.stdout.splitlines()[0] if done.stdout else None


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return models[0] if models else platform.machine()


def machine():
    """What the figures depend on; not whose machine it is."""
    return {"processor": processor(), "cores": os.cpu_count(), "kernel": platform.release(),
            "openssl": first_line("openssl", "version"), "compiler": first_line("gcc", "--version"),
            "nginx": first_line("nginx", "-v"), "wrk": first_line("wrk", "-v"),
            "commit": first_line("git", "rev-parse", "HEAD")}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("records")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    values, units = read(arguments.records)
    rows = list(goal_rows(values, units))
    if rows:
        print_goals(rows)
    print_figures(values, units)
    print_growth(values, units)
    if arguments.json:
        figures = {figure: {"unit": units[figure],
                            "sides": {side: {"median": statistics.median(rounds), "rounds": rounds}
                                      for side, rounds in values[figure].items()}}
                   for figure in sorted(values)}
        with open(arguments.json, "w", encoding="ascii") as file:
            json.dump({"machine": machine(), "goals": rows, "figures": figures}, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()

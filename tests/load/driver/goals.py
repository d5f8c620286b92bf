"""The figures that a run meets or misses. It measures nothing."""

from dataclasses import dataclass

from report import table


@dataclass
class Goal:
    what: str
    bound: str
    measured: str
    met: bool
    counted: bool  # without a clock: it decides the exit status


def goal_table(goals):
    rows = [[goal.what, goal.bound, goal.measured, "met" if goal.met else "**missed**"] for goal in goals]
    return table(["figure", "goal", "measured", "met"], rows)


def all_counted_met(goals):
    return all(goal.met for goal in goals if goal.counted)

"""What the benchmark measured, and the table that holds it against what is wanted."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Figures:
    """Every run's figures, by name."""

    values: dict[str, list[float]] = field(default_factory=dict)
    # Milliseconds of each status query of all runs, in a drain and before it: one run alone has too
    # few for a percentile.
    queries: list[float] = field(default_factory=list)
    idle_queries: list[float] = field(default_factory=list)

    def add(self, name: str, value: float, unit: str = "") -> None:
        """Keeps a figure and shows it."""
        self.values.setdefault(name, []).append(value)
        shown = f"{value:,.0f}" if value >= 1_000 else f"{value:,.4g}"
        print(f"  {name}: {shown} {unit}".rstrip(), flush=True)

    def median(self, name: str) -> float:
        """The median of all runs."""
        return statistics.median(self.values[name])

    def ratio(self, above: str, below: str) -> float:
        """The median of the runs' own ratios: what disturbs a machine disturbs both in a run."""
        pairs = zip(self.values[above], self.values[below])
        return statistics.median(first / second for first, second in pairs)

    def ratio_to_best(
        self, above: str, others: list[str], best: Callable[[tuple[float, ...]], float]
    ) -> float:
        """The median of the runs' own ratios to that run's best of several others."""
        runs = zip(self.values[above], zip(*(self.values[name] for name in others)))
        return statistics.median(first / best(rivals) for first, rivals in runs)

    def largest(self, name: str) -> float:
        """The largest of all runs."""
        return max(self.values[name])


def percentile(values: list[float], percent: int) -> float:
    """That percentile of some values."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, len(ranked) * percent // 100)]


@dataclass
class Row:
    """A row of the table; `ratio` is over 1 where it is better than wanted."""

    name: str
    got: str
    wanted: str
    ratio: float


def at_least(name: str, got: float, wanted: float, unit: str) -> Row:
    """A row where more is better."""
    return Row(name, f"{got:,.2f} {unit}", f">= {wanted:g} {unit}", got / wanted)


def at_most(name: str, got: float, wanted: float, unit: str) -> Row:
    """A row where less is better."""
    return Row(name, f"{got:,.2f} {unit}", f"<= {wanted:g} {unit}", wanted / max(got, 1e-9))


def unbounded(name: str, got: float, unit: str) -> Row:
    """A row that is only told."""
    return Row(name, f"{got:,.2f} {unit}", "", math.inf)


def show(rows: list[Row]) -> None:
    """Prints the table."""
    print(f"\n{'row':36}{'got':>16}{'wanted':>16}{'ratio':>8}")
    for row in rows:
        mark = "" if row.ratio >= 1 else "  misses"
        ratio = f"{row.ratio:8.2f}" if row.wanted else ""
        print(f"{row.name:36}{row.got:>16}{row.wanted:>16}{ratio}{mark}".rstrip())

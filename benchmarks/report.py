"""Taking turns, medians, the limits that must hold, and the tables that show them."""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

__all__ = ["Check", "Measured", "Report", "machine", "take_turns"]

Answer = Mapping[str, Any]

LOAD = os.getloadavg()[0]
"""Of the machine when the benchmark began: how far its figures can be trusted."""


@dataclass
class Measured:
    """The answers of one way of doing a job, one a round."""

    answers: list[Answer] = field(default_factory=list)

    @property
    def seconds(self) -> list[float]:
        """Seconds of each round."""
        return [answer["seconds"] for answer in self.answers]

    @property
    def median(self) -> float:
        """The middle of the rounds: what ratios are made of."""
        return statistics.median(self.seconds)

    @property
    def best(self) -> float:
        """The quickest round."""
        return min(self.seconds)


@dataclass(frozen=True)
class Check:
    """A ratio and the limit that it must keep; without a limit it is shown alone."""

    what: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def held(self) -> bool:
        """Whether the limit was kept."""
        above = self.at_least is None or self.value >= self.at_least
        return above and (self.at_most is None or self.value <= self.at_most)

    def cells(self) -> list[str]:
        """The row of the table."""
        limit = ""
        if self.at_least is not None:
            limit = f"at least {self.at_least:g}"
        elif self.at_most is not None:
            limit = f"at most {self.at_most:g}"
        return [self.what, f"{self.value:.2f}", limit, ("yes" if self.held else "NO") * bool(limit)]


@dataclass
class Report:
    """What one benchmark found: a title, a table of what was measured, and the ratios."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        """Write it as Markdown tables."""
        parts = [f"### {self.title}", _table(self.columns, self.rows)]
        if self.checks:
            cells = [check.cells() for check in self.checks]
            parts.append(_table(("ratio", "measured", "limit", "held"), cells))
        parts += self.notes
        return "\n\n".join(parts) + "\n"

    @property
    def held(self) -> bool:
        """Whether every limit was kept."""
        return all(check.held for check in self.checks)

    def finish(self) -> None:
        """Print it and end the process: with 1 where a limit was missed."""
        print(self.markdown())
        sys.exit(0 if self.held else 1)


def take_turns(
    ways: Mapping[str, Callable[[], Answer]], rounds: int, *, warm: int = 1
) -> dict[str, Measured]:
    """Run every way once a round, A B A B, after `warm` rounds that are thrown away."""
    measured = {name: Measured() for name in ways}
    for number in range(-warm, rounds):
        for name, way in ways.items():
            answer = way()
            if number >= 0:
                measured[name].answers.append(answer)
            sign = "warm" if number < 0 else f"{number + 1}/{rounds}"
            print(f"{sign:>5} {name}: {answer['seconds']:.2f} s", file=sys.stderr)
    return measured


def machine() -> str:
    """Date, cores and memory of the machine, for under the tables."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    date = datetime.now(tz=UTC).date()
    return f"{date}, {cores} cores ({_processor()}), {memory:.0f} GB, load {LOAD:.1f} at the start"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return "unknown processor"
    names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else "unknown processor"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [list(columns), *[list(row) for row in rows]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    rule = ["-" * width for width in widths]
    return "\n".join(
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in [lines[0], rule, *lines[1:]]
    )

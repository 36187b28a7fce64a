"""Run every benchmark and print what the documentation quotes.

usage: python -m benchmarks.run [--rounds 5] [--rows N] [--only staging scoring memory fit] ...
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from benchmarks import fit_overhead, memory, scoring, settings, staging
from benchmarks.endpoint import sleeping_endpoint
from benchmarks.report import Report, machine

__all__ = ["main"]

PARTS = ("staging", "scoring", "memory", "fit")


def main() -> None:
    """Print each report as soon as it is there; end with 1 where a limit was missed."""
    parser = argparse.ArgumentParser(prog="benchmarks.run", description=__doc__)
    settings.add_arguments(parser)
    parser.add_argument("--latencies", type=int, nargs="+", default=[50, 200])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    arguments = parser.parse_args()
    print(f"{machine()}; {arguments.rounds} rounds after a warm one; ratios are of medians.\n")
    held = True
    for report in _reports(arguments):
        print(report.markdown(), flush=True)
        held = held and report.held
    sys.exit(0 if held else 1)


def _reports(arguments: argparse.Namespace) -> Iterator[Report]:
    rows, rounds = arguments.rows, arguments.rounds
    with settings.folders(arguments) as paths:
        if "staging" in arguments.only or "scoring" in arguments.only:
            with (
                sleeping_endpoint() as url,
                settings.our_side(2, url) as ours,
                settings.peer_side(paths, 2) as peer,
            ):
                if "staging" in arguments.only:
                    yield staging.measure(ours, peer, arguments.data, rows, rounds, paths)
                if "scoring" in arguments.only:
                    latencies = arguments.latencies
                    yield scoring.measure(ours, peer, url, rows, rounds, latencies, paths)
        if "memory" in arguments.only:
            yield memory.measure(memory.DATA, rows, paths)
        if "fit" in arguments.only:
            yield fit_overhead.measure(rows or fit_overhead.ROWS, rounds, paths)


if __name__ == "__main__":
    main()

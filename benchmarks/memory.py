"""Peak memory of a Python worker as the rows of one partition grow tenfold, S3 upload included.

The peak is the kernel's own high-water mark of the worker's resident set, read after the action
from the worker, which is then still alive. Each figure comes from a Spark of its own.

usage: python -m benchmarks.memory [--rows 1000000] [--data dense sp200] ...
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks import settings
from benchmarks.data import DATASETS
from benchmarks.endpoint import sleeping_endpoint
from benchmarks.report import Check, Report, machine

__all__ = ["measure"]

FORMATS = ("recordio", "libsvm", "csv", "parquet")
DATA = ("dense", "sp200", "sp262k")
GROWTH = 10
WIDEST_TEXT = 1_000
"""CSV and Parquet have a cell for every feature: they are for narrow data."""


def measure(names: Sequence[str], rows: int | None, paths: settings.Paths) -> Report:
    """Stage to the local S3, and score, a tenth of the rows and then all of them."""
    report = Report(
        "Memory: peak resident MB of the Python worker, one partition",
        ("data", "job", "rows", "MB", "rows", "MB"),
    )
    for name in names:
        many = rows or DATASETS[name].rows
        for job in _jobs(name):
            sizes = (many // GROWTH, many)
            peaks = [_peak(name, size, job, paths) / 1e6 for size in sizes]
            cells = [f"{n:,}" for pair in zip(sizes, peaks, strict=True) for n in map(round, pair)]
            report.rows.append((name, job, *cells))
            what = f"{name}: {job}, peak with {GROWTH} times the rows"
            report.checks.append(Check(what, peaks[1] / peaks[0], at_most=1.1))
            print(f"{name} {job}: {cells}", file=sys.stderr)
    report.notes.append(machine())
    return report


def _jobs(name: str) -> list[str]:
    if DATASETS[name].features > WIDEST_TEXT:
        return [f"stage {each}" for each in FORMATS[:2]]
    # Scoring holds eight payloads of 5 MiB: only in text are a tenth of the rows as many.
    return [*(f"stage {each}" for each in FORMATS), "score csv"]


def _peak(name: str, rows: int, job: str, paths: settings.Paths) -> int:
    """Do one job in a Spark of its own and return the bytes of its largest worker."""
    with settings.our_side(1) as maker:
        data = maker("make", name=name, rows=rows, cache=str(paths.cache))["path"]
    kind, encoding = job.split()
    way = _staged if kind == "stage" else _scored
    arrived, peak = way({"data": data, "format": encoding, "partitions": 1})
    if arrived != rows:
        raise RuntimeError(f"{job} of {name}: {arrived} rows of {rows} arrived")
    return peak


def _staged(arguments: dict[str, Any]) -> tuple[int, int]:
    import boto3

    from sparkml_sm.local import LocalSageMaker

    with LocalSageMaker():
        boto3.client("s3").create_bucket(Bucket="benchmarks")
        with settings.our_side(1) as ours:
            rows = ours("stage", out="s3://benchmarks/memory", **arguments)["rows"]
            return rows, ours("worker_peak")["bytes"]


def _scored(arguments: dict[str, Any]) -> tuple[int, int]:
    with sleeping_endpoint() as url, settings.our_side(1, url) as ours:
        rows = ours("score", endpoint="sleep-50", **arguments)["rows"]
        return rows, ours("worker_peak")["bytes"]


def main() -> None:
    """Run it by itself."""
    parser = argparse.ArgumentParser(prog="benchmarks.memory", description=__doc__)
    settings.add_arguments(parser, data=DATA)
    arguments = parser.parse_args()
    with settings.folders(arguments) as paths:
        report = measure(arguments.data, arguments.rows, paths)
    report.finish()


if __name__ == "__main__":
    main()

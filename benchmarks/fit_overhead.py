"""Seconds that `fit` spends outside staging and the training job, on the local SageMaker.

A round times one `stage` of the data, then one `fit` on it; the job's own seconds are those from
its CreationTime to its TrainingEndTime. What `fit` took beyond both is its overhead: checks, the
bucket, requests, polling, deleting the staged data.

usage: python -m benchmarks.fit_overhead [--rounds 5] [--rows 20000] ...
"""

from __future__ import annotations

import argparse
from functools import partial

from benchmarks import settings
from benchmarks.report import Check, Report, machine, take_turns
from benchmarks.side import Side

__all__ = ["measure"]

ROWS = 20_000
LIMIT = 2.0


def measure(rows: int, rounds: int, paths: settings.Paths) -> Report:
    """Fit XGBoost on a small dense set, without an endpoint."""
    import boto3

    from sparkml_sm.local import LocalSageMaker

    with LocalSageMaker(), settings.our_side(2) as ours:
        boto3.client("s3").create_bucket(Bucket="benchmarks")
        return _measure(ours, rows, rounds, paths)


def _measure(ours: Side, rows: int, rounds: int, paths: settings.Paths) -> Report:
    made = ours("make", name="dense", rows=rows, cache=str(paths.cache))
    way = partial(ours, "fit", data=made["path"])
    (measured,) = take_turns({"fit": way}, rounds).values()
    report = Report(
        f"fit: seconds on {rows:,} rows of 50 features, local SageMaker",
        ("round", "fit", "staging", "job", "the rest"),
    )
    for number, answer in enumerate(measured.answers, 1):
        figures = (answer["fit"], answer["staging"], answer["job"], answer["seconds"])
        report.rows.append((str(number), *(f"{figure:.2f}" for figure in figures)))
    report.checks.append(
        Check("fit: seconds outside staging and job, median", measured.median, at_most=LIMIT)
    )
    report.notes += [f"Ours: {ours('versions')}.", machine()]
    return report


def main() -> None:
    """Run it by itself."""
    parser = argparse.ArgumentParser(prog="benchmarks.fit_overhead", description=__doc__)
    settings.add_arguments(parser)
    arguments = parser.parse_args()
    rows = arguments.rows or ROWS
    with settings.folders(arguments) as paths:
        report = measure(rows, arguments.rounds, paths)
    report.finish()


if __name__ == "__main__":
    main()

"""Rows a second through an endpoint that takes 50 ms and 200 ms a request.

Ours keeps several requests in flight in each task. It is compared with one blocking request of at
most 5 MB at a time in each task, written in three ways:

- *pandas loop*: `mapInPandas`, pandas writes the CSV, boto3 sends it; what one writes oneself;
- *same encoder*: the same loop on this library's columns and encoder, so that what the requests in
  flight gain stands alone;
- *predecessor*: `sagemaker_pyspark` itself, on Spark 3.3, with its own serializer.

The endpoint is a process that counts the rows, sleeps and answers; it shares the machine's cores.

usage: python -m benchmarks.scoring [--rounds 5] [--rows N] [--latencies 50 200] ...
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial

from benchmarks import settings
from benchmarks.endpoint import sleeping_endpoint
from benchmarks.report import Answer, Check, Measured, Report, machine, take_turns
from benchmarks.side import Side

__all__ = ["measure"]

FORMATS = ("csv", "libsvm", "recordio")
GAIN = 3.0


def measure(
    ours: Side,
    peer: Side,
    url: str,
    rows: int | None,
    rounds: int,
    latencies: Sequence[int],
    paths: settings.Paths,
) -> Report:
    """Score the dense data set in every way, in turns."""
    made = ours("make", name="dense", rows=rows, cache=str(paths.cache))
    report = Report(
        f"Scoring: {made['rows']:,} rows of 50 features, 2 tasks",
        ("ms a request", "way", "median s", "best s", "rows/s"),
    )
    for latency in latencies:
        ways = _ways(ours, peer, made["path"], url, f"sleep-{latency}")
        measured = take_turns(ways, rounds)
        for way, each in measured.items():
            _all_rows(way, each, made["rows"])
            speed = f"{made['rows'] / each.median:,.0f}"
            cells = (str(latency), way, f"{each.median:.2f}", f"{each.best:.2f}", speed)
            report.rows.append(cells)
        report.checks += _checks(latency, measured)
    report.notes += [f"Predecessor: {peer('versions')}; ours: {ours('versions')}.", machine()]
    return report


def _ways(
    ours: Side, peer: Side, data: str, url: str, endpoint: str
) -> dict[str, Callable[[], Answer]]:
    job = {"data": data, "endpoint": endpoint}
    ways: dict[str, Callable[[], Answer]] = {
        "csv, pandas loop": partial(ours, "loop_pandas", **job)
    }
    for encoding in FORMATS:
        with_format = {**job, "format": encoding}
        ways[f"{encoding}, predecessor"] = partial(peer, "score", url=url, **with_format)
        ways[f"{encoding}, same encoder"] = partial(ours, "loop_encoder", **with_format)
        ways[f"{encoding}, ours"] = partial(ours, "score", **with_format)
    return ways


def _checks(latency: int, measured: dict[str, Measured]) -> list[Check]:
    """Compare within a format; the pandas loop, which knows CSV alone, with ours in CSV."""
    checks = []
    for encoding in FORMATS:
        ours = measured[f"{encoding}, ours"].median
        for way in ("pandas loop", "predecessor", "same encoder"):
            other = measured.get(f"{encoding}, {way}")
            if other is not None:
                what = f"{latency} ms, {encoding}: rows/s over the {way}'s"
                checks.append(Check(what, other.median / ours, at_least=GAIN))
    return checks


def _all_rows(way: str, measured: Measured, rows: int) -> None:
    for answer in measured.answers:
        if answer["rows"] != rows:
            raise RuntimeError(f"{way}: {answer['rows']} rows of {rows} were scored")


def main() -> None:
    """Run it by itself."""
    parser = argparse.ArgumentParser(prog="benchmarks.scoring", description=__doc__)
    settings.add_arguments(parser)
    parser.add_argument("--latencies", type=int, nargs="+", default=[50, 200])
    arguments = parser.parse_args()
    rows, rounds, latencies = arguments.rows, arguments.rounds, arguments.latencies
    with (
        sleeping_endpoint() as url,
        settings.folders(arguments) as paths,
        settings.our_side(2, url) as ours,
        settings.peer_side(paths, 2) as peer,
    ):
        report = measure(ours, peer, url, rows, rounds, latencies, paths)
    report.finish()


if __name__ == "__main__":
    main()

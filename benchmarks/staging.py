"""DataFrame to training files: ours, the predecessor's, and the floor that Arrow's transfer sets.

usage: python -m benchmarks.staging [--rounds 5] [--rows N] [--data dense sp200 sp262k] ...
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks import settings
from benchmarks.report import Answer, Check, Measured, Report, machine, take_turns
from benchmarks.side import Side

__all__ = ["measure"]

LIMITS = {  # RecordIO over the predecessor, over the transfer; LIBSVM over the predecessor
    "dense": (1.5, 1.2, 1.3),
    "sp200": (1.5, 1.4, 0.9),
    "sp262k": (1.3, 1.6, 0.9),
}


def measure(
    ours: Side,
    peer: Side,
    names: Sequence[str],
    rows: int | None,
    rounds: int,
    paths: settings.Paths,
) -> Report:
    """Let both sides write every data set in both formats, in turns."""
    report = Report(
        "Staging: seconds from DataFrame to files", ("data", "way", "median", "best", "rows/s")
    )
    for name in names:
        made = ours("make", name=name, rows=rows, cache=str(paths.cache))
        measured = take_turns(_ways(ours, peer, made["path"], paths.out), rounds)
        for way, each in measured.items():
            speed = f"{made['rows'] / each.median:,.0f}"
            cells = (name, way, f"{each.median:.2f}", f"{each.best:.2f}", speed)
            report.rows.append(cells)
        report.checks += _checks(name, measured)
        report.notes.append(_identity(name, paths.out))
        for folder in paths.out.iterdir():
            shutil.rmtree(folder)
    report.notes += [f"Predecessor: {peer('versions')}; ours: {ours('versions')}.", machine()]
    return report


def _ways(ours: Side, peer: Side, data: str, out: Path) -> dict[str, Callable[[], Answer]]:
    ways: dict[str, Callable[[], Answer]] = {
        "scan only, predecessor's Spark": partial(peer, "scan", data=data),
        "scan only, our Spark": partial(ours, "scan", data=data),
        "Arrow transfer only": partial(ours, "transfer", data=data),
    }
    for encoding in ("recordio", "libsvm"):
        for name, side in (("predecessor", peer), ("ours", ours)):
            folder = out / f"{name}-{encoding}"
            way = partial(side, "stage", data=data, out=str(folder), format=encoding)
            ways[f"{encoding}, {name}"] = way
    return ways


def _checks(name: str, measured: dict[str, Measured]) -> list[Check]:
    over_peer, over_floor, text_over_peer = LIMITS[name]
    floor = measured["Arrow transfer only"].median
    peer, ours = (measured[f"recordio, {side}"].median for side in ("predecessor", "ours"))
    text_peer, text = (measured[f"libsvm, {side}"].median for side in ("predecessor", "ours"))
    return [
        Check(f"{name}: RecordIO rows/s over the predecessor's", peer / ours, at_least=over_peer),
        Check(f"{name}: RecordIO seconds over the transfer's", ours / floor, at_most=over_floor),
        Check(f"{name}: LIBSVM rows/s over the predecessor's", text_peer / text, text_over_peer),
    ]


def _identity(name: str, out: Path) -> str:
    """Say whether both sides' RecordIO files hold the same bytes in the same order."""
    sums = [_digest(out / f"{side}-recordio") for side in ("predecessor", "ours")]
    same = "the same bytes" if sums[0] == sums[1] else f"DIFFERENT bytes: {sums}"
    return f"{name}: both RecordIO stagings hold {same}."


def _digest(folder: Path) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    for path in sorted(folder.rglob("*")):
        hidden = path.name.startswith(("_", ".")) or "manifest" in path.name
        if path.is_file() and not hidden:
            content = path.read_bytes()
            digest.update(content)
            size += len(content)
    return size, digest.hexdigest()[:12]


def main() -> None:
    """Run it by itself."""
    parser = argparse.ArgumentParser(prog="benchmarks.staging", description=__doc__)
    settings.add_arguments(parser)
    arguments = parser.parse_args()
    with (
        settings.folders(arguments) as paths,
        settings.our_side(2) as ours,
        settings.peer_side(paths, 2) as peer,
    ):
        report = measure(ours, peer, arguments.data, arguments.rows, arguments.rounds, paths)
    report.finish()


if __name__ == "__main__":
    main()

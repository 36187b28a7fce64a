"""What all benchmarks are told: where things lie, and how often to run."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.data import DATASETS, cache_directory
from benchmarks.side import Side

__all__ = ["Paths", "add_arguments", "folders", "our_side", "peer_side"]


@dataclass(frozen=True)
class Paths:
    """Where things lie: the data sets, the written files, the predecessor's environment."""

    cache: Path
    out: Path
    peer: Path


@contextmanager
def folders(arguments: argparse.Namespace) -> Iterator[Paths]:
    """Read the paths from the command line; the output folder is this run's and goes with it."""
    arguments.cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sparkml_sm-bench-", dir=arguments.out) as out:
        yield Paths(arguments.cache, Path(out), arguments.peer)


def add_arguments(
    parser: argparse.ArgumentParser, *, data: Sequence[str] = tuple(DATASETS)
) -> None:
    """Add the options that all benchmarks share, with the defaults of one of them."""
    memory = Path("/dev/shm")
    temporary = Path(tempfile.gettempdir())
    peer = Path(os.environ.get("SPARKML_SM_PEER", temporary / "sparkml_sm-peer"))
    add = parser.add_argument
    add("--rounds", type=int, default=5, help="measured rounds, after one that is thrown away")
    add("--rows", type=int, help="rows of each data set, to try things out")
    add("--data", nargs="+", choices=list(DATASETS), default=data)
    add("--cache", type=Path, default=cache_directory(), help="where the data sets are kept")
    add("--out", type=Path, default=memory if memory.is_dir() else temporary, help="written files")
    add("--peer", type=Path, default=peer, help="the environment made by setup_peer.sh")


def our_side(cores: int, url: str | None = None) -> Side:
    """Start our side on the Python that runs the benchmark, with its endpoints at `url`."""
    variables = {} if url is None else _endpoints_at(url)
    return Side("ours", sys.executable, "benchmarks.our_side", str(cores), variables=variables)


def _endpoints_at(url: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL_SAGEMAKER": url,
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }


def peer_side(paths: Paths, cores: int) -> Side:
    """Start the predecessor's side on its own Python."""
    python = paths.peer / "bin" / "python"
    if not python.exists():
        sys.exit(f"no predecessor at {paths.peer}: run benchmarks/setup_peer.sh {paths.peer}")
    return Side("predecessor", python, "benchmarks.peer_side", str(cores))

"""The command line `sparkml-sm`: one file a command, nothing heavy imported before one runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from sparkml_sm.cli import demo, local
from sparkml_sm.errors import SparkMLSageMakerError

__all__ = ["main"]

_COMMANDS = (demo, local)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments after the program's name; those of the process by default.

    Returns
    -------
    int
        The exit status: 0, or 1 where anything failed, or 130 after Ctrl-C.

    Raises
    ------
    SystemExit
        With status 2 for wrong arguments, and 0 after ``--help`` and ``--version``.

    Examples
    --------
    >>> main(["demo", "--role", "arn:aws:iam::123456789012:role/sm"])
    Traceback (most recent call last):
    SystemExit: 2
    """
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except SparkMLSageMakerError as error:
        # The message is made to be read by itself; the classes of our tree keep it to one line.
        print(f"sparkml-sm: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("sparkml-sm: interrupted", file=sys.stderr)
        return 130


class _Version(argparse.Action):
    """Look up the version only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        from sparkml_sm import __version__

        print(f"sparkml-sm {__version__}")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sparkml-sm",
        description="Train and score on Amazon SageMaker from Spark ML Pipelines.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add_parser(commands)
    return parser

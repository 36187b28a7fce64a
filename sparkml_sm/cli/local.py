"""`sparkml-sm local`: a local SageMaker for other programs, until Ctrl-C."""

from __future__ import annotations

import argparse
from typing import Any

__all__ = ["add_parser", "run"]


def add_parser(commands: Any) -> None:
    """Add this command to the program's sub-parsers."""
    parser = commands.add_parser(
        "local",
        help="run a local SageMaker until Ctrl-C",
        description="Starts a SageMaker and an S3 on 127.0.0.1, prints the `export` lines that "
        "lead any AWS client to them, and runs until Ctrl-C.",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001 (a command's signature)
    """Run the local SageMaker."""
    from sparkml_sm.local.__main__ import main

    return main([])

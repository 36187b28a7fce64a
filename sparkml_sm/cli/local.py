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
        epilog="botocore reads the endpoint of CloudWatch Logs from another variable: a program "
        "that reads logs needs `export AWS_ENDPOINT_URL_CLOUDWATCH_LOGS=$AWS_ENDPOINT_URL_LOGS` as "
        "well. Where a proxy is set, `export NO_PROXY=127.0.0.1`.",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001 (a command's signature)
    """Run the local SageMaker."""
    from sparkml_sm.local.__main__ import main

    return main([])

"""``python -m sparkml_sm.local``: the local SageMaker in the foreground."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from sparkml_sm.errors import SparkMLSageMakerError
from sparkml_sm.local.process import serve_forever

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run until Ctrl-C; logs go to stderr."""
    parser = argparse.ArgumentParser(prog="python -m sparkml_sm.local", description=__doc__)
    parser.add_argument(
        "--invocation-timeout",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how long an endpoint's container may take for one request",
    )
    parser.add_argument("--owned", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    try:
        return serve_forever(options.owned, options.invocation_timeout)
    except SparkMLSageMakerError as error:
        logging.getLogger(__name__).error("%s", error)
        return 1


if __name__ == "__main__":
    sys.exit(main())

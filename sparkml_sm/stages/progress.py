"""What a user sees while a fit waits: plain lines on stderr, off by one switch."""

from __future__ import annotations

import logging
import os
import sys

__all__ = ["report", "showProgress"]

_log = logging.getLogger(__name__)
_shown = os.environ.get("SPARKML_SM_PROGRESS", "1") != "0"


def showProgress(shown: bool) -> None:
    """Turn the lines of progress on or off for this process.

    Parameters
    ----------
    shown : bool
        The environment variable ``SPARKML_SM_PROGRESS=0`` turns them off from the start.
    """
    global _shown  # noqa: PLW0603 (a switch of the process, like a log level)
    _shown = shown


def report(line: str) -> None:
    """Show one line of progress, and log it at level INFO."""
    _log.info("%s", line)
    if _shown:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

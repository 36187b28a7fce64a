"""The predecessor needed jars on Spark's class path; this library has none."""

from __future__ import annotations

__all__ = ["classpath_jars"]


def classpath_jars() -> list[str]:
    """Return no jar.

    Returns
    -------
    list of str
        Always empty, so that ``":".join(classpath_jars())`` in a program that was written for the
        predecessor adds nothing to the class path.
    """
    return []

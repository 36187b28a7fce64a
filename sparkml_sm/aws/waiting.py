"""Waiting for AWS: a pure judgement of each Describe answer, and one loop around it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["poll", "wait_for"]

Answer = Mapping[str, Any]


def poll(elapsed: float) -> float:
    """Return the seconds to sleep before the next Describe call, `elapsed` seconds after the first.

    A tenth of the time already waited, between 0.1 and 5 s: a job of seconds is noticed at once, a
    job of hours costs 720 calls an hour, as with the predecessor.
    """
    return min(max(elapsed / 10, 0.1), 5.0)


def wait_for(
    describe: Callable[[], Answer],
    finished: Callable[[Answer], bool],
    watch: Callable[[Answer], None],
    *,
    timeout: float | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Answer:
    """Call `describe` until `finished` says so, and return the last answer.

    Parameters
    ----------
    describe : callable
        Gives the resource as it is now.
    finished : callable
        Judges an answer, without side effects.
    watch : callable
        Sees every answer, for progress.
    timeout : float or None
        Seconds after which `TimeoutError` is raised; None waits for ever.
    sleep, clock : callable
        Replaceable, so that tests take no time.

    Returns
    -------
    mapping
        The answer that was judged finished.

    Raises
    ------
    TimeoutError
        After `timeout` seconds.
    """
    start = clock()
    while True:
        answer = describe()
        watch(answer)
        if finished(answer):
            return answer
        elapsed = clock() - start
        if timeout is not None and elapsed > timeout:
            raise TimeoutError(f"no end after {elapsed:.0f} s")
        sleep(poll(elapsed))

"""Waiting for AWS: a pure judgement of each Describe answer, and one loop around it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["FOR_EVER", "Patience", "poll", "wait_for"]

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, and how often to look.

    Attributes
    ----------
    timeout : float or None
        Seconds after which `TimeoutError` is raised; None waits for ever.
    interval : float, default 5.0
        The longest pause between two Describe calls, in seconds: 720 calls an hour.
    """

    timeout: float | None = None
    interval: float = 5.0


FOR_EVER = Patience()


def poll(elapsed: float, interval: float = FOR_EVER.interval) -> float:
    """Return the seconds to sleep before the next Describe call, `elapsed` seconds after the first.

    A tenth of the time already waited, between 0.1 s and `interval`: a job of seconds is noticed at
    once.
    """
    return min(max(elapsed / 10, 0.1), interval)


def wait_for(
    describe: Callable[[], Answer],
    finished: Callable[[Answer], bool],
    watch: Callable[[Answer], None],
    patience: Patience = FOR_EVER,
    *,
    what: str = "waiting",
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
    patience : Patience, default FOR_EVER
    what : str
        The resource, for the message of the error.
    sleep, clock : callable
        Replaceable, so that tests take no time.

    Returns
    -------
    mapping
        The answer that was judged finished.

    Raises
    ------
    TimeoutError
        After the timeout of `patience`.
    """
    start = clock()
    while True:
        answer = describe()
        watch(answer)
        if finished(answer):
            return answer
        elapsed = clock() - start
        if patience.timeout is not None and elapsed > patience.timeout:
            raise TimeoutError(f"{what}: no end after {elapsed:.0f} s")
        sleep(poll(elapsed, patience.interval))

"""Spark jobs that nobody waits for any more are cancelled."""

from __future__ import annotations

import contextlib
import signal
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

__all__ = ["cancelled_on_failure"]


@contextmanager
def cancelled_on_failure(spark: SparkSession) -> Iterator[None]:
    """Cancel the Spark jobs that were started inside, if an exception leaves it.

    Spark's own handler of Ctrl-C cannot speak to the JVM while the driver waits for an answer of
    it: the tasks would go on to their end, and Spark 3.5 raises a Py4JError. So Ctrl-C is a plain
    `KeyboardInterrupt` inside, and stays one: what Spark tells the JVM on the way out may find a
    broken connection, and that error says nothing to who pressed Ctrl-C.
    """
    tag = f"sparkml_sm-{uuid.uuid4().hex}"
    add, remove, cancel = _tagging(spark)
    add(tag)
    try:
        with _plain_interrupts():
            yield
    except BaseException as error:
        # What has failed by itself needs no cancelling, and a lost JVM must not hide the reason.
        with contextlib.suppress(Exception):
            cancel(tag)
        if _was_interrupted(error):
            raise KeyboardInterrupt from error
        raise
    finally:
        with contextlib.suppress(Exception):
            remove(tag)


def _was_interrupted(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


@contextmanager
def _plain_interrupts() -> Iterator[None]:
    handler = signal.getsignal(signal.SIGINT)
    in_main = threading.current_thread() is threading.main_thread()
    # A handler of the user's own stays.
    if not in_main or not str(getattr(handler, "__module__", "")).startswith("pyspark."):
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def _tagging(spark: SparkSession) -> tuple[Callable[[str], object], ...]:
    if ".connect." in type(spark).__module__:
        return spark.addTag, spark.removeTag, spark.interruptTag
    # A classic session of Spark 3.5 has no tags, and in 4.x it keeps them by the JVM's thread,
    # which changes at Ctrl-C; the context's hold for all threads.
    context = spark.sparkContext
    return context.addJobTag, context.removeJobTag, context.cancelJobsWithTag

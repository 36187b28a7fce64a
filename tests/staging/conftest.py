"""DataFrames that fail on the way, with real tasks that really die."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest
from pyspark import TaskContext
from pyspark.sql import DataFrame


def _die_once(after: int) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        context = TaskContext.get()
        for number, batch in enumerate(batches):
            first_attempt = context is not None and context.attemptNumber() == 0
            if first_attempt and number >= after:
                os.kill(os.getpid(), signal.SIGKILL)
            yield batch

    return rows


@pytest.fixture
def dying() -> Callable[[DataFrame], DataFrame]:
    """Return a DataFrame of the same rows, whose tasks are killed midway at their first attempt."""
    return lambda df: df.mapInArrow(_die_once(after=1), df.schema)

"""How a job that nobody waits for any more ends."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from sparkml_sm.staging.jobs import cancelled_on_failure


def _interrupted_and_failing_on_the_way_out(spark: SparkSession) -> None:
    try:
        raise KeyboardInterrupt
    finally:
        spark.range(1).select("no such column")


def test_ctrl_c_stays_one_where_sparks_way_out_fails(spark: SparkSession) -> None:
    with pytest.raises(KeyboardInterrupt), cancelled_on_failure(spark):
        _interrupted_and_failing_on_the_way_out(spark)


def test_a_failure_of_its_own_stays_what_it_is(spark: SparkSession) -> None:
    with pytest.raises(ConnectionError, match="lost"), cancelled_on_failure(spark):
        raise ConnectionError("the JVM is lost")

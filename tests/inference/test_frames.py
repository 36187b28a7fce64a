"""Scoring with real Spark tasks against an endpoint that can be told to fail."""

from __future__ import annotations

import datetime
import os
import signal
from collections.abc import Iterator
from decimal import Decimal

import pyarrow as pa
import pytest
from pyspark import TaskContext
from pyspark.ml.linalg import Matrices, Vectors
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.inference.deserializers import XGBoostCSVRowDeserializer
from sparkml_sm.inference.frames import scored
from sparkml_sm.inference.realtime import RealTimeScorer
from sparkml_sm.inference.retries import Backoff
from sparkml_sm.inference.scoring import PartitionScorer
from sparkml_sm.inference.serializers import UnlabeledCSVRequestRowSerializer
from tests.inference.conftest import Endpoint


def _score(
    df: DataFrame, endpoint: Endpoint, *, prepend: bool = True, **options: object
) -> DataFrame:
    serializer = UnlabeledCSVRequestRowSerializer()
    deserializer = XGBoostCSVRowDeserializer()
    scorer = RealTimeScorer(
        endpoint.config,
        "an-endpoint",
        serializer.contentType,
        deserializer.accept,
        backoff=Backoff(first=0.01),
        **options,  # type: ignore[arg-type]
    )
    return scored(df, PartitionScorer(serializer, deserializer, scorer), prepend)


def _numbers(spark: SparkSession, rows: int, partitions: int = 2) -> DataFrame:
    number = F.col("id").cast("double")
    return spark.range(0, rows, numPartitions=partitions).select(
        "id", F.array(number, number + 1).alias("features")
    )


def test_every_row_gets_its_own_answer_across_payloads(
    spark: SparkSession, endpoint: Endpoint
) -> None:
    df = _score(_numbers(spark, 50_000), endpoint, payload_bytes=10_000)
    assert df.filter("prediction != id").count() == 0
    assert len(endpoint.rows) == 50_000
    assert endpoint.requests > 50


def test_input_columns_of_any_type_pass_through(spark: SparkSession, endpoint: Endpoint) -> None:
    row = Row(
        features=Vectors.dense(7.0, 1.0),
        sparse=Vectors.sparse(3, {1: 2.0}),
        matrix=Matrices.dense(1, 2, [1.0, 2.0]),
        price=Decimal("1.50"),
        at=datetime.datetime(2026, 1, 2, 3, 4, 5),  # noqa: DTZ001 (Spark's own are naive)
        nested=Row(tags=["a", None], counts={"x": 1}),
        nothing="",
    )
    df = spark.createDataFrame([row]).withColumnRenamed("nothing", "dotted.name")
    out = _score(df, endpoint)
    assert out.schema.fields[:-1] == df.schema.fields
    [found] = out.collect()
    assert found["prediction"] == 7.0
    assert found.asDict()["sparse"] == row.sparse
    assert found["dotted.name"] == ""
    assert found["nested"]["counts"] == {"x": 1}


def test_only_the_answers_where_the_input_is_not_wanted(
    spark: SparkSession, endpoint: Endpoint
) -> None:
    assert _score(_numbers(spark, 3), endpoint, prepend=False).columns == ["prediction"]


def test_filter_and_select_send_each_row_once(spark: SparkSession, endpoint: Endpoint) -> None:
    df = _score(_numbers(spark, 1000), endpoint)
    kept = df.filter("prediction >= 500 and prediction < 600").select(
        "id", "prediction", (F.col("prediction") * 2).alias("twice")
    )
    assert len(kept.collect()) == 100
    assert len(endpoint.rows) == 1000


def test_nothing_is_sent_by_a_plan(spark: SparkSession, endpoint: Endpoint) -> None:
    df = _score(_numbers(spark, 1000), endpoint)
    assert df.columns[-1] == "prediction"
    df.schema  # noqa: B018
    df.explain()
    assert endpoint.requests == 0


def test_empty_partitions_send_nothing(spark: SparkSession, endpoint: Endpoint) -> None:
    assert _score(_numbers(spark, 2, partitions=6), endpoint).count() == 2
    assert _score(_numbers(spark, 0), endpoint).collect() == []


def test_no_request_asks_for_more_answers_than_fit(spark: SparkSession, endpoint: Endpoint) -> None:
    df = _score(_numbers(spark, 1_000, partitions=1), endpoint, answer_bytes=2_400)
    assert len(df.collect()) == 1_000
    assert endpoint.requests == 10


def test_several_requests_are_in_flight(spark: SparkSession, endpoint: Endpoint) -> None:
    endpoint.seconds = 0.2
    df = _score(_numbers(spark, 5_000, partitions=1), endpoint, payload_bytes=4_000, in_flight=4)
    assert df.agg(F.sum("prediction")).first()[0] == sum(range(5_000))  # type: ignore[index]
    assert endpoint.most_at_once == 4


def test_a_vector_of_class_probabilities(spark: SparkSession, endpoint: Endpoint) -> None:
    def probabilities(handler: object, _number: int) -> bool:
        lines = handler.body.decode().splitlines()  # type: ignore[attr-defined]
        text = "\n".join(f"[{line.split(',')[0]}, 0.5]" for line in lines)
        handler.answer(200, text.encode(), "text/csv")  # type: ignore[attr-defined]
        return True

    endpoint.fault = probabilities
    serializer = UnlabeledCSVRequestRowSerializer()
    deserializer = XGBoostCSVRowDeserializer("probability", vector=True)
    scorer = RealTimeScorer(endpoint.config, "e", serializer.contentType, deserializer.accept)
    df = scored(_numbers(spark, 3), PartitionScorer(serializer, deserializer, scorer), True)
    assert [row.probability for row in df.collect()] == [Vectors.dense(n, 0.5) for n in range(3)]


@pytest.mark.parametrize(
    "fault",
    [
        lambda h: h.fail(400, "ThrottlingException"),
        lambda h: h.fail(429, "ModelNotReadyException"),
        lambda h: h.fail(500, "InternalFailure"),
        lambda h: h.fail(503, "ServiceUnavailable"),
        lambda h: h.fail(530, "InternalDependencyException"),
        lambda h: h.model_error(503),
        lambda h: h.model_error(0),
        lambda h: h.drop(),
    ],
    ids=["throttled", "not-ready", "500", "503", "530", "model-503", "timed-out", "dropped"],
)
def test_a_passing_fault_is_tried_again_and_no_row_is_lost(
    spark: SparkSession, endpoint: Endpoint, fault: object
) -> None:
    def every_third(handler: object, number: int) -> bool:
        if number % 3:
            return False
        fault(handler)  # type: ignore[operator]
        return True

    endpoint.fault = every_third
    df = _score(_numbers(spark, 2_000), endpoint, payload_bytes=3_000)
    assert df.filter("prediction != id").count() == 0
    assert sorted(set(endpoint.rows)) == sorted(endpoint.rows)
    assert len(endpoint.rows) == 2_000


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (lambda h: h.score(extra=-1), r"sent 10 rows and answered"),
        (lambda h: h.score(extra=1), r"sent 10 rows and answered"),
        (lambda h: h.answer(200, b"", "text/csv"), r"sent 10 rows and answered"),
        (lambda h: h.answer(200, b"<html>\n" * 10, "text/html"), r"number"),
        (lambda h: h.model_error(400), r"'an-endpoint'.*the container cannot read the text/csv"),
        (lambda h: h.model_error(413), r"too long for the endpoint"),
        (lambda h: h.fail(403, "AccessDeniedException"), r"AccessDeniedException"),
        (lambda h: h.fail(400, "ValidationError", "Endpoint x not found."), r"not found"),
    ],
    ids=["short", "long", "empty", "html", "400", "413", "denied", "missing"],
)
def test_a_lasting_fault_fails_at_once_and_says_what_is_wrong(
    spark: SparkSession, endpoint: Endpoint, fault: object, message: str
) -> None:
    endpoint.fault = lambda handler, _number: fault(handler) or True  # type: ignore[operator]
    df = _score(_numbers(spark, 10, partitions=1), endpoint)
    with pytest.raises(Exception, match=message):
        df.collect()
    # One request an attempt of the task; Spark makes four.
    assert endpoint.requests <= 4


def test_an_endpoint_that_keeps_failing_ends_after_all_attempts(
    spark: SparkSession, endpoint: Endpoint
) -> None:
    endpoint.fault = lambda handler, _number: handler.fail(503, "ServiceUnavailable") or True  # type: ignore[func-returns-value]
    with pytest.raises(Exception, match=r"\(8 attempts\).*ServiceUnavailable"):
        _score(_numbers(spark, 10, partitions=1), endpoint).collect()


def test_a_killed_task_is_scored_again_and_every_row_has_its_answer(
    spark: SparkSession, endpoint: Endpoint
) -> None:
    def die_once(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        context = TaskContext.get()
        for number, batch in enumerate(batches):
            if number == 1 and context is not None and context.attemptNumber() == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            yield batch

    numbers = _numbers(spark, 40_000)
    df = _score(numbers.mapInArrow(die_once, numbers.schema), endpoint, payload_bytes=20_000)
    assert df.filter("prediction != id").count() == 0
    assert df.count() == 40_000


def test_a_null_row_is_named(spark: SparkSession, endpoint: Endpoint) -> None:
    df = spark.createDataFrame([([1.0],), (None,)], "features array<double>").coalesce(1)
    with pytest.raises(Exception, match=r"features.*row 1"):
        _score(df, endpoint).collect()


def test_an_output_column_that_stands_already_is_refused(
    spark: SparkSession, endpoint: Endpoint
) -> None:
    df = _numbers(spark, 1).withColumn("prediction", F.lit(1))
    with pytest.raises(InvalidDataError, match="already has a column 'prediction'"):
        _score(df, endpoint)


def test_a_row_longer_than_a_payload_is_named(spark: SparkSession, endpoint: Endpoint) -> None:
    with pytest.raises(Exception, match=r"row 0 of the partition is \d+ bytes"):
        _score(_numbers(spark, 1), endpoint, payload_bytes=2).collect()


def test_limit_closes_the_requests_that_are_not_needed(
    spark: SparkSession, endpoint: Endpoint
) -> None:
    df = _score(_numbers(spark, 30_000, partitions=1), endpoint, payload_bytes=1_000)
    assert len(df.limit(5).collect()) == 5
    assert len(endpoint.rows) < 30_000

"""Arguments that cannot score are refused before anything starts; no Spark is started."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.ml.linalg import MatrixUDT, VectorUDT
from pyspark.sql.types import (
    ArrayType,
    DateType,
    DoubleType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
    YearMonthIntervalType,
)

from sparkml_sm.errors import ConfigurationError
from sparkml_sm.inference.checks import checked_converters
from sparkml_sm.inference.deserializers import (
    ResponseRowDeserializer,
    XGBoostCSVRowDeserializer,
)
from sparkml_sm.inference.frames import output_schema
from sparkml_sm.inference.serializers import UnlabeledCSVRequestRowSerializer


class Unfinished(ResponseRowDeserializer):
    def __init__(self, **attributes: Any) -> None:
        for name, value in attributes.items():
            setattr(self, name, value)


SCORE = StructType([StructField("score", DoubleType())])


@pytest.mark.parametrize(
    ("serializer", "deserializer", "message"),
    [
        ("csv", None, "requestRowSerializer must be .* of type str: derive yours from"),
        (UnlabeledCSVRequestRowSerializer, None, "it is the class Unlab.*: call it"),
        (XGBoostCSVRowDeserializer(), None, "requestRowSerializer must be"),
        (None, "csv", "responseRowDeserializer must be .* of type str"),
        (None, XGBoostCSVRowDeserializer, "it is the class XGBoostCSV.*: call it"),
        (None, Unfinished(), "schema of the response deserializer is None: it must be a"),
        (None, Unfinished(schema="y double"), "is 'y double': it must be a StructType"),
        (None, Unfinished(schema=StructType()), r"is StructType\(\[\]\): it must"),
        (None, Unfinished(schema=SCORE, bytesPerRow=0), "bytesPerRow .* is 0"),
        (None, Unfinished(schema=SCORE, bytesPerRow="1"), "bytesPerRow .* is '1'"),
    ],
)
def test_what_cannot_score(serializer: Any, deserializer: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as failure:
        checked_converters(serializer, deserializer)
    assert "\n" not in str(failure.value)


def test_what_can_score() -> None:
    given = UnlabeledCSVRequestRowSerializer(), XGBoostCSVRowDeserializer()
    assert checked_converters(*given) == given
    assert checked_converters(None, None) == (None, None)


@pytest.mark.parametrize("kind", [ArrayType(VectorUDT()), MatrixUDT(), YearMonthIntervalType()])
def test_types_that_cannot_be_answered(kind: Any) -> None:
    answers = StructType([StructField("answer", kind)])
    with pytest.raises(ConfigurationError, match=r"'answer'.*vector|matrix|interval"):
        output_schema(SCORE, answers, True)


def test_a_name_twice() -> None:
    with pytest.raises(ConfigurationError, match="'score' twice"):
        output_schema(StructType(), StructType([*SCORE.fields, *SCORE.fields]), False)


@pytest.mark.parametrize("kind", [TimestampType(), TimestampNTZType(), DateType(), VectorUDT()])
def test_types_that_can_be_answered(kind: Any) -> None:
    answers = StructType([StructField("answer", kind)])
    assert output_schema(SCORE, answers, True).names == ["score", "answer"]

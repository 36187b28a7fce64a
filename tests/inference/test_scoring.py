"""What a task does with batches, with the scorer as a function; no Spark is started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest

from sparkml_sm.errors import ConfigurationError, InferenceError, InvalidDataError
from sparkml_sm.inference.deserializers import XGBoostCSVRowDeserializer
from sparkml_sm.inference.scoring import PartitionScorer
from sparkml_sm.inference.serializers import (
    FeatureRequestRowSerializer,
    UnlabeledCSVRequestRowSerializer,
)
from sparkml_sm.testing.formats import make_rows
from tests.inference.test_serializers import BUILT_IN, crossed


@dataclass
class Answers:
    """Answers the same to every payload."""

    answer: bytes
    payload_bytes: int = 1 << 20
    answer_bytes: int = 100
    in_flight: int = 1

    def __call__(self, payload: bytes) -> bytes:
        return self.answer


def score(serializer: Any, *batches: pa.Array, deserializer: Any = None) -> list[Any]:
    scorer = PartitionScorer(
        serializer, deserializer or XGBoostCSVRowDeserializer(), Answers(b"1\n2\n")
    )
    return list(scorer(batches))


def batch(*rows: Any, width: int = 2) -> pa.StructArray:
    return crossed(make_rows(list(rows), width))


FEATURES = [each for each in BUILT_IN if isinstance(each, FeatureRequestRowSerializer)]


@pytest.mark.parametrize("serializer", FEATURES, ids=lambda each: type(each).__name__)
@pytest.mark.parametrize(
    "other",
    [batch([1.0, 2.0, 3.0, 4.0], width=4), batch({0: 1.0}, width=4)],
    ids=["dense", "sparse"],
)
@pytest.mark.parametrize("first", [batch([1.0, 2.0]), batch({0: 1.0})], ids=["dense", "sparse"])
def test_all_rows_of_a_partition_have_one_width(
    serializer: FeatureRequestRowSerializer, first: pa.StructArray, other: pa.StructArray
) -> None:
    message = "row 1 of partition 0 .* has 4 features and 2 are expected"
    with pytest.raises(InvalidDataError, match=message):
        score(serializer, first[:0], first, first[:0], other)


def test_another_partition_may_have_another_width() -> None:
    serializer = UnlabeledCSVRequestRowSerializer()
    for width in (2, 3):
        row = [1.0] * width
        assert len(score(serializer, batch(row, width=width), batch(row, width=width))) == 1


def test_an_answer_over_the_limit_says_what_to_set() -> None:
    scorer = PartitionScorer(
        UnlabeledCSVRequestRowSerializer(), XGBoostCSVRowDeserializer(), Answers(b"1.0\n" * 50)
    )
    message = "has 200 bytes and an endpoint gives at most 100: pass bytesPerRow=100 to XGBoostCSV"
    with pytest.raises(InferenceError, match=message):
        list(scorer([batch([1.0, 2.0], [3.0, 4.0])]))


@pytest.mark.parametrize("name", ["bytesPerRow", "rowsPerRequest"])
def test_room_of_nothing(name: str) -> None:
    class Roomless(XGBoostCSVRowDeserializer):
        def __init__(self) -> None:
            super().__init__()
            vars(self)[name] = 0

    with pytest.raises(ConfigurationError, match=f"{name} of the response deserializer is 0"):
        score(UnlabeledCSVRequestRowSerializer(), batch([1.0, 2.0]), deserializer=Roomless())

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pyspark.ml.feature import SQLTransformer

from sparkml_sm.cli.corpus import Message, bundled_corpus, read_messages
from sparkml_sm.cli.report import Confusion
from sparkml_sm.cli.spam import count_answers, spam_pipeline, split_messages
from sparkml_sm.errors import InferenceError, InvalidDataError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_a_fifth_is_held_out_and_no_text_is_on_both_sides(spark: SparkSession) -> None:
    messages = read_messages([bundled_corpus()])

    split = split_messages(spark, messages)
    train = {row["text"] for row in split.train.collect()}
    held_out = [row["text"] for row in split.held_out.collect()]

    assert len(held_out) == split.rows == 977
    assert split.train.count() == len(messages) - 977
    assert train.isdisjoint(held_out)


def test_the_split_does_not_depend_on_the_order_of_the_rows(spark: SparkSession) -> None:
    messages = read_messages([bundled_corpus()])[:300]

    def held_out(rows: list[Message]) -> list[str]:
        return sorted(row["text"] for row in split_messages(spark, rows).held_out.collect())

    assert held_out(messages) == held_out(messages[::-1])


@pytest.mark.parametrize(("label", "missing"), [(0.0, "spam"), (1.0, "ham")])
def test_messages_of_one_kind_are_refused(spark: SparkSession, label: float, missing: str) -> None:
    messages = [Message(label, f"message {number}") for number in range(50)]

    with pytest.raises(InvalidDataError, match=f"no {missing} falls among"):
        split_messages(spark, messages)


def test_words_are_letters_in_lower_case_and_gaps_count(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(0.0, "Été 50%off")], "label double, text string")
    nothing = SQLTransformer(statement="SELECT * FROM __THIS__")

    row = spam_pipeline(nothing, 64).fit(frame).transform(frame).collect()[0]  # type: ignore[arg-type]

    assert row["words"] == ["été", "", "", "", "off"]
    assert row["features"].size == 64
    assert sorted(row["features"].values) == [1.0, 1.0, 3.0]


def answers(case: str) -> SQLTransformer:
    return SQLTransformer(statement=f"SELECT *, {case} AS prediction FROM __THIS__")


def test_probabilities_are_rounded_and_counted_by_what_the_message_is(spark: SparkSession) -> None:
    split = split_messages(spark, read_messages([bundled_corpus()]))

    confusion = count_answers(answers("if(label = 1, 0.51, 0.49)"), split)

    assert confusion == Confusion(ham_as_ham=839, spam_as_spam=137)
    assert count_answers(answers("0.2"), split) == Confusion(ham_as_ham=839, spam_as_ham=137)


@pytest.mark.parametrize("case", ["if(label = 1, 3.0, 0.0)", "if(label = 1, null, 0.0)"])
def test_answers_that_are_no_probabilities_are_an_error(spark: SparkSession, case: str) -> None:
    split = split_messages(spark, read_messages([bundled_corpus()]))

    with pytest.raises(InferenceError, match="839 of them have a prediction between 0 and 1"):
        count_answers(answers(case), split)

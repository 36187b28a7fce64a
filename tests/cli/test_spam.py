from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
from pyspark.ml.feature import SQLTransformer

from sparkml_sm.cli.corpus import Message, bundled_corpus, read_messages
from sparkml_sm.cli.report import Confusion
from sparkml_sm.cli.spam import (
    _interrupt_deferred,
    _spark_environment,
    count_answers,
    spam_pipeline,
    split_messages,
)
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

    assert confusion == Confusion(ham_as_ham=850, spam_as_spam=127)
    assert count_answers(answers("0.2"), split) == Confusion(ham_as_ham=850, spam_as_ham=127)


@pytest.mark.parametrize("case", ["if(label = 1, 3.0, 0.0)", "if(label = 1, null, 0.0)"])
def test_answers_that_are_no_probabilities_are_an_error(spark: SparkSession, case: str) -> None:
    split = split_messages(spark, read_messages([bundled_corpus()]))

    with pytest.raises(InferenceError, match="850 of them have a prediction between 0 and 1"):
        count_answers(answers(case), split)


def test_ctrl_c_is_held_back_until_the_context_ends() -> None:
    before = signal.getsignal(signal.SIGINT)
    started = []

    def start() -> None:
        with _interrupt_deferred():
            signal.raise_signal(signal.SIGINT)
            started.append(True)

    with pytest.raises(KeyboardInterrupt):
        start()

    assert started
    assert signal.getsignal(signal.SIGINT) is before


def test_another_thread_may_start_spark() -> None:
    done = []

    def start() -> None:
        with _interrupt_deferred():
            done.append(True)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()

    assert done


def test_another_spark_of_the_environment_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_HOME", "/opt/another-spark")
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", "--master yarn pyspark-shell")
    monkeypatch.setenv("PYSPARK_PYTHON", "python2")
    monkeypatch.delenv("SPARK_CONF_DIR", raising=False)
    before = dict(os.environ)

    with _spark_environment():
        assert not {"SPARK_HOME", "PYSPARK_SUBMIT_ARGS"} & os.environ.keys()
        assert os.environ["PYSPARK_PYTHON"] == sys.executable

    assert dict(os.environ) == before


def group_lives(group: int) -> bool:
    """Whether any process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_ctrl_c_while_spark_starts_leaves_no_java(monkeypatch: pytest.MonkeyPatch) -> None:
    program = """if True:
        import os, signal, sys, threading
        from sparkml_sm.cli.spam import spark_session

        def interrupt(event, arguments):
            if event == "subprocess.Popen" and "spark-submit" in str(arguments[0]):
                threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()

        sys.addaudithook(interrupt)
        try:
            with spark_session():
                sys.exit("not interrupted")
        except KeyboardInterrupt:
            pass
    """
    monkeypatch.setenv("SPARK_HOME", "/nowhere")
    process = subprocess.Popen(
        [sys.executable, "-c", program], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        deadline = time.monotonic() + 10
        while group_lives(process.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not group_lives(process.pid)
    finally:
        if group_lives(process.pid):
            os.killpg(process.pid, signal.SIGKILL)

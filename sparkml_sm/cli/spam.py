"""The spam classifier as a Spark ML Pipeline: the split, the stages and the counting of answers."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pyspark
from pyspark.ml import Estimator, Pipeline, Transformer
from pyspark.ml.feature import HashingTF, RegexTokenizer
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from sparkml_sm.cli.corpus import Message
from sparkml_sm.cli.java import java_environment
from sparkml_sm.cli.report import Confusion
from sparkml_sm.errors import InferenceError, InvalidDataError
from sparkml_sm.staging.failures import task_errors

__all__ = ["Split", "count_answers", "spam_pipeline", "spark_session", "split_messages"]

# Lead to another Spark than the one that this Python imports, or to its settings.
_OTHER_SPARK = (
    "PYSPARK_DRIVER_PYTHON",
    "PYSPARK_GATEWAY_PORT",
    "PYSPARK_GATEWAY_SECRET",
    "PYSPARK_SUBMIT_ARGS",
    "SPARK_CONF_DIR",
    "SPARK_HOME",
)


@dataclass(frozen=True, slots=True)
class Split:
    """Messages to learn from and messages to be judged by.

    Parameters
    ----------
    train, held_out : DataFrame
        Columns ``label`` (double, 1.0 is spam) and ``text``.
    rows : int
        How many messages are held out.
    """

    train: DataFrame
    held_out: DataFrame
    rows: int


@contextmanager
def spark_session() -> Iterator[SparkSession]:
    """Start a Spark on this machine, with a Java that it can run, and stop it at the end.

    Yields
    ------
    SparkSession

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C came while Spark started; it is stopped.
    """
    with java_environment(pyspark.__version__), _spark_environment(), ExitStack() as ending:
        builder = (
            SparkSession.builder.master("local[*]")
            .appName("sparkml-sm demo")
            .config("spark.log.level", "ERROR")
            .config("spark.sql.shuffle.partitions", "2")
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
        )
        if threading.current_thread() is threading.main_thread():
            # Spark sets a handler of its own, which cancels its jobs.
            ending.callback(signal.signal, signal.SIGINT, signal.getsignal(signal.SIGINT))
        with _interrupt_deferred():
            spark = builder.getOrCreate()
            ending.callback(spark.stop)
        yield spark


@contextmanager
def _spark_environment() -> Iterator[None]:
    """Hide the environment's other Spark, if it names one, while the context lasts."""
    # Without PYSPARK_PYTHON the tasks may run another Python than the driver's.
    ours = {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    before = {name: os.environ.pop(name, None) for name in (*_OTHER_SPARK, *ours)}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextmanager
def _interrupt_deferred() -> Iterator[None]:
    """Hold Ctrl-C back until the context ends: a Java left alone while it starts never ends."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []

    def remember(number: int, _frame: object) -> None:
        arrived.append(number)

    before = signal.signal(signal.SIGINT, remember)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is remember:  # and not Spark's, which is to stay
            signal.signal(signal.SIGINT, before)
    if arrived:
        raise KeyboardInterrupt


def split_messages(spark: SparkSession, messages: Sequence[Message]) -> Split:
    """Hold out a fifth of the messages, chosen by a hash of the text.

    The same text always falls on the same side, so that no message is learnt and then judged by;
    and the choice depends neither on the order of the rows nor on what the Pipeline does to them.

    Raises
    ------
    InvalidDataError
        A side would hold no ham or no spam.
    """
    frame = spark.createDataFrame(list(messages), "label double, text string").withColumn(
        # Of the five folds, the one whose accuracy on the bundled corpus is nearest to their mean.
        "held_out",
        F.expr("pmod(xxhash64(text), 5) = 2"),
    )
    counts = {
        (row["held_out"], row["label"]): row["count"]
        for row in frame.groupBy("held_out", "label").count().collect()
    }
    for side, name in ((False, "to train on"), (True, "to hold out")):
        for label, kind in ((0.0, "ham"), (1.0, "spam")):
            if not counts.get((side, label)):
                raise InvalidDataError(
                    f"no {kind} falls among the messages {name}: name a file with more messages of "
                    "each kind"
                )
    columns = ("label", "text")
    return Split(
        train=frame.where("not held_out").select(*columns),
        held_out=frame.where("held_out").select(*columns),
        rows=counts[True, 0.0] + counts[True, 1.0],
    )


def spam_pipeline(estimator: Estimator[Any], buckets: int) -> Pipeline:
    """Put the stages that turn ``text`` into ``features`` before `estimator`.

    Parameters
    ----------
    estimator : Estimator
        Learns from ``label`` and ``features``.
    buckets : int
        How many features the words are hashed into.
    """
    return Pipeline(
        stages=[
            # Lower case, and letters alone: any other character ends a word. The empty words
            # between two of them are kept: they tell how much of a text is digits and punctuation.
            RegexTokenizer(
                inputCol="text", outputCol="words", pattern=r"[^\p{L}]", minTokenLength=0
            ),
            HashingTF(inputCol="words", outputCol="features", numFeatures=buckets),
            estimator,
        ]
    )


def count_answers(model: Transformer, split: Split) -> Confusion:
    """Score the held-out messages, once, and count the answers.

    Parameters
    ----------
    model : Transformer
        Appends ``prediction``, the probability of spam.
    split : Split
        As `split_messages` made it.

    Raises
    ------
    InferenceError
        Some message has no answer, or an answer is no probability.
    """
    scored = model.transform(split.held_out).select("label", F.round("prediction").alias("answer"))
    with task_errors():
        rows = scored.groupBy("label", "answer").count().collect()
    counts = {(row["label"], row["answer"]): row["count"] for row in rows}
    confusion = Confusion(
        ham_as_ham=counts.get((0.0, 0.0), 0),
        ham_as_spam=counts.get((0.0, 1.0), 0),
        spam_as_ham=counts.get((1.0, 0.0), 0),
        spam_as_spam=counts.get((1.0, 1.0), 0),
    )
    if confusion.rows != split.rows:
        raise InferenceError(
            f"{split.rows} messages were held out and {confusion.rows} of them have a prediction "
            "between 0 and 1: is this model's objective binary:logistic?"
        )
    return confusion

"""`sparkml-sm demo`: train and score a spam classifier on SageMaker, the local one by default."""

from __future__ import annotations

import argparse
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sparkml_sm.cli.console import result_stream
from sparkml_sm.cli.corpus import Message, bundled_corpus, read_messages
from sparkml_sm.cli.report import Confusion, json_line, text_lines
from sparkml_sm.errors import ConfigurationError, SparkMLSageMakerError

if TYPE_CHECKING:
    from sparkml_sm import SageMakerModel, XGBoostSageMakerEstimator
    from sparkml_sm.aws.config import AwsConfig
    from sparkml_sm.cli.leftovers import Leftovers

__all__ = ["add_parser", "run"]

_INSTANCE = "ml.m5.large"
_LOCAL_ROLE = "arn:aws:iam::123456789012:role/sparkml-sm-demo"


@dataclass(frozen=True, slots=True)
class _Recipe:
    buckets: int
    rounds: int


_OURS = _Recipe(buckets=4096, rounds=100)
_BOOK = _Recipe(buckets=200, rounds=25)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one run is: all names that it makes, and all its keys in the bucket, begin alike."""

    config: AwsConfig
    bucket: str
    name: str


def add_parser(commands: Any) -> None:
    """Add this command to the program's sub-parsers."""
    parser = commands.add_parser(
        "demo",
        help="train and score a spam classifier, on this machine or on AWS",
        description="Cleans and hashes messages, trains XGBoost on SageMaker, scores the held-out "
        "fifth, and deletes what it created. Runs on a local SageMaker unless --aws is given.",
    )
    parser.add_argument(
        "--data",
        nargs="+",
        type=Path,
        default=(),
        metavar="PATH",
        help="your messages: one file of label<TAB>text lines (ham or spam, or 0 or 1), or two "
        "files of one message a line, ham first; the SMS Spam Collection by default",
    )
    parser.add_argument(
        "--book",
        action="store_true",
        help=f"{_BOOK.buckets} hash buckets and {_BOOK.rounds} rounds, as in the book, "
        f"instead of {_OURS.buckets} and {_OURS.rounds}",
    )
    parser.add_argument(
        "--json", action="store_true", help="print one line of JSON and nothing else"
    )
    parser.add_argument(
        "--aws",
        action="store_true",
        help="run on AWS with the environment's credentials; the job and the endpoint are billed",
    )
    parser.add_argument("--role", metavar="ARN", help="the role that SageMaker assumes, with --aws")
    parser.add_argument("--region", help="the AWS region, with --aws; else the environment's")
    parser.set_defaults(run=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the demo.

    Parameters
    ----------
    arguments : argparse.Namespace
        What the parser of `add_parser` returns.

    Returns
    -------
    int
        0, or 1 where something of the run stands in the account.

    Raises
    ------
    SparkMLSageMakerError
        Something failed; what was created is deleted, or named on stderr.
    """
    _check(arguments)
    started = time.monotonic()
    with result_stream() as out:
        _check_installed()
        messages = read_messages(arguments.data or [bundled_corpus()])
        with _sagemaker(arguments) as role:
            place = _new_place()
            confusion = _train_and_score(messages, place, role, _BOOK if arguments.book else _OURS)
            leftovers = _leftovers(place)
        _tell(f"not counted: {', '.join(leftovers.records)}; bucket {place.bucket}")
        left = len(leftovers.resources)
        if arguments.json:
            lines = [json_line(confusion, left, time.monotonic() - started)]
        else:
            lines = text_lines(confusion, left)
        print(*lines, sep="\n", file=out)
    return 1 if left else 0


def _check(arguments: argparse.Namespace) -> None:
    if len(arguments.data) > 2:
        arguments.parser.error("--data takes one file of label<TAB>text lines, or two: ham, spam")
    if arguments.aws and not arguments.role:
        arguments.parser.error("--aws needs --role ARN, the role that SageMaker assumes")
    for option in ("role", "region"):
        if getattr(arguments, option) and not arguments.aws:
            arguments.parser.error(f"--{option} goes with --aws")


def _check_installed() -> None:
    if find_spec("pyspark") is None:
        raise ConfigurationError(
            "Spark is not installed: run `pip install 'sparkml-sm[demo]'`, which brings a Java too"
        )


def _tell(line: str) -> None:
    from sparkml_sm.stages.progress import report

    report(line)


@contextmanager
def _sagemaker(arguments: argparse.Namespace) -> Iterator[str]:
    """Give the role for the SageMaker that the environment names while this lasts."""
    if arguments.aws:
        if arguments.region:
            os.environ["AWS_DEFAULT_REGION"] = arguments.region
        yield arguments.role
        return
    from sparkml_sm.local import LocalSageMaker

    _tell("starting a local SageMaker")
    with LocalSageMaker():
        yield _LOCAL_ROLE


def _new_place() -> _Place:
    from sparkml_sm.aws.config import driver_config
    from sparkml_sm.aws.s3 import auto_bucket

    config = driver_config()
    bucket = auto_bucket(config.client("s3"), config.client("sts"), config.region)
    return _Place(config, bucket, f"demo-{secrets.token_hex(3)}-")


def _train_and_score(
    messages: Sequence[Message], place: _Place, role: str, recipe: _Recipe
) -> Confusion:
    from sparkml_sm.cli.spam import count_answers, spam_pipeline, spark_session, split_messages

    _tell("starting Spark")
    with spark_session() as spark:
        split = split_messages(spark, messages)
        _tell(f"{len(messages) - split.rows:,} messages to train on, {split.rows:,} held out")
        pipeline = spam_pipeline(_estimator(place, role, recipe.rounds), recipe.buckets)
        try:
            model = pipeline.fit(split.train)
            try:
                _tell("scoring the held-out messages")
                return count_answers(model, split)
            finally:
                _delete(cast("SageMakerModel", model.stages[-1]))
        except BaseException:
            _name_leftovers(place)
            raise


def _delete(model: SageMakerModel) -> None:
    _tell("deleting what was created")
    try:
        model.deleteResources(artifacts=True)
    except KeyboardInterrupt:
        # What stands is billed, and what is gone already is no error.
        _tell("interrupted: deleting the rest; Ctrl-C again gives up")
        model.deleteResources(artifacts=True)
        raise


def _estimator(place: _Place, role: str, rounds: int) -> XGBoostSageMakerEstimator:
    from sparkml_sm import IAMRole, RandomNamePolicyFactory, XGBoostSageMakerEstimator

    return XGBoostSageMakerEstimator(
        trainingInstanceType=_INSTANCE,
        trainingInstanceCount=1,
        endpointInstanceType=_INSTANCE,
        endpointInitialInstanceCount=1,
        sagemakerRole=IAMRole(role),
        trainingInstanceVolumeSizeInGB=10,
        namePolicyFactory=RandomNamePolicyFactory(place.name),
        num_round=rounds,
        objective="binary:logistic",
    )


def _name_leftovers(place: _Place) -> None:
    """Say what a failed run could not delete; what made it fail is the error to be raised."""
    try:
        standing = _leftovers(place).resources
    except SparkMLSageMakerError as error:
        standing = (f"perhaps something, for {error}",)
    for resource in standing:
        _tell(f"still stands: {resource}")


def _leftovers(place: _Place) -> Leftovers:
    from sparkml_sm.aws.calls import aws_call
    from sparkml_sm.cli.leftovers import find_leftovers

    with aws_call("listing", f"what the run {place.name} left"):
        return find_leftovers(
            place.config.client("sagemaker"),
            place.config.client("s3"),
            bucket=place.bucket,
            name=place.name,
        )

"""Which channels a fit has: the rows that it is given, validation rows, and what the user adds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyspark.sql.functions as F
from pyspark.sql import Column, DataFrame
from pyspark.sql.types import BooleanType, StructType

from sparkml_sm.aws.paths import split_s3_uri
from sparkml_sm.catalog.algorithm import Algorithm
from sparkml_sm.errors import ConfigurationError, InvalidDataError
from sparkml_sm.stages.channels import Channel, JobChannels, PlannedChannel, as_channel
from sparkml_sm.staging.columns import column_type

__all__ = ["VALIDATION", "check_algorithm_channels", "check_channels", "plan_channels"]

VALIDATION = "validation"


def _given(settings: Mapping[str, Any]) -> dict[str, Channel]:
    return {name: as_channel(found) for name, found in (settings["channels"] or {}).items()}


def plan_channels(
    settings: Mapping[str, Any], dataset: DataFrame, uri: str, content_type: str | None
) -> JobChannels:
    """Return the channels of a fit on `dataset`, the training channel first.

    Parameters
    ----------
    settings : mapping
        An estimator's service arguments by name, checked by `check_channels`.
    dataset : DataFrame
    uri : str
        Where rows are staged below.
    content_type : str or None
        Of staged rows, and of data in S3 that does not say its own.
    """
    given, train = _given(settings), settings["trainingChannelName"]
    indicator = settings["validationIndicatorCol"]
    if indicator is not None:
        given[VALIDATION] = Channel(dataset.filter(_indicated(indicator)))
        dataset = dataset.filter(~_indicated(indicator))
    given = {train: given.pop(train, Channel(dataset)), **given}
    of_s3 = given[train].contentType or content_type
    planned = [
        PlannedChannel(
            name=name,
            rows=None if isinstance(channel.data, str) else channel.data,
            uri=_s3_uri(channel.data) if isinstance(channel.data, str) else uri,
            data_type=channel.s3DataType,
            distribution=channel.distribution
            or (settings["trainingS3DataDistribution"] if name == train else "FullyReplicated"),
            input_mode=channel.inputMode or settings["trainingInputMode"],
            content_type=channel.contentType
            or (of_s3 if isinstance(channel.data, str) else content_type),
            compression=settings["trainingCompressionCodec"] if name == train else None,
        )
        for name, channel in given.items()
    ]
    return JobChannels(tuple(planned))


def _s3_uri(text: str) -> str:
    # SageMaker knows no s3a:// and s3n://, which Spark's users write.
    bucket, key = split_s3_uri(text)
    return f"s3://{bucket}/{key}"


def _indicated(name: str) -> Column:
    # A null is in neither part of a filter, and its row would be lost without a word. Spark's own
    # text surrounds the message, so it has a line of its own, where `task_errors` finds it.
    problem = (
        f"\nInvalidDataError: column {name!r}, the validation indicator, is null in a row: make it "
        "true or false, e.g. with fillna(False)\n"
    )
    column = F.col("`" + name.replace("`", "``") + "`")
    return F.coalesce(column, F.raise_error(F.lit(problem)).cast("boolean"))


def check_channels(
    settings: Mapping[str, Any],
    schema: StructType,
    check_rows: Callable[[StructType], object],
) -> bool:
    """Check the channels before anything is staged.

    Parameters
    ----------
    settings : mapping
        An estimator's service arguments by name.
    schema : StructType
        Of the dataset that is fitted on.
    check_rows : callable
        Raises where rows of a schema cannot be staged.

    Returns
    -------
    bool
        Whether the dataset itself is staged; False where the training data lies in S3.

    Raises
    ------
    ConfigurationError, InvalidDataError
        Naming the channel.
    """
    given, train = _given(settings), settings["trainingChannelName"]
    indicator = settings["validationIndicatorCol"]
    if indicator is not None:
        _check_indicator(schema, indicator, given, train)
    piped = settings["trainingInputMode"] == "Pipe"
    if piped and settings["trainingCompressionCodec"] == "Gzip" and train not in given:
        raise ConfigurationError(
            "trainingCompressionCodec='Gzip' makes a Pipe channel unpack its data, and staged rows "
            "are not packed: leave it out"
        )
    for name, channel in given.items():
        try:
            if isinstance(channel.data, str):
                split_s3_uri(channel.data)
                _check_source(channel, channel.inputMode or settings["trainingInputMode"])
            elif name == train:
                raise ConfigurationError("rows to train on are given to fit()")
            else:
                check_rows(channel.data.schema)
        except (ConfigurationError, InvalidDataError) as error:
            raise type(error)(f"channel {name!r}: {error}") from error
    return train not in given


def _check_indicator(
    schema: StructType, indicator: str, given: Mapping[str, Channel], train: str
) -> None:
    kind = column_type(schema, indicator)
    if not isinstance(kind, BooleanType):
        raise InvalidDataError(
            f"validationIndicatorCol {indicator!r} is {kind.simpleString()}, not boolean: compare "
            f"it, e.g. F.col({indicator!r}) == 1"
        )
    for name, whose in ((VALIDATION, "a validation channel"), (train, "training data in S3")):
        if name in given:
            raise ConfigurationError(
                f"validationIndicatorCol={indicator!r} and channels[{name!r}], {whose}, exclude "
                "each other: leave out one"
            )


def check_algorithm_channels(
    algorithm: Algorithm, version: str, staged_as: str, settings: Mapping[str, Any]
) -> None:
    """Raise `ConfigurationError` for the first channel that an algorithm does not read.

    Parameters
    ----------
    algorithm : Algorithm
    version : str
        Of its image.
    staged_as : str
        The format of staged rows.
    settings : mapping
        An estimator's service arguments by name.
    """
    given, train = _given(settings), settings["trainingChannelName"]
    rows = Channel("")  # stands for the rows of the dataset
    channels = {train: rows, **given}
    if settings["validationIndicatorCol"] is not None:
        channels[VALIDATION] = rows
    formats = algorithm.pipe_formats(version)
    for name, channel in channels.items():
        if algorithm.channels and name not in algorithm.channels:
            known = ", ".join(algorithm.channels)
            raise ConfigurationError(
                f"{algorithm.name} reads no channel {name!r}: its channels are {known}"
            )
        if formats is None or (channel.inputMode or settings["trainingInputMode"]) != "Pipe":
            continue
        # Only the format of staged rows is known for sure.
        in_s3 = isinstance(channel.data, str) and channel is not rows
        if not formats or (staged_as not in formats and not in_s3):
            what = f"channels of {' or '.join(formats)} alone" if formats else "no channel"
            raise ConfigurationError(
                f"{algorithm.name} {version} reads {what} in Pipe mode, and channel {name!r} is "
                f"{staged_as}: set the input mode to FastFile, which streams files as well, or File"
            )


def _check_source(channel: Channel, mode: str) -> None:
    if mode == "FastFile" and channel.s3DataType != "S3Prefix":
        raise ConfigurationError(
            f"FastFile reads prefixes and no {channel.s3DataType}: name a prefix, or set "
            "inputMode='File'"
        )

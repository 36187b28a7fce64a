"""What the containers of SageMaker's own algorithms share: channels, hyperparameters, log lines."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sparkml_sm.catalog.algorithm import Algorithm
from sparkml_sm.engines.artifacts import MODEL_FILE
from sparkml_sm.errors import ConfigurationError, InvalidDataError
from sparkml_sm.formats import csv, recordio
from sparkml_sm.formats.rows import FeatureRows, concat_rows
from sparkml_sm.local.training.contract import Channel, TrainingContext

__all__ = [
    "log_metric",
    "log_metrics",
    "log_progress",
    "log_throughput",
    "read_channels",
    "read_hyperparameters",
    "save_model",
]

logger = logging.getLogger(__name__)

_RECORDIO = ("application/x-recordio-protobuf", "recordio-protobuf")
_CSV = ("text/csv", "csv")


def read_hyperparameters(context: TrainingContext, algorithm: Algorithm) -> dict[str, Any]:
    """Return the canonical values of a job's hyperparameters: what is set, and no defaults.

    Raises
    ------
    ConfigurationError
        One is unknown, out of range or missing; the first that is unknown or out of range is named,
        or all that are missing.
    """
    texts = {
        name: text
        for name, text in context.hyperparameters.items()
        # The service gives it to the jobs of a tuning job; the metric is logged in any case.
        if name != "_tuning_objective_metric"
    }
    version = os.environ.get("SPARKML_SM_IMAGE_VERSION", algorithm.version)
    try:
        values = algorithm.read_request(texts)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    if problems := algorithm.check_request(values, version):
        raise ConfigurationError("; ".join(problems))
    return values


def read_channels(
    context: TrainingContext,
    *,
    feature_dim: int | None,
    known: Sequence[str] = ("train", "test"),
    labelled: bool = False,
    formats: Sequence[str] = ("recordio", "csv"),
) -> dict[str, FeatureRows]:
    """Read the channels of a job, each in the order of its files' names.

    Parameters
    ----------
    context : TrainingContext
    feature_dim : int or None
        Number of features of every row; None takes that of the train channel.
    known : sequence of str
        Names of the channels that the algorithm reads; ``"train"`` is required.
    labelled : bool, default False
        Whether rows without a label cannot be used.
    formats : sequence of {"recordio", "csv"}
        What the algorithm reads. A channel without ContentType is RecordIO.

    Returns
    -------
    dict of str to FeatureRows
        By channel. The first column of CSV is the label, unless ContentType says
        ``text/csv;label_size=0``.

    Raises
    ------
    ConfigurationError
        A channel is missing, unknown or empty, or its mode or ContentType is not read.
    InvalidDataError
        A file is not in the format, or its rows do not fit.
    """
    if unknown := [name for name in context.channels if name not in known]:
        raise ConfigurationError(
            f"the channel {unknown[0]!r} is not known; the algorithm reads {', '.join(known)}"
        )
    if "train" not in context.channels:
        raise ConfigurationError("the algorithm needs a channel named 'train'")
    batches: dict[str, FeatureRows] = {}
    for name in sorted(context.channels, key=known.index):
        rows = _read(context.channels[name], labelled, formats)
        feature_dim = rows.width if feature_dim is None else feature_dim
        _check(rows, name, feature_dim)
        logger.info("Read %d rows of %d features from channel %s", len(rows), rows.width, name)
        batches[name] = rows
    return batches


def log_metric(channel: str, metric: str, value: float, kind: str = "loss") -> None:
    """Log one metric as SageMaker's pattern for it finds it.

    Parameters
    ----------
    channel : str
        Such as ``"test"``; where the pattern has more in front, that too: ``"epoch=0, train"``.
    metric : str
        Such as ``"msd"``.
    value : float
    kind : {"loss", "score"}
        Whether less or more is better.
    """
    logger.info("#quality_metric: host=algo-1, %s %s <%s>=%s", channel, metric, kind, float(value))


def log_progress(percent: float, of: str = "epochs") -> None:
    """Log how much is done, as SageMaker's pattern for ``train:progress`` finds it."""
    logger.info("#progress_metric: host=algo-1, completed %d %% of %s", percent, of)


def log_throughput(rows: int, seconds: float) -> None:
    """Log how fast rows are learnt, as SageMaker's pattern for ``train:throughput`` finds it."""
    logger.info(
        "#throughput_metric: host=algo-1, train throughput=%s records/second",
        rows / max(seconds, 1e-9),
    )


def log_metrics(algorithm: str, operation: str, metrics: Mapping[str, float]) -> None:
    """Log counts and times as one line of JSON, as the containers do."""
    now = time.time()
    content = {
        "StartTime": now,
        "EndTime": now,
        "Dimensions": {"Algorithm": algorithm, "Host": "algo-1", "Operation": operation},
        "Metrics": {
            name: {"sum": float(value), "count": 1, "min": value, "max": value}
            for name, value in metrics.items()
        },
    }
    logger.info("#metrics %s", json.dumps(content))


def save_model(context: TrainingContext, content: bytes) -> None:
    """Write the artifact aside and move it: whoever stops the job finds a whole model or none."""
    part = context.scratchDir / MODEL_FILE
    part.write_bytes(content)
    part.replace(context.modelDir / MODEL_FILE)
    logger.info("Stored trained model of %d bytes", len(content))


def _read(channel: Channel, labelled: bool, formats: Sequence[str]) -> FeatureRows:
    if channel.inputMode == "Pipe":
        raise ConfigurationError(
            f"the channel {channel.name} has the mode Pipe: set File or FastFile"
        )
    kind, label = _content_type(channel, formats)
    files = channel.files()
    if not files:
        raise ConfigurationError(f"the channel {channel.name} holds no data")
    batches = []
    for path in files:
        content = path.read_bytes()
        try:
            batches.append(
                recordio.decode(content) if kind == "recordio" else csv.decode(content, label=label)
            )
        except InvalidDataError as error:
            raise InvalidDataError(f"{path.name} of channel {channel.name}: {error}") from error
    rows = concat_rows(batches)
    if labelled and rows.label is None:
        raise InvalidDataError(f"the rows of channel {channel.name} have no label")
    return rows


def _content_type(channel: Channel, formats: Sequence[str]) -> tuple[str, bool]:
    """Return the format of a channel, and whether the first column of CSV is the label."""
    header = channel.contentType or _RECORDIO[0]
    media, *parameters = (part.strip() for part in header.lower().split(";"))
    kind = "recordio" if media in _RECORDIO else "csv" if media in _CSV else ""
    if kind not in formats:
        read = [f"{_RECORDIO[0] if each == 'recordio' else _CSV[0]}" for each in formats]
        raise ConfigurationError(
            f"ContentType {header!r} of channel {channel.name} is not read; use {' or '.join(read)}"
        )
    sizes = dict(part.replace(" ", "").partition("=")[::2] for part in parameters)
    size = sizes.get("label_size", "1")
    if size not in {"0", "1"}:
        raise ConfigurationError(
            f"ContentType {header!r} of channel {channel.name}: label_size must be 0 or 1"
        )
    return kind, size == "1"


def _check(rows: FeatureRows, channel: str, feature_dim: int) -> None:
    if not len(rows):
        raise InvalidDataError(f"the channel {channel} holds no rows")
    if rows.width != feature_dim:
        raise InvalidDataError(
            f"the rows of channel {channel} have {rows.width} features, and feature_dim is "
            f"{feature_dim}: set it to the number of features; CSV without a label needs the "
            "ContentType text/csv;label_size=0"
        )
    if not np.isfinite(rows.values).all():
        at = int(np.argmin(np.isfinite(rows.values)))
        row = int(np.searchsorted(rows.value_offsets, at, side="right")) - 1
        raise InvalidDataError(
            f"row {row} of channel {channel} holds NaN or infinity: fill missing values first"
        )

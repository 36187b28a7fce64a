"""`stage`: a DataFrame's rows as files that a training job reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pyspark.sql import DataFrame, Row

from sparkml_sm.aws.config import AwsConfig, driver_config
from sparkml_sm.catalog.data import LabelStats
from sparkml_sm.errors import ConfigurationError, InvalidDataError
from sparkml_sm.formats.arrow import Where
from sparkml_sm.formats.registry import FORMATS
from sparkml_sm.staging.columns import RowColumns, row_columns
from sparkml_sm.staging.credentials import proven
from sparkml_sm.staging.destinations import check_uri, open_destination
from sparkml_sm.staging.failures import task_errors
from sparkml_sm.staging.jobs import cancelled_on_failure
from sparkml_sm.staging.partitions import (
    RESULT_SCHEMA,
    PartitionWriter,
    StagedPart,
    all_labels,
    same_width,
)
from sparkml_sm.staging.tickets import Destination

__all__ = ["StagedDataset", "stage"]


@dataclass(frozen=True, slots=True)
class StagedDataset:
    """The rows of one DataFrame, as files under a prefix that holds nothing else.

    Attributes
    ----------
    uri : str
        The prefix, with a slash at its end: for ``S3DataType=S3Prefix``.
    manifest : str
        URI of the manifest, beside the prefix: for ``S3DataType=ManifestFile``.
    objects : tuple of str
        URIs of the data files, in the order of the DataFrame's partitions.
    rows : int
    features : int
        Of every row.
    used : int
        Up to the last feature that any row has: what a reader of LIBSVM takes for the number of
        features, and so what a model that is trained on LIBSVM knows.
    bytes : int
        Of all data files.
    labels : LabelStats or None
        What all labels have in common; None where the rows carry none.
    """

    uri: str
    manifest: str
    objects: tuple[str, ...]
    rows: int
    features: int
    used: int
    bytes: int
    labels: LabelStats | None = field(default=None, kw_only=True)
    _destination: Destination = field(repr=False)

    def delete(self) -> None:
        """Delete everything under the prefix and the manifest, and abort open uploads.

        Deleting twice is no error.
        """
        self._destination.delete()


def stage(
    dataset: DataFrame,
    uri: str,
    format: str = "recordio",  # noqa: A002 (Spark's own name for it, as in DataFrameWriter)
    labelCol: str | None = "label",
    featuresCol: str | list[str] = "features",
    weightCol: str | None = None,
    *,
    allowNaN: bool = True,
    kmsKeyId: str | None = None,
    config: AwsConfig | None = None,
) -> StagedDataset:
    """Write the rows of a DataFrame as files that a SageMaker training job reads.

    Each partition becomes one file, written by its task in bounded memory. The files appear once
    all tasks have succeeded: whatever was retried or run twice, the prefix holds every row once, or
    nothing.

    Parameters
    ----------
    dataset : DataFrame
    uri : str
        ``s3://bucket/prefix`` or ``file:///folder``; the files go into a new folder below it.
    format : {"recordio", "libsvm", "csv", "parquet"}, default "recordio"
        RecordIO-protobuf holds 32-bit floats, the others hold 64-bit numbers. LIBSVM is 1-based.
        CSV and Parquet have the label first, then the weight.
    labelCol : str or None, default "label"
        A numeric column; None writes no label.
    featuresCol : str or list of str, default "features"
        A vector column, an array column, or numeric columns.
    weightCol : str, optional
        A numeric column of row weights (LIBSVM, CSV and Parquet).
    allowNaN : bool, default True
        Whether a feature may be NaN, which XGBoost reads as missing.
    kmsKeyId : str, optional
        A KMS key that S3 encrypts the files with (SSE-KMS); by default as the bucket says.
    config : AwsConfig, optional
        How S3 is reached; by default as boto3 in this process would.

    Returns
    -------
    StagedDataset

    Raises
    ------
    InvalidDataError
        If a column is missing or of the wrong type, a value cannot be written, or there are no
        rows. Nothing is left behind.
    ConfigurationError
        If `uri`, `format` or the credentials cannot work.
    ServiceError
        If S3 refuses.

    Examples
    --------
    >>> staged = stage(df, "file:///tmp/spam", format="libsvm")  # doctest: +SKIP
    >>> staged.rows, len(staged.objects)  # doctest: +SKIP
    (4560, 2)
    >>> staged.delete()  # doctest: +SKIP
    """
    _check_format(format, weightCol)
    is_file = check_uri(uri)
    columns = row_columns(dataset.schema, labelCol, featuresCol, weightCol)
    selected = columns.select(dataset)
    if config is None and not is_file:
        config = driver_config()
    if config is not None:
        config = proven(dataset.sparkSession, config)
    destination = open_destination(uri, config, kms_key=kmsKeyId)
    destination.check()
    write = PartitionWriter(
        destination=destination,
        format=format,
        where=_where(columns),
        width=columns.width,
        allow_nan=allowNaN,
    )
    return _undo_on_failure(destination, lambda: _run(selected, write))


def _check_format(name: str, weight: str | None) -> None:
    if name not in FORMATS:
        raise ConfigurationError(
            f"format {name!r} is unknown: use one of {', '.join(sorted(FORMATS))}"
        )
    if weight is not None and name == "recordio":
        raise ConfigurationError(
            "RecordIO-protobuf has no place for weights: use libsvm, csv or parquet"
        )


def _where(columns: RowColumns) -> Where:
    features = columns.features
    name = features if isinstance(features, str) else ", ".join(features)
    return Where(featuresColumn=name, labelColumn=columns.label, weightColumn=columns.weight)


def _undo_on_failure(destination: Destination, work: Callable[[], StagedDataset]) -> StagedDataset:
    try:
        return work()
    except BaseException:  # Ctrl-C as well: half a dataset is worth nothing to anybody
        destination.delete()
        raise


def _run(selected: DataFrame, write: PartitionWriter) -> StagedDataset:
    reported = _written(selected, write)
    parts = sorted((StagedPart.from_row(row) for row in reported), key=lambda part: part.partition)
    if not parts:
        raise InvalidDataError("the DataFrame has no rows: there is nothing to train on")
    features = same_width(parts, write.where.featuresColumn)
    destination = write.destination
    names = [part.ticket.name for part in parts]
    destination.publish([part.ticket for part in parts], manifest_json(destination.uri, names))
    return StagedDataset(
        uri=destination.uri,
        manifest=destination.uri.rstrip("/") + ".manifest",
        objects=tuple(destination.uri + name for name in names),
        rows=sum(part.rows for part in parts),
        features=features,
        used=max(part.used for part in parts),
        bytes=sum(part.ticket.size for part in parts),
        labels=all_labels(parts),
        _destination=destination,
    )


def _written(selected: DataFrame, write: PartitionWriter) -> list[Row]:
    try:
        with task_errors(), cancelled_on_failure(selected.sparkSession):
            return selected.mapInArrow(write, RESULT_SCHEMA).collect()
    except BaseException:
        write.destination.abandon()
        raise


def manifest_json(prefix: str, names: Sequence[str]) -> bytes:
    """Return SageMaker's manifest of the files `names` below `prefix` (API: S3DataSource.S3Uri)."""
    return json.dumps([{"prefix": prefix}, *names], separators=(",", ":")).encode()

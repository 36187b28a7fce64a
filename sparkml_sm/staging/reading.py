"""`read_recordio`: RecordIO-protobuf files as a DataFrame, one file a partition."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from sparkml_sm.aws.config import AwsConfig, driver_config
from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats.chunks import whole_records
from sparkml_sm.formats.recordio import decode, split
from sparkml_sm.formats.rows import FeatureRows
from sparkml_sm.staging.credentials import proven
from sparkml_sm.staging.destinations import check_uri
from sparkml_sm.staging.sources import DataFile, find_files, read_chunks
from sparkml_sm.staging.vectors import vector_batch, vector_schema

__all__ = ["FileReader", "read_recordio"]

# How `decode` names a record of what it was given.
_NAMED = re.compile(r"record (\d+) of the RecordIO (?:data|answers)")


def read_recordio(
    spark: SparkSession,
    uri: str,
    labelCol: str = "label",
    featuresCol: str = "features",
    *,
    config: AwsConfig | None = None,
) -> DataFrame:
    """Read RecordIO-protobuf files: what `stage`, `sagemaker_pyspark` or SageMaker's SDK wrote.

    Nothing is read before an action runs; the files are listed at once. A file is a partition,
    read in bounded memory: a record cannot be found from the middle of a file.

    Parameters
    ----------
    spark : SparkSession
    uri : str
        A prefix, one file, or a manifest: ``s3://bucket/prefix``, ``file:///folder``, or
        `StagedDataset.manifest`. Files whose names begin with ``_`` or ``.`` are left out.
    labelCol, featuresCol : str
        Names of the columns.
    config : AwsConfig, optional
        How S3 is reached; by default as boto3 in this process would.

    Returns
    -------
    DataFrame
        The label, a double that is null where a file has no labels, and the features, dense or
        sparse vectors as they were written; rows in the order of files and records. Numbers were
        32-bit floats in the files.

    Raises
    ------
    ResourceNotFoundError
        If there is no data at `uri`, or a manifest names no file.
    ConfigurationError
        If `uri` or the credentials cannot work.
    InvalidDataError
        If a manifest cannot be read. A file that is no RecordIO, or cut off, fails the action that
        reads it, with an error that names file and record.

    Examples
    --------
    >>> staged = stage(df, "file:///tmp/digits")  # doctest: +SKIP
    >>> read_recordio(spark, staged.uri).count() == staged.rows  # doctest: +SKIP
    True
    """
    is_file = check_uri(uri)
    if config is None and not is_file:
        config = driver_config()
    if config is not None:
        config = proven(spark, config)
    files = find_files(uri, config)
    read = FileReader(config, labelCol, featuresCol)

    def partitions(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from read(files[number])

    numbers = spark.range(0, len(files), numPartitions=len(files))
    return numbers.mapInArrow(partitions, vector_schema(labelCol, featuresCol))


@dataclass(frozen=True, slots=True)
class FileReader:
    """What one task of a reading does: values only, so that it pickles small.

    Attributes
    ----------
    config : AwsConfig or None
    label, features : str
        Names of the columns.
    """

    config: AwsConfig | None
    label: str
    features: str

    def __call__(self, file: DataFile) -> Iterator[pa.RecordBatch]:
        """Yield the records of a file, in order.

        Raises
        ------
        InvalidDataError
            Naming the file and the first record that cannot be read.
        """
        for rows in file_rows(file, self.config):
            yield vector_batch(rows, self.label, self.features)


def file_rows(file: DataFile, config: AwsConfig | None) -> Iterator[FeatureRows]:
    """Yield the records of a file, some megabytes at a time."""
    records = offset = 0
    first: FeatureRows | None = None
    for piece in whole_records(read_chunks(file, config)):
        try:
            rows = decode(piece)
        except InvalidDataError as error:
            raise _located(error, file.uri, piece, records, offset) from error
        if first is None:
            first = rows
        if (rows.width, rows.label is None) != (first.width, first.label is None):
            labels = "no label" if rows.label is None else "a label"
            raise InvalidDataError(
                f"{file.uri}, record {records} (counted from 0): it has {rows.width} features and "
                f"{labels}, unlike the records before; write all records alike"
            )
        yield rows
        records, offset = records + len(rows), offset + len(piece)


def _located(
    error: InvalidDataError, uri: str, piece: memoryview, records: int, offset: int
) -> InvalidDataError:
    """Say which file and which of its records an error is about; `piece` knows only its own."""
    named = _NAMED.search(str(error))
    bad = int(named[1]) if named else _first_bad(piece)
    reason = _NAMED.sub("it", str(error)).replace("byte 0 begins", f"byte {offset} begins")
    return InvalidDataError(f"{uri}, record {records + bad} (counted from 0): {reason}")


def _first_bad(piece: memoryview) -> int:
    """Find the first record that cannot be decoded together with those before it, by halves."""
    try:
        frames = split(piece)
    except InvalidDataError:
        return 0  # a piece that is not made of whole records begins with the broken one
    good, bad = 0, len(frames)
    while bad - good > 1:
        middle = (good + bad) // 2
        try:
            decode(b"".join(frames[:middle]))
        except InvalidDataError:
            bad = middle
        else:
            good = middle
    return good

"""`df.write.format("sagemaker")` and `spark.read.format("sagemaker")`, on Spark 4.

This module needs Spark's Python Data Source API: it is imported where a session has one, and in
the Python processes that Spark starts to plan, to write and to commit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa
from pyspark.sql.datasource import (
    DataSource,
    DataSourceArrowWriter,
    DataSourceReader,
    InputPartition,
    WriterCommitMessage,
)
from pyspark.sql.types import StructType

from sparkml_sm.aws.config import AwsConfig
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.formats.arrow import Where
from sparkml_sm.staging.columns import row_columns
from sparkml_sm.staging.destinations import check_uri, open_destination
from sparkml_sm.staging.partitions import PartitionWriter, StagedPart, same_width
from sparkml_sm.staging.reading import FileReader
from sparkml_sm.staging.sources import DataFile, find_files
from sparkml_sm.staging.vectors import vector_parts, vector_schema

__all__ = ["SageMakerDataSource"]

_LABEL, _FEATURES = "labelColumnName", "featuresColumnName"
# Spark adds the paths: one as `path`, several as a JSON list.
_OPTIONS = (_FEATURES, _LABEL, "path", "paths")


class SageMakerDataSource(DataSource):
    """RecordIO-protobuf files, under the predecessor's name and with its options.

    `register` makes a subclass that holds how S3 is reached, since options are text that ends up
    in plans and event logs.
    """

    config: ClassVar[AwsConfig | None] = None
    refusal: ClassVar[str] = "no AWS configuration"

    @classmethod
    def name(cls) -> str:
        """Return the name of the format."""
        return "sagemaker"

    def schema(self) -> StructType:
        """Return the columns of rows that are read."""
        return vector_schema(*self._names())

    def reader(self, schema: StructType) -> DataSourceReader:
        """Return the reader of the files that the paths name."""
        if schema != self.schema():
            raise ConfigurationError(
                "the sagemaker format reads a label and a vector of features: leave out schema(), "
                f"and name the columns with the options {_LABEL} and {_FEATURES}"
            )
        paths = self._paths()
        return _Reader(paths, FileReader(self._config(paths), *self._names()))

    def writer(self, schema: StructType, overwrite: bool) -> DataSourceArrowWriter:
        """Return the writer to the one path that is named."""
        if overwrite:
            raise ConfigurationError(
                "the sagemaker format does not overwrite, which would delete what others have "
                'written below the path: use mode("append") with a path of its own'
            )
        label, features = self._names()
        # Spark finds columns whatever their case, and here a `Label` is an error, not left aside.
        there = label.lower() in [name.lower() for name in schema.names]
        labelled = _LABEL in self.options or there
        columns = row_columns(schema, label if labelled else None, features, None)
        paths = self._paths()
        destination = open_destination(paths[0], self._config(paths), shared=True)
        destination.check()
        where = Where(featuresColumn=features, labelColumn=columns.label)
        write = PartitionWriter(destination, "recordio", where, columns.width, allow_nan=True)
        return _Writer(write, schema)

    def _names(self) -> tuple[str, str]:
        for name in self.options:
            if name.lower() not in [each.lower() for each in _OPTIONS]:
                raise ConfigurationError(
                    f"the sagemaker format has no option {name!r}: there are {_LABEL} and "
                    f"{_FEATURES}"
                )
        return self.options.get(_LABEL, "label"), self.options.get(_FEATURES, "features")

    def _paths(self) -> list[str]:
        paths: list[str] = json.loads(self.options.get("paths", "[]"))
        if "path" in self.options:
            paths.append(self.options["path"])
        if not paths:
            raise ConfigurationError("no path is named: pass one to load() or save()")
        return paths

    def _config(self, paths: Sequence[str]) -> AwsConfig | None:
        if all(check_uri(path) for path in paths):
            return None
        if self.config is None:
            raise ConfigurationError(
                f"sparkml_sm.register found no way to S3: {self.refusal}; register again after that"
            )
        return self.config


@dataclass(frozen=True)
class _File(InputPartition):
    file: DataFile


@dataclass(frozen=True)
class _Reader(DataSourceReader):
    paths: Sequence[str]
    read_file: FileReader

    def partitions(self) -> Sequence[InputPartition]:
        config = self.read_file.config
        return [_File(file) for path in self.paths for file in find_files(path, config)]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        assert isinstance(partition, _File)  # noqa: S101 (what `partitions` returns)
        return self.read_file(partition.file)


@dataclass(frozen=True)
class _Written(WriterCommitMessage):
    """What the task of one partition tells; None where it had no rows."""

    part: StagedPart | None


@dataclass(frozen=True)
class _Writer(DataSourceArrowWriter):
    write_partition: PartitionWriter
    schema: StructType

    def write(self, iterator: Iterator[pa.RecordBatch]) -> WriterCommitMessage:
        batches = (self._parts(batch) for batch in iterator)
        told = [row for batch in self.write_partition(batches) for row in batch.to_pylist()]
        return _Written(StagedPart.from_row(told[0]) if told else None)

    def commit(self, messages: Sequence[WriterCommitMessage | None]) -> None:
        found = [each.part for each in messages if isinstance(each, _Written) and each.part]
        if found:
            same_width(found, self.write_partition.where.featuresColumn)
        # Also without any rows: attempts that do not count are thrown away.
        self.write_partition.destination.publish([part.ticket for part in found], None)

    def abort(self, messages: Sequence[WriterCommitMessage | None]) -> None:  # noqa: ARG002
        self.write_partition.destination.abandon()

    def _parts(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return what a partition writer reads; all other columns are left aside."""
        where = self.write_partition.where
        names = self.schema.names
        columns: Mapping[str, pa.Array] = dict(
            zip(
                ("size", "indices", "values"),
                vector_parts(batch.column(names.index(where.featuresColumn))),
                strict=True,
            )
        )
        if where.labelColumn is not None:
            columns = {"label": batch.column(names.index(where.labelColumn)), **columns}
        return pa.RecordBatch.from_arrays(list(columns.values()), list(columns))

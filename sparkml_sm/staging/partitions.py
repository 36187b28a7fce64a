"""What one task of a staging does: its partition's rows become one file, in bounded memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import pyarrow as pa
from pyspark import TaskContext

from sparkml_sm.catalog.data import LabelStats
from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats.arrow import Where, feature_rows
from sparkml_sm.formats.libsvm import read_width
from sparkml_sm.formats.registry import FORMATS
from sparkml_sm.staging.tickets import Destination, Ticket

__all__ = ["RESULT_SCHEMA", "PartitionWriter", "StagedPart"]

RESULT_SCHEMA = "partition int, rows long, features int, used int, labels string, ticket string"
_RESULT = pa.schema(
    [
        ("partition", pa.int32()),
        ("rows", pa.int64()),
        ("features", pa.int32()),
        ("used", pa.int32()),
        ("labels", pa.string()),
        ("ticket", pa.string()),
    ]
)


_PARTS = ["size", "indices", "values"]


@dataclass(frozen=True, slots=True)
class StagedPart:
    """One committed partition that had rows.

    Attributes
    ----------
    partition : int
    rows : int
    features : int
        Of every row.
    used : int
        Up to the last feature that any row has.
    labels : LabelStats or None
        None where the rows carry no label.
    ticket : Ticket
        Of its file.
    """

    partition: int
    rows: int
    features: int
    used: int
    labels: LabelStats | None
    ticket: Ticket

    @classmethod
    def from_row(cls, row: Any) -> StagedPart:
        """Read what a task reported."""
        fields = json.loads(row["ticket"])
        ticket = Ticket(**{**fields, "etags": tuple(fields["etags"])})
        labels = LabelStats(**json.loads(row["labels"])) if row["labels"] else None
        return cls(row["partition"], row["rows"], row["features"], row["used"], labels, ticket)


def partition_id() -> int:
    """Return the number of the partition that this task works on."""
    context = TaskContext.get()
    return context.partitionId() if context is not None else 0


@dataclass(frozen=True, slots=True)
class PartitionWriter:
    """The function that Spark runs on each partition: values only, so that it pickles small.

    Attributes
    ----------
    destination : Destination
    format : str
        A name in `FORMATS`.
    where : Where
        The columns' names, for messages.
    width : int or None
        The number of features where it is known.
    allow_nan : bool
        Whether a feature may be NaN.
    """

    destination: Destination
    format: str
    where: Where
    width: int | None
    allow_nan: bool

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Write the partition; yield one row that tells of it, or none where it is empty."""
        partition = partition_id()
        rows = (batch for batch in batches if batch.num_rows)
        first = next(rows, None)
        if first is not None:
            yield self._write(partition, first, rows)

    def _write(
        self, partition: int, first: pa.RecordBatch, rest: Iterator[pa.RecordBatch]
    ) -> pa.RecordBatch:
        format_ = FORMATS[self.format]
        out = self.destination.writer(f"part-{partition:06d}{format_.extension}")
        try:
            encoder = format_.writer(out)
            count, width, used = 0, self.width, 0
            labels: LabelStats | None = None
            batch: pa.RecordBatch | None = first
            while batch is not None:
                where = replace(self.where, partition=partition, firstRow=count)
                rows = feature_rows(
                    pa.StructArray.from_arrays([batch.column(part) for part in _PARTS], _PARTS),
                    _optional(batch, "label"),
                    _optional(batch, "weight"),
                    where,
                    width=width,
                    allow_nan=self.allow_nan,
                    single=format_.single,
                )
                encoder.write(rows)
                count, width = count + len(rows), rows.width
                used = max(used, read_width(rows) if self.format == "libsvm" else rows.width)
                if rows.label is not None:
                    labels = LabelStats.of(rows.label).merged(labels)
                batch = next(rest, None)
            encoder.close()
            ticket = out.finish()
        except BaseException:
            out.abort()
            raise
        return pa.RecordBatch.from_arrays(
            [
                pa.array([value], kind)
                for value, kind in zip(
                    (partition, count, width, used, _json(labels), _json(ticket)),
                    _RESULT.types,
                    strict=True,
                )
            ],
            schema=_RESULT,
        )


def _json(value: LabelStats | Ticket | None) -> str | None:
    return None if value is None else json.dumps(asdict(value))


def _optional(batch: pa.RecordBatch, name: str) -> pa.Array | None:
    return batch.column(name) if name in batch.schema.names else None


def same_width(parts: list[StagedPart], features: str) -> int:
    """Return the one number of features of all parts.

    Raises
    ------
    InvalidDataError
        Naming two partitions that differ.
    """
    first = parts[0]
    for part in parts:
        if part.features != first.features:
            raise InvalidDataError(
                f"column {features!r}: rows of partition {first.partition} have {first.features} "
                f"features and rows of partition {part.partition} have {part.features}; all rows "
                "must have the same"
            )
    return first.features


def all_labels(parts: list[StagedPart]) -> LabelStats | None:
    """Return what the labels of all parts have in common; None where the rows carry none."""
    labels: LabelStats | None = None
    for part in parts:
        if part.labels is not None:
            labels = part.labels.merged(labels)
    return labels

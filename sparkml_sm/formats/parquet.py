"""Parquet: columns `label` and `weight` where there are any, then a double column for each feature.

XGBoost's container takes the first column as the label. Rows are written in row groups of bounded
size, so that neither writing nor reading a row group needs the whole file in memory.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats.rows import FeatureRows, Floats, dense_matrix, dense_rows, slice_rows
from sparkml_sm.formats.sinks import BinarySink

__all__ = ["ParquetRowWriter", "decode", "encode_matrix", "overhead", "read_table", "writer"]

#: A column costs about 200 bytes of metadata in each row group, kept until the file is closed.
_WIDEST = 16_384
_GROUP_BYTES = 32 << 20
_LABEL, _WEIGHT = "label", "weight"


class ParquetRowWriter:
    """Writes batches of rows of one width as one Parquet file.

    Memory holds one row group (32 MB of numbers) and the file's metadata.

    Parameters
    ----------
    sink : BinarySink
        Gets the bytes as they are written; it is not closed.
    """

    def __init__(self, sink: BinarySink) -> None:
        self._sink = _Sink(sink)
        self._writer: Any = None
        self._schema: pa.Schema | None = None
        self._pending: list[pa.RecordBatch] = []
        self._pending_bytes = 0

    def write(self, rows: FeatureRows) -> None:
        """Write a batch.

        Raises
        ------
        InvalidDataError
            If the batch is wider than 16,384 features, or has other columns than those before it.
        """
        schema = _schema(rows)
        if self._schema is None:
            self._schema = schema
            self._writer = pq.ParquetWriter(self._sink, schema)
        elif schema.names != self._schema.names:
            raise InvalidDataError(
                f"a batch of {rows.width} features has other columns than the batches before it: "
                "all rows of a file must have the same features, label and weight"
            )
        at_once = max(1, _GROUP_BYTES // (8 * max(1, len(schema))))
        for start in range(0, len(rows), at_once):
            part = slice_rows(rows, start, min(start + at_once, len(rows)))
            batch = _batch(part, schema)
            if self._pending_bytes + batch.nbytes > _GROUP_BYTES:
                self._flush()
            self._pending.append(batch)
            self._pending_bytes += batch.nbytes

    def close(self) -> None:
        """Write what is left, and the footer; without any batch nothing is written."""
        if self._writer is not None:
            self._flush()
            self._writer.close()

    def _flush(self) -> None:
        """Write the pending rows as one row group."""
        if self._pending:
            table = pa.Table.from_batches(self._pending, self._schema)
            self._writer.write_table(table, row_group_size=max(1, table.num_rows))
            self._pending, self._pending_bytes = [], 0


def writer(sink: BinarySink) -> ParquetRowWriter:
    """Start a Parquet file."""
    return ParquetRowWriter(sink)


def decode(source: bytes | memoryview | Path | str) -> FeatureRows:
    """Decode a Parquet file into dense rows.

    Parameters
    ----------
    source : bytes, memoryview or path
        Columns called `label` and `weight` are those, all others are features; a null feature is
        missing, NaN.

    Raises
    ------
    InvalidDataError
        If it is not Parquet, a column is not numeric, or a label or weight is null.
    """
    table = read_table(source)
    named = {name: _column(table, name) for name in (_LABEL, _WEIGHT)}
    features = [name for name in table.column_names if name not in named]
    matrix = np.empty((table.num_rows, len(features)))
    for place, name in enumerate(features):
        matrix[:, place] = _numbers(table.column(name), name)
    return dense_rows(matrix, label=named[_LABEL], weight=named[_WEIGHT])


def read_table(source: bytes | memoryview | Path | str) -> pa.Table:
    """Read a Parquet file of any columns.

    Raises
    ------
    InvalidDataError
        If it is not Parquet.
    """
    try:
        return pq.read_table(
            str(source) if isinstance(source, Path | str) else pa.BufferReader(source)
        )
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise InvalidDataError("the data is not Parquet: check that it is complete") from error


def encode_matrix(matrix: Floats, names: Sequence[str] | None = None) -> bytes:
    """Encode a matrix of (rows, features) as a file of one row group.

    Parameters
    ----------
    matrix : float64 array
    names : sequence of str, optional
        Names of the columns. Default: ``f0``, ``f1``, and so on.

    Examples
    --------
    >>> dense_matrix(decode(encode_matrix(np.array([[1.5, 2.0]]))))
    array([[1.5, 2. ]])
    """
    columns = [pa.array(column) for column in np.ascontiguousarray(matrix.T)]
    names = [f"f{place}" for place in range(len(columns))] if names is None else list(names)
    file = io.BytesIO()
    pq.write_table(
        pa.Table.from_arrays(columns, names=names),
        file,
        row_group_size=max(1, len(matrix)),
        compression="none",
        use_dictionary=False,
        write_statistics=False,
        store_schema=False,
    )
    return file.getvalue()


def overhead(width: int, longest_name: int) -> int:
    """Return the most bytes that `encode_matrix` adds to a few megabytes of numbers.

    Measured: each column takes 160 bytes and twice its name, a page of numbers some 30.
    """
    return 4096 + width * (192 + 2 * longest_name)


class _Sink(io.RawIOBase):
    """The file object that Arrow wants, over a sink that can only write."""

    def __init__(self, sink: BinarySink) -> None:
        self._sink = sink
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        view = memoryview(data)
        self._sink.write(view)
        self._written += view.nbytes
        return view.nbytes

    def tell(self) -> int:
        return self._written


def _schema(rows: FeatureRows) -> pa.Schema:
    if rows.width > _WIDEST:
        raise InvalidDataError(
            f"{rows.width:,} features are more than the {_WIDEST:,} columns that Parquet is "
            "written with: use recordio or libsvm, which keep sparse rows sparse"
        )
    leads = [(_LABEL, rows.label), (_WEIGHT, rows.weight)]
    names = [name for name, column in leads if column is not None]
    names += [f"f{place}" for place in range(rows.width)]
    return pa.schema([(name, pa.float64()) for name in names])


def _batch(rows: FeatureRows, schema: pa.Schema) -> pa.RecordBatch:
    leads = [each for each in (rows.label, rows.weight) if each is not None]
    columns = np.ascontiguousarray(dense_matrix(rows).T)
    arrays = [pa.array(np.array(each)) for each in (*leads, *columns)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _column(table: pa.Table, name: str) -> Floats | None:
    """Read the label or the weight."""
    if name not in table.column_names:
        return None
    if table.column(name).null_count:
        raise InvalidDataError(f"column {name!r} of the Parquet data has nulls: drop such rows")
    return _numbers(table.column(name), name)


def _numbers(column: pa.ChunkedArray, name: str) -> Floats:
    kind = column.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
        raise InvalidDataError(
            f"column {name!r} of the Parquet data is of type {kind}: only numbers can be features"
        )
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    read: Floats = column.cast(pa.float64(), safe=False).to_numpy()
    return read

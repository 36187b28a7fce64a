"""RecordIO-protobuf, SageMaker's binary format: one framed `aialgs.data.Record` a row.

Written byte for byte as `sagemaker_pyspark` writes it: 32-bit floats under the key "values"; a
dense row has values and no shape, a sparse row has values, keys and shape, in this order. Read as
any writer may write it: 32-bit or 64-bit floats or 32-bit integers, packed or not, unknown fields
left aside.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats.answers import encode_label_maps
from sparkml_sm.formats.frames import HEADER_BYTES, find_frames, padding
from sparkml_sm.formats.payloads import payload
from sparkml_sm.formats.protobuf import Bytes
from sparkml_sm.formats.records import encode_any, encode_dense
from sparkml_sm.formats.rows import FeatureRows, Offsets
from sparkml_sm.formats.tensors import map_entries, tensor_rows

__all__ = ["decode", "decode_labels", "encode", "encode_labels", "split"]

_FEATURES, _LABEL = 1, 2


def encode(rows: FeatureRows, shape: Sequence[int] | None = None) -> pa.LargeBinaryArray:
    """Encode each row as a framed record.

    Parameters
    ----------
    rows : FeatureRows
        Dense, sparse or mixed; with or without label.
    shape : sequence of int, optional
        Of the tensor that each row is, such as the rows and columns of a matrix.

    Returns
    -------
    pyarrow.LargeBinaryArray of rows
        Frame and padding included: to concatenate the elements is to write the file.

    Raises
    ------
    InvalidDataError
        If the rows carry weights, for which the format has no place, or a number is too large for a
        32-bit float.

    Examples
    --------
    >>> import numpy as np
    >>> row = FeatureRows(2, np.array([1.0, 2.0]), np.array([0, 2]), np.array([], np.int32),
    ...                   np.array([0, 0]), np.array([True]))
    >>> encode(row)[0].as_py()[8:].hex()
    '0a160a0676616c756573120c120a0a080000803f00000040'
    """
    if rows.weight is not None:
        raise InvalidDataError(
            "RecordIO has no place for weights: drop weightCol, or use libsvm, csv or parquet"
        )
    if not len(rows):
        return pa.array([], pa.large_binary())
    if shape is None and rows.width and rows.dense.all():
        return encode_dense(rows)
    return encode_any(rows, shape)


def decode(data: bytes | memoryview) -> FeatureRows:
    """Decode framed records: the feature and the label that are called "values".

    Raises
    ------
    InvalidDataError
        If the data is not RecordIO-protobuf, a record has no features "values", records differ in
        width, or only some have a label; records are counted from 0.
    """
    content, begin, end = _records(data)
    maps = map_entries(content, begin, end, {_FEATURES, _LABEL})
    first, last, present = maps[_FEATURES].of("values", len(begin))
    if not present.all():
        raise InvalidDataError(
            f'record {int(np.argmin(present))} of the RecordIO data has no features "values": if '
            "these are an endpoint's answers, read them with decode_labels"
        )
    rows = tensor_rows(content, first, last)
    first, last, present = maps[_LABEL].of("values", len(begin))
    if not present.any():
        return rows
    if not present.all():
        raise InvalidDataError(
            f'record {int(np.argmin(present))} of the RecordIO data has no label "values" and '
            "others have: write all records with a label or none"
        )
    labels = tensor_rows(content, first, last)
    if labels.width != 1 or len(labels.values) != len(rows):
        raise InvalidDataError(
            f"the labels of the RecordIO data have {labels.width} values each: expected one number"
        )
    return replace(rows, label=labels.values)


def decode_labels(
    data: bytes | memoryview, names: Collection[str] | None = None
) -> dict[str, FeatureRows]:
    """Decode an endpoint's answers: what each record holds in its `label` map, by name.

    Parameters
    ----------
    data : bytes or memoryview
    names : collection of str, optional
        The names to read. Default: all that there are.

    Returns
    -------
    dict of str to FeatureRows
        One row a record. A number is a dense row of width 1; a vector may be dense or sparse.

    Raises
    ------
    InvalidDataError
        If the data is not RecordIO-protobuf, or a record lacks a name that is to be read.
    """
    content, begin, end = _records(data)
    entries = map_entries(content, begin, end, {_LABEL})[_LABEL]
    answers = {}
    for name in entries.names if names is None else names:
        first, last, present = entries.of(name, len(begin))
        if not present.all():
            found = ", ".join(map(repr, entries.names)) or "no name"
            raise InvalidDataError(
                f"record {int(np.argmin(present))} of the RecordIO answers has no {name!r}: the "
                f"answers cannot be tied to columns; found {found}"
            )
        answers[name] = tensor_rows(content, first, last)
    return answers


def encode_labels(columns: Mapping[str, pa.Array]) -> bytes:
    """Encode an endpoint's answers: a record a row, with an entry a column in its `label` map.

    Parameters
    ----------
    columns : mapping of str to pyarrow.Array
        Numbers, or lists of numbers, all as long. They are written as 32-bit floats.

    Returns
    -------
    bytes
        Framed records without features; the entries of a record in the mapping's order.

    Raises
    ------
    InvalidDataError
        If columns differ in length, hold a null, or a number too large for a 32-bit float.

    Examples
    --------
    >>> answers = encode_labels({"score": pa.array([0.5]), "topics": pa.array([[0.25, 0.75]])})
    >>> {name: rows.values.tolist() for name, rows in decode_labels(answers).items()}
    {'score': [0.5], 'topics': [0.25, 0.75]}
    """
    encoded = encode_label_maps(columns)
    return bytes(payload(encoded, 0, len(encoded)))


def split(data: bytes | memoryview) -> list[memoryview]:
    """Cut RecordIO data into its framed records, without copying and without reading them."""
    content = np.frombuffer(data, dtype=np.uint8)
    begin, end = find_frames(content)
    stops = end + padding(end - begin)
    view = memoryview(data).cast("B")
    starts = (begin - HEADER_BYTES).tolist()
    return [view[start:stop] for start, stop in zip(starts, stops.tolist(), strict=True)]


def _records(data: bytes | memoryview) -> tuple[Bytes, Offsets, Offsets]:
    content: Bytes = np.frombuffer(data, dtype=np.uint8)
    return content, *find_frames(content)

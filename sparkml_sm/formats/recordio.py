"""RecordIO-protobuf, SageMaker's binary format: one framed `aialgs.data.Record` a row.

Written byte for byte as `sagemaker_pyspark` writes it: 32-bit floats under the key "values"; a
dense row has values and no shape, a sparse row has values, keys and shape, in this order. Read as
any writer may write it: 32-bit or 64-bit floats or 32-bit integers, packed or not, unknown fields
left aside.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats.frames import HEADER_BYTES, find_frames, padding
from sparkml_sm.formats.protobuf import Bytes
from sparkml_sm.formats.records import encode_any, encode_dense
from sparkml_sm.formats.rows import FeatureRows, Offsets
from sparkml_sm.formats.tensors import map_entries, tensor_rows

__all__ = ["decode", "decode_labels", "encode", "split"]

_FEATURES, _LABEL = 1, 2


def encode(rows: FeatureRows) -> pa.LargeBinaryArray:
    """Encode each row as a framed record.

    Parameters
    ----------
    rows : FeatureRows
        Dense, sparse or mixed; with or without label.

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
    if rows.width and rows.dense.all():
        return encode_dense(rows)
    return encode_any(rows)


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


def decode_labels(data: bytes | memoryview) -> dict[str, FeatureRows]:
    """Decode an endpoint's answers: what each record holds in its `label` map, by name.

    Returns
    -------
    dict of str to FeatureRows
        One row a record. A number is a dense row of width 1; a vector may be dense or sparse.

    Raises
    ------
    InvalidDataError
        If the data is not RecordIO-protobuf, or a record lacks a name that another has.
    """
    content, begin, end = _records(data)
    entries = map_entries(content, begin, end, {_LABEL})[_LABEL]
    answers = {}
    for name in entries.names:
        first, last, present = entries.of(name, len(begin))
        if not present.all():
            raise InvalidDataError(
                f"record {int(np.argmin(present))} of the RecordIO answers has no {name!r} and "
                "others have: the answers cannot be tied to columns"
            )
        answers[name] = tensor_rows(content, first, last)
    return answers


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

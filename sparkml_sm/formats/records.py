"""Rows to framed records, byte for byte as `sagemaker_pyspark` writes them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats.frames import HEADER_BYTES, LONGEST, MAGIC, padding
from sparkml_sm.formats.payloads import binary_array
from sparkml_sm.formats.protobuf import packed_varints, varint_bytes, varint_size
from sparkml_sm.formats.rows import FeatureRows, Floats, Offsets, offsets_of

__all__ = ["encode_any", "encode_dense"]

_NAME = b"\x0a\x06values"
# The map entry of a label up to its four bytes: all its lengths are fixed.
_LABEL_ENTRY = b"\x12\x12" + _NAME + b"\x12\x08\x12\x06\x0a\x04"
_LABEL_BYTES = len(_LABEL_ENTRY) + 4
_NOTHING = pa.scalar(b"", pa.large_binary())
_PADS = pa.array([b"", b"\0", b"\0\0", b"\0\0\0"], pa.large_binary())


def encode_dense(rows: FeatureRows) -> pa.LargeBinaryArray:
    """Fill a template: all records of dense rows of one width are of one length."""
    layout, template = _dense_template(rows.width, rows.label is not None)
    blank = np.empty(len(rows), dtype=f"V{layout.itemsize}")
    blank[:] = np.void(template)
    records = blank.view(layout)
    with np.errstate(over="raise", invalid="ignore"):
        try:
            records["values"] = rows.values.reshape(len(rows), rows.width)
            if rows.label is not None:
                records["label"] = rows.label[:, None]
        except FloatingPointError:
            raise _too_large(rows) from None
    offsets = np.arange(len(rows) + 1) * records.itemsize
    return binary_array(offsets, records.view(np.uint8))


@lru_cache(maxsize=8)
def _dense_template(width: int, labelled: bool) -> tuple[np.dtype[np.void], bytes]:
    """Build a record of zeros: all else in it is as in every record of such rows."""
    nothing = np.zeros(1, dtype=np.int64)
    start = _heads(nothing + width, nothing, nothing, labelled)[0].as_py()
    trail = _LABEL_ENTRY if labelled else b""
    length = len(start) + 4 * width + len(trail) + 4 * labelled
    layout = np.dtype(
        [
            ("start", f"V{len(start)}"),
            ("values", "<f4", (width,)),
            ("trail", f"V{len(trail)}"),
            ("label", "<f4", (int(labelled),)),
            ("pad", f"V{-length & 3}"),
        ]
    )
    return layout, start + bytes(4 * width) + trail + bytes(4 * labelled) + bytes(-length & 3)


def encode_any(rows: FeatureRows, dims: Sequence[int] | None = None) -> pa.LargeBinaryArray:
    """Join the pieces of each record, which are the same for dense and sparse rows.

    With `dims`, every record has this shape; without, sparse ones alone have one: the width.
    """
    counts = np.diff(rows.value_offsets)
    keys, key_bytes = _keys(rows)
    shape = _shape((rows.width,) if dims is None else dims)
    shapeless = rows.dense & (dims is None)
    # Rows of as many values and as many bytes of keys begin alike: few beginnings, many rows.
    span = int(key_bytes.max()) + 1
    coded = pa.array((counts * span + key_bytes) * 2 + shapeless).dictionary_encode()
    codes, bare = divmod(coded.dictionary.to_numpy(), 2)
    distinct_counts, distinct_keys = divmod(codes, span)
    distinct_shapes = np.where(bare, 0, len(shape))
    heads = _heads(distinct_counts, distinct_keys, distinct_shapes, rows.label is not None)
    pieces = [
        heads.take(coded.indices),
        binary_array(rows.value_offsets * 4, _float32(rows, rows.values)),
        _counted(b"\x12", distinct_keys).take(coded.indices),
        *keys,
        pc.if_else(pa.array(shapeless), _NOTHING, pa.scalar(shape, pa.large_binary())),
    ]
    if rows.label is not None:
        pieces.append(_label_entries(_float32(rows, rows.label)))
    lengths = sum(pc.binary_length(each).to_numpy() for each in pieces)
    pieces.append(_PADS.take(pa.array(padding(np.asarray(lengths)))))
    return pc.binary_join_element_wise(*pieces, _NOTHING)


def _keys(rows: FeatureRows) -> tuple[list[pa.LargeBinaryArray], Offsets]:
    """Encode the keys: pieces to join in this order, and the bytes that each row's keys take.

    Keys ascend within a row, and with them the bytes that they take: the keys of one byte are a
    run, those of two bytes follow, and so on.
    """
    pieces = []
    total = np.zeros(len(rows) + 1, dtype=np.int64)
    before = np.zeros(len(rows) + 1, dtype=np.int64)
    size, low = 1, 0
    while low < rows.width:
        high = 1 << (7 * size)
        if high < rows.width:
            where = np.flatnonzero((rows.indices >= low) & (rows.indices < high))
            keys, offsets = rows.indices[where], np.searchsorted(where, rows.index_offsets)
        else:
            keys = rows.indices[rows.indices >= low] if low else rows.indices
            offsets = rows.index_offsets - before
        pieces.append(binary_array(offsets * size, packed_varints(keys, size)))
        before += offsets
        total += offsets * size
        size, low = size + 1, high
    return pieces, np.diff(total)


def _heads(
    counts: Offsets, key_bytes: Offsets, shape_bytes: Offsets, labelled: bool
) -> pa.LargeBinaryArray:
    """Encode all that stands before a record's values: frame, map entry, tensor."""
    value_bytes = counts * 4
    tensor = _field_size(value_bytes) + _field_size(key_bytes) + shape_bytes
    value = 1 + varint_size(tensor) + tensor
    entry = len(_NAME) + 1 + varint_size(value) + value
    record = 1 + varint_size(entry) + entry + labelled * _LABEL_BYTES
    if (record > LONGEST).any():
        raise InvalidDataError(
            f"a record of {int(record.max()):,} bytes is more than RecordIO's {LONGEST:,}: "
            "use fewer features"
        )
    count = len(counts)
    frame = np.empty((count, 2), dtype="<u4")
    frame[:, 0], frame[:, 1] = MAGIC, record
    name = pa.scalar(_NAME, pa.large_binary())
    return pc.binary_join_element_wise(
        binary_array(np.arange(count + 1) * HEADER_BYTES, frame),
        _counted(b"\x0a", entry),
        name,
        _counted(b"\x12", value),
        _counted(b"\x12", tensor, even_empty=True),
        _counted(b"\x0a", value_bytes),
        _NOTHING,
    )


def _field_size(lengths: Offsets) -> Offsets:
    """Give the bytes of packed fields of these lengths, tag and length included; none if empty."""
    return np.where(lengths > 0, 1 + varint_size(lengths) + lengths, 0)


def _counted(tag: bytes, lengths: Offsets, *, even_empty: bool = False) -> pa.LargeBinaryArray:
    """Encode tags with lengths; an empty packed field is not written at all."""
    sizes = varint_size(lengths)
    most = int(sizes.max())
    texts = np.empty((len(lengths), 1 + most), dtype=np.uint8)
    texts[:, 0] = ord(tag)
    for byte in range(most):
        more = np.where(sizes > byte + 1, 128, 0)
        texts[:, 1 + byte] = (lengths >> (7 * byte)) & 127 | more
    written = np.where((lengths > 0) | even_empty, 1 + sizes, 0)
    kept = np.arange(1 + most) < written[:, None]
    return binary_array(offsets_of(written), texts[kept])


def _shape(dims: Sequence[int]) -> bytes:
    sizes = b"".join(map(varint_bytes, dims))
    return b"\x1a" + varint_bytes(len(sizes)) + sizes


def _label_entries(labels: npt.NDArray[np.float32]) -> pa.LargeBinaryArray:
    layout = np.dtype([("entry", f"V{len(_LABEL_ENTRY)}"), ("label", "<f4")])
    entries = np.empty(len(labels), dtype=layout)
    entries["entry"] = np.void(_LABEL_ENTRY)
    entries["label"] = labels
    return binary_array(np.arange(len(labels) + 1) * layout.itemsize, entries.view(np.uint8))


def _float32(rows: FeatureRows, numbers: Floats) -> npt.NDArray[np.float32]:
    with np.errstate(over="raise", invalid="ignore"):
        try:
            return numbers.astype("<f4")
        except FloatingPointError:
            raise _too_large(rows) from None


def _too_large(rows: FeatureRows) -> InvalidDataError:
    """Tell of the first row that holds a finite number beyond the range of a 32-bit float."""
    with np.errstate(over="ignore", invalid="ignore"):
        over = np.isinf(rows.values.astype(np.float32)) & np.isfinite(rows.values)
        labels = np.empty(0) if rows.label is None else rows.label
        over_label = np.isinf(labels.astype(np.float32)) & np.isfinite(labels)
    at = np.searchsorted(rows.value_offsets, np.flatnonzero(over)[:1], side="right") - 1
    row = min([*at.tolist(), *np.flatnonzero(over_label)[:1].tolist()])
    return InvalidDataError(
        f"row {row} of the batch holds a number too large for RecordIO's 32-bit floats: scale the "
        "column, or use libsvm or csv"
    )

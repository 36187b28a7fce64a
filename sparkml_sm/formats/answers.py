"""An endpoint's answers to framed records: numbers by name in each record's `label` map."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats.frames import HEADER_BYTES, LONGEST, MAGIC, padding
from sparkml_sm.formats.payloads import binary_array
from sparkml_sm.formats.protobuf import varint_bytes
from sparkml_sm.formats.rows import offsets_of

__all__ = ["encode_label_maps"]

_ENTRY, _KEY, _VALUE, _FLOAT32_TENSOR, _NUMBERS = b"\x12", b"\x0a", b"\x12", b"\x12", b"\x0a"
_NOTHING = pa.scalar(b"", pa.large_binary())
_PADS = pa.array([b"", b"\0", b"\0\0", b"\0\0\0"], pa.large_binary())


def encode_label_maps(columns: Mapping[str, pa.Array]) -> pa.LargeBinaryArray:
    """Encode a framed record a row, as `recordio.encode_labels` says."""
    lengths = sorted({len(column) for column in columns.values()})
    if len(lengths) != 1:
        raise InvalidDataError(f"the answers need columns of one length, got {lengths}")
    pieces = [piece for name, column in columns.items() for piece in _entries(name, column)]
    sizes = np.sum([pc.binary_length(piece).to_numpy() for piece in pieces], axis=0)
    if (sizes > LONGEST).any():
        raise InvalidDataError(f"an answer of {sizes.max():,} bytes is more than RecordIO takes")
    frames = np.empty((len(sizes), 2), dtype="<u4")
    frames[:, 0], frames[:, 1] = MAGIC, sizes
    return pc.binary_join_element_wise(
        binary_array(np.arange(len(sizes) + 1) * HEADER_BYTES, frames),
        *pieces,
        _PADS.take(pa.array(padding(sizes.astype(np.int64)))),
        _NOTHING,
    )


def _entries(name: str, column: pa.Array) -> tuple[pa.LargeBinaryArray, pa.LargeBinaryArray]:
    """Encode one entry of each record: what stands before the values, and the values.

    Entries of as many values begin alike: the beginning is written once and taken by each row.
    """
    nested = pa.types.is_nested(column.type)
    flat = column.flatten() if nested else column
    if column.null_count or flat.null_count:
        raise InvalidDataError(f"the answers {name!r} hold a null: every record needs a number")
    counts = pc.list_value_length(column) if nested else pa.repeat(1, len(column))
    coded = counts.cast(pa.int64()).dictionary_encode()
    heads = [_head(name.encode(), 4 * count) for count in coded.dictionary.to_pylist()]
    return (
        pa.array(heads, pa.large_binary()).take(coded.indices),
        binary_array(offsets_of(4 * counts.to_numpy(zero_copy_only=False)), _float32(flat, name)),
    )


def _head(key: bytes, size: int) -> bytes:
    """Encode an entry up to its values, which take `size` bytes."""
    numbers = _NUMBERS + varint_bytes(size) if size else b""
    tensor = _FLOAT32_TENSOR + varint_bytes(len(numbers) + size) + numbers
    value = _KEY + varint_bytes(len(key)) + key + _VALUE + varint_bytes(len(tensor) + size) + tensor
    return _ENTRY + varint_bytes(len(value) + size) + value


def _float32(numbers: pa.Array, name: str) -> npt.NDArray[np.float32]:
    values = numbers.cast(pa.float64()).to_numpy()
    with np.errstate(over="raise", invalid="ignore"):
        try:
            single: npt.NDArray[np.float32] = values.astype("<f4")
        except FloatingPointError:
            raise InvalidDataError(
                f"the answers {name!r} hold a number too large for RecordIO's 32-bit floats"
            ) from None
    return single

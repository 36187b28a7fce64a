"""MXNet's NDArray list files, in which SageMaker's KMeans, PCA and LDA keep their models.

Written as MXNet 1.x writes them, which every MXNet since 0.12 reads. Read as any MXNet wrote them:
before 0.9.6 without a magic number, with one since, with a storage type since 0.12, and from 1.6 on
with shapes of NumPy's meaning. Sparse storage is not read: those models have none.

Source of the layout: ``NDArray::Save`` and ``NDArray::Load`` of apache/mxnet,
``src/ndarray/ndarray.cc``; all numbers are little-endian.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sparkml_sm.errors import InvalidDataError

__all__ = ["decode", "encode"]

Array = npt.NDArray[Any]

_LIST_MAGIC = 0x112
_V1, _V2, _V3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
_CPU = (1, 0)
_DENSE = 0
#: MXNet's number of a type -> the type.
_TYPES = dict(enumerate(("<f4", "<f8", "<f2", "u1", "<i4", "i1", "<i8", "?")))
_NUMBERS = {np.dtype(name): number for number, name in _TYPES.items()}
#: Of files before 0.9.6 the magic number is the number of dimensions.
_MOST_DIMENSIONS = 32


def encode(arrays: Mapping[str, Array] | Sequence[Array]) -> bytes:
    """Write arrays, with or without names, as ``mx.nd.save`` does.

    Parameters
    ----------
    arrays : mapping of str to array, or sequence of arrays
        Each of at least one dimension and of a type that MXNet has: float16, float32, float64,
        int8, uint8, int32, int64 or bool.

    Raises
    ------
    InvalidDataError
        An array has no dimension or another type.

    Examples
    --------
    >>> decode(encode({"s": np.array([2.0, 3.0])}))
    {'s': array([2., 3.])}
    """
    names: list[bytes] = []
    if isinstance(arrays, Mapping):
        names = [name.encode() for name in arrays]
        arrays = list(arrays.values())
    parts = [struct.pack("<QQQ", _LIST_MAGIC, 0, len(arrays))]
    for each in arrays:
        parts.extend(_array_parts(each))
    parts.append(struct.pack("<Q", len(names)))
    parts.extend(struct.pack("<Q", len(name)) + name for name in names)
    return b"".join(parts)


def decode(data: bytes | memoryview) -> dict[str, Array] | list[Array]:
    """Read arrays, as ``mx.nd.load`` does.

    Returns
    -------
    dict of str to array, or list of arrays
        A dict where the file gives names. The arrays are views of `data` where that is possible.

    Raises
    ------
    InvalidDataError
        The bytes are no such file, are cut off, or hold sparse arrays.
    """
    reader = _Reader(data)
    magic, _reserved, count = reader.numbers("<QQQ")
    if magic != _LIST_MAGIC:
        raise _malformed("it does not begin with MXNet's magic number")
    arrays = [_read_array(reader) for _ in range(count)]
    names = []
    for _ in range(reader.numbers("<Q")[0]):
        (length,) = reader.numbers("<Q")
        names.append(bytes(reader.take(length)).decode("utf-8", "replace"))
    if not names:
        return arrays
    if len(names) != len(arrays):
        raise _malformed(f"it holds {len(arrays)} arrays and {len(names)} names")
    return dict(zip(names, arrays, strict=True))


def _array_parts(array: Array) -> list[bytes]:
    number = _NUMBERS.get(array.dtype.newbyteorder("<"))
    if number is None or not array.ndim:
        raise InvalidDataError(
            f"MXNet has no array of type {array.dtype} and {array.ndim} dimensions: "
            "use float32 and at least one dimension"
        )
    header = struct.pack("<IiI", _V2, _DENSE, array.ndim)
    shape = struct.pack(f"<{array.ndim}q", *array.shape)
    content = np.ascontiguousarray(array, dtype=_TYPES[number]).tobytes()
    return [header, shape, struct.pack("<iii", *_CPU, number), content]


class _Reader:
    """Reads from the front; never beyond the end."""

    def __init__(self, data: bytes | memoryview) -> None:
        self._rest = memoryview(data).cast("B")

    def take(self, length: int) -> memoryview:
        if length > len(self._rest):
            raise _malformed("it is cut off")
        taken, self._rest = self._rest[:length], self._rest[length:]
        return taken

    def numbers(self, layout: str) -> tuple[Any, ...]:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))


def _read_array(reader: _Reader) -> Array:
    (magic,) = reader.numbers("<I")
    if magic in {_V2, _V3}:
        (storage,) = reader.numbers("<i")
        if storage != _DENSE:
            raise _malformed(f"it holds a sparse array (storage type {storage})")
    # What is no magic number is the number of dimensions, which then have 32 bits.
    legacy = magic not in {_V1, _V2, _V3}
    dimensions = magic if legacy else reader.numbers("<I")[0]
    if dimensions > _MOST_DIMENSIONS or (not dimensions and magic != _V3):
        raise _malformed(f"it holds an array of {dimensions} dimensions")
    shape = reader.numbers(f"<{dimensions}{'I' if legacy else 'q'}")
    *_context, number = reader.numbers("<iii")
    impossible = any(size < 0 for size in shape) or math.prod(size or 1 for size in shape) >> 60
    if number not in _TYPES or impossible:
        raise _malformed(f"it holds an array of type {number} and shape {shape}")
    kind = np.dtype(_TYPES[number])
    content = reader.take(kind.itemsize * math.prod(shape))
    return np.frombuffer(content, dtype=kind).reshape(shape)


def _malformed(reason: str) -> InvalidDataError:
    return InvalidDataError(
        f"the bytes are not a file of MXNet arrays: {reason}; check that it is the file of a "
        "model.tar.gz of SageMaker's KMeans, PCA or LDA"
    )

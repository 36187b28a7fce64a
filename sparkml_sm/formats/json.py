"""JSON as SageMaker's own algorithms take it: ``{"instances": [...]}``.

A dense row is ``{"features":[1.5,2]}``, a sparse one ``{"data":{"features":{"keys":[26],
"shape":[2000],"values":[1]}}}``. Numbers read back to the same 64 bits. JSON has no NaN: a missing
feature is ``null``.

Source: "Common data formats for inference" in the SageMaker Developer Guide.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats.rows import FeatureRows, Floats, Offsets, offsets_of
from sparkml_sm.formats.text import number_texts, row_texts

__all__ = ["decode", "encode", "feature_objects", "json_numbers", "parsed", "read_instances"]

Flags = npt.NDArray[np.bool_]

_NOTHING = pa.scalar(b"", pa.large_binary())
_COMMA = pa.scalar(",", pa.large_string())
_TEXT = pa.large_string()
_LARGEST = np.iinfo(np.int32).max
_EXPECTED = (
    'write {"features":[...]} or {"data":{"features":{"values":[...]}}}, with "keys" and "shape" '
    "where it is sparse"
)


def encode(rows: FeatureRows) -> pa.LargeBinaryArray:
    """Encode each row as one object; a body holds them in ``{"instances":[...]}``, with commas.

    Parameters
    ----------
    rows : FeatureRows
        Dense, sparse or mixed, without label and weight: requests have none.

    Returns
    -------
    pyarrow.LargeBinaryArray of rows

    Raises
    ------
    InvalidDataError
        If the rows carry labels or weights, or a number is infinite.

    Examples
    --------
    >>> row = FeatureRows(3, np.array([2.5]), np.array([0, 1]), np.array([1], np.int32),
    ...                   np.array([0, 1]), np.array([False]))
    >>> encode(row)[0].as_py()
    b'{"data":{"features":{"keys":[1],"shape":[3],"values":[2.5]}}}'
    """
    return feature_objects(rows, b"")


def decode(body: bytes | memoryview, width: int | None = None) -> FeatureRows:
    """Decode a body of instances: short dense, long dense, sparse, or a mix of them.

    Instances are looked at one by one: this is for the answering side and for tests.

    Parameters
    ----------
    body : bytes or memoryview
    width : int, optional
        The number of features. Default: that of the first row.

    Raises
    ------
    InvalidDataError
        If it is not JSON, an instance is of another form or has a value that is no finite number,
        or rows differ in width; instances are counted from 0.
    """
    document = parsed(body, "the body")
    instances = document.get("instances") if isinstance(document, dict) else None
    if not isinstance(instances, list):
        raise InvalidDataError('the JSON body has no list "instances": write {"instances":[...]}')
    return read_instances(instances, width)


def feature_objects(rows: FeatureRows, ending: bytes) -> pa.LargeBinaryArray:
    """Encode each row as an object with `ending` behind it."""
    if rows.label is not None or rows.weight is not None:
        raise InvalidDataError("JSON rows are features alone: drop the label and the weight")
    if not len(rows):
        return pa.array([], pa.large_binary())
    dense = pa.array(rows.dense)
    texts = json_numbers(rows.values)
    pieces = [_of_kind(dense, b'{"features":[', b'{"data":{"features":{"keys":[')]
    if not rows.dense.all():
        keys = _listed(pa.array(rows.indices).cast(_TEXT))
        shape = b'],"shape":[%d],"values":[' % rows.width
        pieces += [row_texts(keys, rows.index_offsets, bare=True), _of_kind(dense, b"", shape)]
    pieces += [
        row_texts(_listed(texts), rows.value_offsets, bare=True),
        _of_kind(dense, b"]}" + ending, b"]}}}" + ending),
    ]
    return pc.binary_join_element_wise(*pieces, _NOTHING)


def json_numbers(values: Floats) -> pa.LargeStringArray:
    """Write each number as JSON has it: NaN is ``null``.

    Raises
    ------
    InvalidDataError
        If one is infinite.
    """
    texts = number_texts(values)
    odd = ~np.isfinite(values)
    if odd.any():
        if np.isinf(values).any():
            raise InvalidDataError("JSON has no infinity: replace such numbers before")
        texts = pc.if_else(pa.array(odd), pa.scalar("null", _TEXT), texts)
    minus = (values == 0) & np.signbit(values)
    if minus.any():  # "-0" would be read as an integer, which has no sign
        texts = pc.if_else(pa.array(minus), pa.scalar("-0.0", _TEXT), texts)
    return texts


def parsed(text: bytes | memoryview | str, what: str) -> Any:
    """Parse JSON, or say that `what` is none."""
    try:
        return json.loads(text if isinstance(text, str) else bytes(text))
    except (ValueError, RecursionError) as error:
        raise InvalidDataError(f"{what} is not JSON: check that it is complete") from error


def read_instances(instances: Sequence[Any], width: int | None) -> FeatureRows:
    """Read the objects of a body as rows."""
    vectors = [_vector(instance, place) for place, instance in enumerate(instances)]
    counts = np.array([len(vector.values) for vector in vectors], dtype=np.int64)
    key_counts = np.array([len(vector.keys or ()) for vector in vectors], dtype=np.int64)
    widths = np.array([vector.size for vector in vectors], dtype=np.int64)
    dense = np.array([vector.keys is None for vector in vectors], dtype=np.bool_)
    expected = width if width is not None else int(widths[0]) if vectors else 0
    _refuse(widths != expected, f"does not have {expected} features, as all rows must have")
    _refuse(~dense & (counts != key_counts), "has another number of keys than of values")
    values = _flat([vector.values for vector in vectors], counts, {int, float, type(None)})
    keys = _flat([vector.keys or [] for vector in vectors], key_counts, {int})
    owners = np.repeat(np.arange(len(vectors)), key_counts)
    _refuse_of((keys < 0) | (keys >= expected), owners, f"has a key outside of 0 to {expected - 1}")
    falling = np.zeros(len(keys), dtype=np.bool_)
    falling[1:] = (keys[1:] <= keys[:-1]) & (owners[1:] == owners[:-1])
    _refuse_of(falling, owners, "has keys that do not ascend")
    return FeatureRows(
        width=expected,
        values=values,
        value_offsets=offsets_of(counts),
        indices=keys.astype(np.int32),
        index_offsets=offsets_of(key_counts),
        dense=dense,
    )


class _Vector(NamedTuple):
    """The features of one instance; `keys` is None where they are dense."""

    values: list[Any]
    keys: list[Any] | None
    size: int


def _vector(instance: Any, place: int) -> _Vector:
    """Find the features of one instance, in any of the three forms."""
    outer = instance if isinstance(instance, dict) else {}
    features = outer.get("features")
    if isinstance(features, list):
        return _Vector(features, None, len(features))
    data = outer.get("data")
    tensor = data.get("features") if isinstance(data, dict) else None
    if isinstance(tensor, dict):
        values, keys, size = tensor.get("values"), tensor.get("keys"), _size(tensor.get("shape"))
        if isinstance(values, list) and keys is None:
            return _Vector(values, None, len(values))
        if isinstance(values, list) and isinstance(keys, list) and size is not None:
            return _Vector(values, keys, size)
    raise _unlike(place, "is none that SageMaker's algorithms take")


def _size(shape: Any) -> int | None:
    """Give the number of features of a shape, None where it is none."""
    if not isinstance(shape, list) or not shape:
        return None
    if not all(type(size) is int and 0 <= size <= _LARGEST for size in shape):
        return None
    size = math.prod(shape)
    return size if size <= _LARGEST else None


def _flat(lists: list[list[Any]], counts: Offsets, kinds: set[type]) -> Floats:
    """Join lists of numbers; refuse what is no finite number."""
    flat = list(chain.from_iterable(lists))
    if not set(map(type, flat)) <= kinds:
        bad = next(place for place, each in enumerate(flat) if type(each) not in kinds)
        raise _unlike(_owner(counts, bad), "has a value that is no number")
    try:
        numbers = np.array(flat, dtype=np.float64)  # None becomes NaN
    except OverflowError:
        numbers = np.array([math.inf if _is_huge(each) else each for each in flat], np.float64)
    infinite = np.isinf(numbers)
    if infinite.any():
        raise _unlike(_owner(counts, int(np.argmax(infinite))), "has a value that is too large")
    return numbers


def _is_huge(number: Any) -> bool:
    return isinstance(number, int) and abs(number) > sys.float_info.max


def _owner(counts: Offsets, place: int) -> int:
    return int(np.searchsorted(np.cumsum(counts), place, side="right"))


def _refuse(bad: Flags, reason: str) -> None:
    if bad.any():
        raise _unlike(int(np.argmax(bad)), reason)


def _refuse_of(bad: Flags, owners: Offsets, reason: str) -> None:
    if bad.any():
        raise _unlike(int(owners[np.argmax(bad)]), reason)


def _unlike(place: int, reason: str) -> InvalidDataError:
    return InvalidDataError(f"instance {place} of the JSON {reason}: {_EXPECTED}")


def _listed(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """Write a comma before each."""
    return pc.binary_join_element_wise(_COMMA, texts, pa.scalar("", _TEXT))


def _of_kind(dense: pa.BooleanArray, if_dense: bytes, if_sparse: bytes) -> pa.LargeBinaryArray:
    kind = pa.large_binary()
    return pc.if_else(dense, pa.scalar(if_dense, kind), pa.scalar(if_sparse, kind))

"""Read the tensors of SageMaker's `aialgs.data` records, many records at once.

Source of the schema: "Common data formats for training" in the SageMaker Developer Guide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats.protobuf import (
    FIXED32,
    FIXED64,
    LENGTH,
    VARINT,
    Bytes,
    Fields,
    gather,
    pieces,
    read_varints,
    steps,
)
from sparkml_sm.formats.rows import FeatureRows, Floats, Offsets, offsets_of

__all__ = ["Entries", "map_entries", "tensor_rows"]

_VALUES, _KEYS, _SHAPE = 1, 2, 3


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one of the three tensor types writes its values."""

    wire: int
    item: str | None


_FLOAT32, _FLOAT64, _INT32, _BYTES = 2, 3, 7, 9
_KINDS = {
    _FLOAT32: _Kind(FIXED32, "<f4"),
    _FLOAT64: _Kind(FIXED64, "<f8"),
    _INT32: _Kind(VARINT, None),
}


@dataclass(frozen=True, slots=True)
class Entries:
    """Entries of a map, of several records.

    Attributes
    ----------
    record : int64 array
        The record that each entry belongs to.
    begin, end : int64 array
        Where the entry's `Value` message lies.
    name : int64 array
        Which of `names` is its key.
    names : list of str
    """

    record: Offsets
    begin: Offsets
    end: Offsets
    name: Offsets
    names: list[str]

    def of(self, name: str, records: int) -> tuple[Offsets, Offsets, npt.NDArray[np.bool_]]:
        """Give begin and end of the value called `name` of every record, and whether it has one."""
        begin = np.zeros(records, dtype=np.int64)
        end = np.zeros(records, dtype=np.int64)
        present = np.zeros(records, dtype=np.bool_)
        if name in self.names:
            # A key that is there twice: the last one counts, as the map rule of the format says.
            chosen = self.name == self.names.index(name)
            owner = self.record[chosen]
            begin[owner], end[owner], present[owner] = self.begin[chosen], self.end[chosen], True
        return begin, end, present


def map_entries(data: Bytes, begin: Offsets, end: Offsets, numbers: set[int]) -> dict[int, Entries]:
    """Read the map entries of the records at ``data[begin:end]``, for each map field asked for."""
    found: dict[int, list[Fields]] = {number: [] for number in numbers}
    for step in steps(data, begin, end):
        for number, entries in found.items():
            entries.append(step.where((step.number == number) & (step.wire == LENGTH)))
    return {number: _entries(data, fields) for number, fields in found.items()}


def tensor_rows(data: Bytes, begin: Offsets, end: Offsets) -> FeatureRows:
    """Read the `Value` messages at ``data[begin:end]`` as rows of one width, without labels.

    Raises
    ------
    InvalidDataError
        If a message holds no tensor of numbers, or tensors that do not go together; rows are
        counted from 0.
    """
    kind, begin, end = _tensors(data, begin, end)
    fields = _pieces(data, begin, end)
    values, counts = _values(data, kind, fields[_VALUES])
    keys, key_counts = _numbers(data, fields[_KEYS], len(kind))
    sizes, shaped = _sizes(data, fields[_SHAPE], len(kind))
    dense = (key_counts == 0) & ((counts > 0) | ~shaped)
    widths = np.where(dense, counts, sizes)
    _refuse(~dense & ~shaped, "has keys and no shape; a sparse tensor must tell its size")
    _refuse(~dense & (counts != key_counts), "has another number of keys than of values")
    _refuse(dense & shaped & (sizes != counts), "has another number of values than its shape says")
    width = int(widths[0]) if len(widths) else 0
    _refuse(widths != width, f"does not have {width} values as the first record has")
    index_offsets = offsets_of(key_counts)
    owners = np.repeat(np.arange(len(kind)), key_counts)
    _refuse_keys((keys < 0) | (keys >= width), owners, f"has a key outside of 0 to {width - 1}")
    falling = np.zeros(len(keys), dtype=np.bool_)
    falling[1:] = (keys[1:] <= keys[:-1]) & (owners[1:] == owners[:-1])
    _refuse_keys(falling, owners, "has keys that do not ascend")
    return FeatureRows(
        width=width,
        values=values,
        value_offsets=offsets_of(counts),
        indices=keys.astype(np.int32),
        index_offsets=index_offsets,
        dense=dense,
    )


def _entries(data: Bytes, fields: list[Fields]) -> Entries:
    """Read key and value of map entries."""
    if not fields:
        nothing = np.empty(0, dtype=np.int64)
        return Entries(nothing, nothing, nothing, nothing, [])
    record = np.concatenate([each.owner for each in fields])
    entry_begin = np.concatenate([each.begin for each in fields])
    entry_end = np.concatenate([each.end for each in fields])
    # Absent keys and values count as empty ones.
    key = np.zeros((2, len(record)), dtype=np.int64)
    value = np.zeros((2, len(record)), dtype=np.int64)
    for step in steps(data, entry_begin, entry_end):
        for number, target in ((1, key), (2, value)):
            chosen = step.where((step.number == number) & (step.wire == LENGTH))
            target[0, chosen.owner], target[1, chosen.owner] = chosen.begin, chosen.end
    coded = pieces(data, key[0], key[1]).dictionary_encode()
    names = [name.decode("utf-8", "replace") for name in coded.dictionary.to_pylist()]
    codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return Entries(record, value[0], value[1], codes, names)


def _tensors(data: Bytes, begin: Offsets, end: Offsets) -> tuple[Offsets, Offsets, Offsets]:
    """Find the tensor in each `Value`: its kind, begin and end."""
    kind = np.zeros(len(begin), dtype=np.int64)
    first = np.zeros(len(begin), dtype=np.int64)
    last = np.zeros(len(begin), dtype=np.int64)
    for step in steps(data, begin, end):
        known = np.isin(step.number, (_FLOAT32, _FLOAT64, _INT32, _BYTES)) & (step.wire == LENGTH)
        chosen = step.where(known)
        kind[chosen.owner] = chosen.number
        first[chosen.owner], last[chosen.owner] = chosen.begin, chosen.end
    _refuse(kind == _BYTES, "holds bytes where numbers are expected")
    _refuse(kind == 0, "holds no tensor")
    return kind, first, last


def _pieces(data: Bytes, begin: Offsets, end: Offsets) -> dict[int, Fields]:
    """Read the fields of the tensors, each tensor's own in their order."""
    found: dict[int, list[Fields]] = {_VALUES: [], _KEYS: [], _SHAPE: []}
    for step in steps(data, begin, end):
        for number, fields in found.items():
            fields.append(step.where(step.number == number))
    return {number: _in_order(fields) for number, fields in found.items()}


def _in_order(fields: list[Fields]) -> Fields:
    """Join the fields that the steps found, by owner."""
    filled = [each for each in fields if len(each.owner)]
    if not filled:
        nothing = np.empty(0, dtype=np.int64)
        return Fields(nothing, nothing, nothing, nothing, nothing)
    if len(filled) == 1:
        return filled[0]
    joined = [
        np.concatenate([getattr(each, name) for each in filled])
        for name in ("owner", "number", "wire", "begin", "end")
    ]
    order = np.argsort(joined[0], kind="stable")
    return Fields(*(each[order] for each in joined))


def _values(data: Bytes, kind: Offsets, fields: Fields) -> tuple[Floats, Offsets]:
    """Read the values of tensors of all three kinds."""
    kinds = np.unique(kind)
    if len(kinds) == 1:
        return _values_of(data, int(kinds[0]), fields, len(kind))
    counts = np.zeros(len(kind), dtype=np.int64)
    parts = []
    for each in kinds.tolist():
        values, own = _values_of(data, each, fields.where(kind[fields.owner] == each), len(kind))
        counts += own
        parts.append((each, values))
    result = np.empty(int(counts.sum()))
    kind_of_value = np.repeat(kind, counts)
    for each, values in parts:
        result[kind_of_value == each] = values
    return result, counts


def _values_of(data: Bytes, kind: int, fields: Fields, records: int) -> tuple[Floats, Offsets]:
    """Read the values of tensors of one kind, packed or not."""
    how = _KINDS[kind]
    if how.item is None:
        numbers, counts = _numbers(data, fields, records)
        return numbers.astype(np.float64), counts
    size = np.dtype(how.item).itemsize
    lengths = fields.end - fields.begin
    _refuse_keys(
        ((fields.wire != LENGTH) & (fields.wire != how.wire)) | (lengths % size != 0),
        fields.owner,
        "holds values that are cut off or of another type than its tensor",
    )
    counts = np.bincount(fields.owner, weights=lengths // size, minlength=records)
    values = gather(data, fields.begin, fields.end).view(how.item)
    # A signalling NaN becomes a quiet one: not worth numpy's warning.
    with np.errstate(invalid="ignore"):
        return values.astype(np.float64), counts.astype(np.int64)


def _numbers(data: Bytes, fields: Fields, records: int) -> tuple[npt.NDArray[np.int64], Offsets]:
    """Read integers, packed or not; give them and how many each record has."""
    _refuse_keys(
        (fields.wire != LENGTH) & (fields.wire != VARINT),
        fields.owner,
        "holds integers of another type than its tensor",
    )
    if not len(fields.owner):
        return np.empty(0, dtype=np.int64), np.zeros(records, dtype=np.int64)
    numbers, counts = read_varints(data, fields.begin, fields.end)
    owned = np.bincount(fields.owner, weights=counts, minlength=records)
    return numbers, owned.astype(np.int64)


def _sizes(data: Bytes, fields: Fields, records: int) -> tuple[Offsets, npt.NDArray[np.bool_]]:
    """Give the product of each record's shape, and whether it has one."""
    dims, counts = _numbers(data, fields, records)
    sizes = np.ones(records, dtype=np.int64)
    np.multiply.at(sizes, np.repeat(np.arange(records), counts), dims)
    shaped = counts > 0
    _refuse(shaped & ((sizes < 0) | (sizes > np.iinfo(np.int32).max)), "has an impossible shape")
    return sizes, shaped


def _refuse(bad: npt.NDArray[np.bool_], reason: str) -> None:
    """Raise for the first record that is bad."""
    if bad.any():
        raise InvalidDataError(
            f"record {int(np.argmax(bad))} of the RecordIO data {reason}: check how it was written"
        )


def _refuse_keys(bad: npt.NDArray[np.bool_], owners: Offsets, reason: str) -> None:
    """Raise for the first record one of whose parts is bad."""
    if bad.any():
        raise InvalidDataError(
            f"record {int(owners[np.argmax(bad)])} of the RecordIO data {reason}: "
            "check how it was written"
        )

"""The contract of a row format, as a pytest class that a new format inherits.

Examples
--------
>>> from sparkml_sm.formats import FORMATS
>>> class TestLibSVM(RowFormatContract):
...     format = FORMATS["libsvm"]
...     weighted = True
"""

# ruff: noqa: D102, S101 (a contract is made of assertions, and a test's name says what it is)

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pytest

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats import FeatureRows, Format, concat_rows, dense_matrix, payload
from sparkml_sm.formats.rows import offsets_of

__all__ = ["RowFormatContract", "make_rows", "same_rows"]

#: Dense, or sparse as index to value.
Row: TypeAlias = list[float] | dict[int, float]


def make_rows(rows: Sequence[Row], width: int, **columns: Any) -> FeatureRows:
    """Make a batch of lists (dense rows) and dicts of index to value (sparse rows).

    Parameters
    ----------
    rows : sequence of list or dict
    width : int
    **columns : sequence of float
        `label` and `weight`, where there are any.
    """
    values = [list(row.values()) if isinstance(row, dict) else list(row) for row in rows]
    indices = [list(row) if isinstance(row, dict) else [] for row in rows]
    return FeatureRows(
        width=width,
        values=np.array([each for row in values for each in row], dtype=np.float64),
        value_offsets=offsets_of(np.array([len(row) for row in values], dtype=np.int64)),
        indices=np.array([each for row in indices for each in row], dtype=np.int32),
        index_offsets=offsets_of(np.array([len(row) for row in indices], dtype=np.int64)),
        dense=np.array([not isinstance(row, dict) for row in rows], dtype=np.bool_),
        **{name: np.array(column, dtype=np.float64) for name, column in columns.items()},
    )


def same_rows(found: FeatureRows, expected: FeatureRows, *, sparse: bool = True) -> None:
    """Assert that two batches hold the same numbers, bit for bit.

    Parameters
    ----------
    found, expected : FeatureRows
    sparse : bool, default True
        Whether the absent values of sparse rows must be absent too; else they may be zeros.
    """
    assert found.width == expected.width
    if sparse:
        np.testing.assert_array_equal(found.value_offsets, expected.value_offsets)
    for name in ("label", "weight"):
        ours, theirs = getattr(found, name), getattr(expected, name)
        assert (ours is None) == (theirs is None), f"only one batch has a {name}"
        if ours is not None:
            np.testing.assert_array_equal(ours, theirs)
    ours, theirs = dense_matrix(found), dense_matrix(expected)
    np.testing.assert_array_equal(ours, theirs)
    assert (np.signbit(ours) == np.signbit(theirs))[~np.isnan(theirs)].all()


class RowFormatContract:
    """What every format that encodes row by row must do.

    Attributes
    ----------
    format : Format
        The format under test.
    sparse : bool
        Whether it keeps sparse rows sparse.
    nan : "written" or "absent"
        How the format says that a feature is missing.
    weighted : bool
        Whether it can write weights; if not, weights must be refused.
    labelled : bool
        Whether it can write labels; if not, labels must be refused.
    broken : tuple of bytes
        Data that must be refused.
    """

    format: Format
    sparse: bool = True
    nan: str = "written"
    weighted: bool = False
    labelled: bool = True
    broken: tuple[bytes, ...] = ()

    def decode(self, data: bytes, like: FeatureRows) -> FeatureRows:
        """Decode; a format that must be told columns or width overrides this."""
        del like
        return self.format.decode(data)

    def rows(self, rows: Sequence[Row], width: int, **columns: Any) -> FeatureRows:
        """Make a batch, without the label where the format has no place for it."""
        if not self.labelled:
            columns.pop("label", None)
        return make_rows(rows, width, **columns)

    def encoded(self, rows: FeatureRows) -> list[bytes]:
        """Encode to a list of bytes."""
        assert self.format.encode is not None
        array = self.format.encode(rows)
        assert len(array) == len(rows)
        pieces: list[bytes] = array.to_pylist()
        return pieces

    def check(self, rows: FeatureRows) -> None:
        """Assert that rows survive the way out and back, as a batch and one by one."""
        pieces = self.encoded(rows)
        same_rows(self.decode(b"".join(pieces), rows), rows, sparse=self.sparse)
        assert self.format.split is not None
        assert [bytes(each) for each in self.format.split(b"".join(pieces))] == pieces

    def test_dense_rows(self) -> None:
        self.check(self.rows([[1.5, 0.0, -2.25], [0.0, 0.0, -0.0]], 3, label=[1, 0]))

    def test_sparse_rows(self) -> None:
        rows = self.rows([{0: 1.0, 299: 2.5}, {}, {128: -4.0}], 300, label=[1, -1, 3])
        self.check(rows)

    def test_mixed_rows_keep_their_order(self) -> None:
        rows: list[Row] = [[1.0, 2.0, 3.0], {1: 4.0}, [5.0, 0.0, 7.0], {}, {0: 8.0, 2: 9.0}]
        self.check(self.rows(rows, 3, label=[1, 2, 3, 4, 5]))

    def test_each_row_is_encoded_as_if_alone(self) -> None:
        rows: list[Row] = [[1.0, 2.0], {1: 4.0}, {0: 0.5, 1: 1.0}]
        alone = [self.encoded(self.rows([row], 2, label=[7]))[0] for row in rows]
        assert self.encoded(self.rows(rows, 2, label=[7, 7, 7])) == alone

    def test_rows_without_label(self) -> None:
        self.check(self.rows([[1.0, 2.0], {1: 3.0}], 2))

    def test_one_row(self) -> None:
        self.check(self.rows([[0.5]], 1, label=[1]))

    def test_empty_batch(self) -> None:
        assert self.encoded(self.rows([], 3, label=[])) == []
        assert self.encoded(self.rows([], 3)) == []

    def test_weights(self) -> None:
        rows = make_rows([[1.0, 2.0], {1: 3.0}], 2, label=[1, 0], weight=[0.5, 2])
        if self.weighted:
            self.check(rows)
        else:
            with pytest.raises(InvalidDataError, match="weight"):
                self.encoded(rows)

    def test_labels_that_cannot_be_written_are_refused(self) -> None:
        if not self.labelled:
            with pytest.raises(InvalidDataError, match="label"):
                self.encoded(make_rows([[1.0]], 1, label=[1]))

    def test_numbers_of_every_size(self) -> None:
        numbers = [0.1, 1e-30, 1e30, 2.0**53, -(2.0**24), 123456.789]
        single = np.array(numbers, dtype=np.float32).astype(np.float64)
        self.check(self.rows([single.tolist()], len(single), label=[1]))

    def test_nan_is_missing(self) -> None:
        dense = self.rows([[1.0, np.nan, 2.0], [np.nan, 0.0, np.nan]], 3, label=[1, 0])
        absent = self.rows([{0: 1.0, 2: 2.0}, {1: 0.0}], 3, label=[1, 0])
        found = self.decode(b"".join(self.encoded(dense)), dense)
        same_rows(found, dense if self.nan == "written" else absent)

    def test_bodies_are_cut_between_rows(self) -> None:
        assert self.format.encode is not None
        rows = self.rows([[float(each), 0.5] for each in range(40)], 2, label=range(40))
        array = self.format.encode(rows)
        bodies = [bytes(payload(array, start, start + 8)) for start in range(0, 40, 8)]
        same_rows(concat_rows([self.decode(body, rows) for body in bodies]), rows)

    def test_writer_writes_what_encode_encodes(self) -> None:
        sink = io.BytesIO()
        writer = self.format.writer(sink)
        batches = [self.rows([[1.0, 2.0]], 2, label=[1]), self.rows([{1: 3.0}], 2, label=[0])]
        for batch in batches:
            writer.write(batch)
        writer.close()
        assert sink.getvalue() == b"".join(self.encoded(concat_rows(batches)))

    def test_broken_data_is_refused(self) -> None:
        like = self.rows([[1.0]], 1, label=[1])
        assert self.broken
        for data in self.broken:
            with pytest.raises(InvalidDataError):
                self.decode(data, like)

"""Serializers of features whose body is one array or one file, not rows one behind the other."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa

from sparkml_sm.formats import parquet
from sparkml_sm.formats.payloads import binary_array
from sparkml_sm.formats.rows import FeatureRows, dense_matrix
from sparkml_sm.inference.serializers.features import FeatureRequestRowSerializer

__all__ = ["NPYRequestRowSerializer", "ParquetRequestRowSerializer"]

_ITEM = np.dtype("<f8")
# An NPY header is padded to a multiple of 64 bytes; one of two dimensions takes 128.
_NPY_HEADER = 256


class NPYRequestRowSerializer(FeatureRequestRowSerializer):
    """Sends features as one numpy array a request, ``application/x-npy``.

    The array is of 64-bit floats and of shape (rows, features); sparse rows are sent with their
    zeros.

    Parameters
    ----------
    schema : StructType, optional
        Not used.
    featuresColumnName : str or list of str, default "features"
        A vector column, an array column, or numeric columns.
    """

    contentType = "application/x-npy"

    def encodeRows(self, rows: FeatureRows) -> pa.Array:
        """Return the numbers of each row, as the array holds them."""
        return _raw(rows)

    def body(self, rows: bytes, count: int) -> bytes:
        """Return the header and the numbers."""
        header = io.BytesIO()
        shape = (count, len(rows) // (count * _ITEM.itemsize))
        layout = {"descr": _ITEM.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(header, layout)
        return header.getvalue() + rows

    def overhead(self, rowBytes: int) -> int:  # noqa: ARG002 (the base's signature)
        """Return the room for the header."""
        return _NPY_HEADER


class ParquetRequestRowSerializer(FeatureRequestRowSerializer):
    """Sends features as one Parquet file a request, ``application/x-parquet``.

    Each feature is a column of 64-bit floats: of its own name where columns are listed, else
    ``f0``, ``f1``, and so on. Sparse rows are sent with their zeros.

    Parameters
    ----------
    schema : StructType, optional
        Not used.
    featuresColumnName : str or list of str, default "features"
        A vector column, an array column, or numeric columns.
    """

    contentType = "application/x-parquet"

    def encodeRows(self, rows: FeatureRows) -> pa.Array:
        """Return the numbers of each row, which `body` turns into columns."""
        return _raw(rows)

    def body(self, rows: bytes, count: int) -> bytes:
        """Return a file of these rows."""
        matrix = np.frombuffer(rows, dtype=_ITEM).reshape(count, -1)
        named = self.featuresColumnName
        return parquet.encode_matrix(matrix, None if isinstance(named, str) else named)

    def overhead(self, rowBytes: int) -> int:
        """Return the room for what the file tells of each column."""
        names = self.featuresColumnName
        longest = 0 if isinstance(names, str) else max(len(name.encode()) for name in names)
        return parquet.overhead(rowBytes // _ITEM.itemsize, longest)


def _raw(rows: FeatureRows) -> pa.LargeBinaryArray:
    matrix = dense_matrix(rows).astype(_ITEM, copy=False)
    return binary_array(np.arange(len(rows) + 1) * (rows.width * _ITEM.itemsize), matrix)

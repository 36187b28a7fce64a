"""Spark's dense matrices as rows of features: RecordIO alone has a place for their shape."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats.arrow import Where
from sparkml_sm.formats.rows import FeatureRows, dense_rows

__all__ = ["matrix_rows"]

_DENSE = 1  # in the `type` field of an unwrapped matrix
_ONE_SHAPE = "all rows must have the same"


def matrix_rows(matrices: pa.StructArray, where: Where) -> tuple[FeatureRows, tuple[int, int]]:
    """Check a batch of matrices, see each as a row of features, and tell their one shape.

    Parameters
    ----------
    matrices : struct array
        Of the fields of Spark's unwrapped matrix.
    where : Where
        Name of the column and place of the batch, for messages.

    Returns
    -------
    FeatureRows
        Dense, of rows times columns features, the matrix's first row first.
    tuple of int
        The matrix's rows and columns.

    Raises
    ------
    InvalidDataError
        If a matrix is null, sparse, of another shape than the first, or holds infinity.
    """

    def refuse(bad: pa.BooleanArray, reason: str, remedy: str) -> None:
        flags = bad.fill_null(True).to_numpy(zero_copy_only=False)
        where.refuse(where.featuresColumn, flags, reason, remedy)

    refuse(matrices.is_null(), "the matrix is null", "drop or fill such rows before")
    if not len(matrices):
        return dense_rows(np.empty((0, 0))), (0, 0)
    sparse = matrices.field("type").to_numpy(zero_copy_only=False) != _DENSE
    refuse(pa.array(sparse), "the matrix is sparse", "send its toDense()")
    shape = (matrices.field("numRows")[0].as_py(), matrices.field("numCols")[0].as_py())
    size = shape[0] * shape[1]
    for name, expected in zip(("numRows", "numCols"), shape, strict=True):
        unlike = matrices.field(name).to_numpy(zero_copy_only=False) != expected
        refuse(pa.array(unlike), f"the matrix is not of shape {shape}", _ONE_SHAPE)
    values = matrices.field("values")
    if (values.value_lengths().to_numpy(zero_copy_only=False) != size).any():
        raise InvalidDataError(
            f"column {where.featuresColumn!r} has a matrix that has not {size} values: rebuild it "
            "with pyspark.ml.linalg.Matrices"
        )
    table = values.flatten().to_numpy(zero_copy_only=False).reshape(len(matrices), size)
    infinite = np.isinf(table).any(axis=1)
    refuse(pa.array(infinite), "a value is infinite", "replace it by a number")
    # Stored by columns but where it is transposed, written by rows.
    by_rows = matrices.field("isTransposed").to_numpy(zero_copy_only=False).astype(np.bool_)
    by_columns = table.reshape(len(matrices), shape[1], shape[0]).swapaxes(1, 2)
    written = np.where(by_rows[:, None], table, by_columns.reshape(len(matrices), size))
    return dense_rows(written), shape

"""Rows times weights, dense and sparse, in numpy alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats.rows import FeatureRows, positions

__all__ = ["check_width", "product"]

Floats = npt.NDArray[np.float64]


def check_width(rows: FeatureRows, features: int) -> None:
    """Raise `InvalidDataError` where rows do not have the features that a model was trained on."""
    if rows.width != features:
        raise InvalidDataError(
            f"the rows have {rows.width} features, and the model was trained with {features}: "
            "send the columns that it was trained on"
        )


def product(rows: FeatureRows, weights: Floats) -> Floats:
    """Multiply rows by weights.

    Parameters
    ----------
    rows : FeatureRows
        The batch; what a sparse row leaves out is 0.
    weights : float64 array of shape (rows.width, k)

    Returns
    -------
    float64 array of shape (rows, k)

    Examples
    --------
    >>> from sparkml_sm.formats import csv
    >>> product(csv.decode(b"1,2", label=False), np.array([[10.0], [100.0]]))
    array([[210.]])
    """
    if rows.dense.all():
        return rows.values.reshape(len(rows), rows.width) @ weights
    owners = np.repeat(np.arange(len(rows)), np.diff(rows.value_offsets))
    features = positions(rows)
    result = np.empty((len(rows), weights.shape[1]))
    # Column by column: all at once would take as much memory as values times k.
    for number, column in enumerate(np.ascontiguousarray(weights.T)):
        result[:, number] = np.bincount(owners, rows.values * column[features], len(rows))
    return result

"""Labels of the rows that supervised algorithms train on, checked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats.rows import FeatureRows

__all__ = ["checked_label", "label_of"]


def label_of(rows: FeatureRows) -> npt.NDArray[np.float64]:
    """Return the labels, or raise `InvalidDataError` where rows have none."""
    if rows.label is None:
        raise InvalidDataError("the rows have no label: the algorithm learns labels")
    return rows.label


def checked_label(
    rows: FeatureRows, channel: str, classes: int | None = None
) -> npt.NDArray[np.float64]:
    """Return the labels if they can be learnt.

    Parameters
    ----------
    rows : FeatureRows
    channel : str
        Where the rows are from, for the message.
    classes : int, optional
        Labels number so many classes, from 0; None for labels that are any finite number.

    Raises
    ------
    InvalidDataError
        A label is another number; the first is named.
    """
    label = label_of(rows)
    fits = np.isfinite(label) if classes is None else np.isin(label, np.arange(classes))
    if fits.all():
        return label
    row = int(np.argmin(fits))
    expected = "finite numbers" if classes is None else f"whole numbers from 0 to {classes - 1}"
    raise InvalidDataError(
        f"row {row} of channel {channel} has the label {label[row]:g}: labels must be {expected}"
    )

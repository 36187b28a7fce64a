"""JSON Lines as SageMaker's own algorithms take it: an object of `formats.json` a line."""

from __future__ import annotations

import pyarrow as pa

from sparkml_sm.formats.json import feature_objects, parsed, read_instances
from sparkml_sm.formats.rows import FeatureRows
from sparkml_sm.formats.text import split_lines

__all__ = ["decode", "encode", "split"]

split = split_lines


def encode(rows: FeatureRows) -> pa.LargeBinaryArray:
    r"""Encode each row as an object on a line that ends in ``\n``.

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
    >>> import numpy as np
    >>> from sparkml_sm.formats.rows import dense_rows
    >>> encode(dense_rows(np.array([[1.5, 2.0]])))[0].as_py()
    b'{"features":[1.5,2]}\n'
    """
    return feature_objects(rows, b"\n")


def decode(body: bytes | memoryview, width: int | None = None) -> FeatureRows:
    """Decode lines of objects: short dense, long dense, sparse, or a mix of them.

    Lines are looked at one by one: this is for the answering side and for tests.

    Parameters
    ----------
    body : bytes or memoryview
        Blank lines are left out.
    width : int, optional
        The number of features. Default: that of the first row.

    Raises
    ------
    InvalidDataError
        If a line is not JSON, is of another form or has a value that is no finite number, or rows
        differ in width; rows are counted from 0.
    """
    instances = [parsed(line, f"line {place}") for place, line in enumerate(split(body))]
    return read_instances(instances, width)

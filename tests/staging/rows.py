"""What tests of several ways of reading share: a batch as Spark would hold it, back to rows."""

from __future__ import annotations

import pyarrow as pa

from sparkml_sm.formats import FeatureRows, Where, feature_rows
from sparkml_sm.staging.vectors import vector_parts

NAMES = ["size", "indices", "values"]


def read_back(features: pa.Array, label: pa.Array | None = None) -> FeatureRows:
    """Return the rows of a vector or array column; null labels are none."""
    parts = pa.StructArray.from_arrays(vector_parts(features), NAMES)
    labels = None if label is None or label.null_count else label
    return feature_rows(parts, labels, None, Where("features"))

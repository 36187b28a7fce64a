"""Bytes <-> rows of features, vectorised over Arrow; pure: neither Spark nor AWS is known here."""

from __future__ import annotations

from sparkml_sm.formats.arrow import Where, feature_rows
from sparkml_sm.formats.payloads import payload
from sparkml_sm.formats.registry import FORMATS, Format
from sparkml_sm.formats.rows import FeatureRows, concat_rows, dense_matrix, slice_rows
from sparkml_sm.formats.sinks import BinarySink, RowWriter

__all__ = [
    "FORMATS",
    "BinarySink",
    "FeatureRows",
    "Format",
    "RowWriter",
    "Where",
    "concat_rows",
    "dense_matrix",
    "feature_rows",
    "payload",
    "slice_rows",
]

"""A hyperparameter is a row: its name, its check, its words; everything else follows from it.

From one row come the Spark Param with its setter, getter and documentation, the text that the
request carries, and the reading of that text on the other side. Pure Python: neither Spark nor AWS
is known here.
"""

from __future__ import annotations

from sparkml_sm.hyperparameters.checks import (
    Boolean,
    Check,
    Flag,
    Float,
    Int,
    ListOf,
    Matching,
    NestedInts,
    NumberOr,
    OneOf,
    TupleOf,
    java_double,
    near_matches,
)
from sparkml_sm.hyperparameters.rows import Hyperparameter, Retirement, version_key

__all__ = [
    "Boolean",
    "Check",
    "Flag",
    "Float",
    "Hyperparameter",
    "Int",
    "ListOf",
    "Matching",
    "NestedInts",
    "NumberOr",
    "OneOf",
    "Retirement",
    "TupleOf",
    "java_double",
    "near_matches",
    "version_key",
]

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
    Matching,
    OneOf,
    OrWord,
    java_double,
    near_matches,
)
from sparkml_sm.hyperparameters.rows import Hyperparameter, Retirement, WrongTypeError, version_key
from sparkml_sm.hyperparameters.sequences import ListOf, NestedInts, TupleOf

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
    "OneOf",
    "OrWord",
    "Retirement",
    "TupleOf",
    "WrongTypeError",
    "java_double",
    "near_matches",
    "version_key",
]

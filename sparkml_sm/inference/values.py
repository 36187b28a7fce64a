"""Objects that are their constructor's arguments: equal, printed, saved and pickled by them."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

__all__ = ["ByValue"]


class ByValue:
    """The base of serializers and deserializers, those of users as well.

    Every argument of a constructor is kept as an attribute of the same name. An attribute is set
    once, so one object may serve any number of models and DataFrames.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if name in vars(self):
            raise AttributeError(
                f"{type(self).__name__}.{name} cannot be changed, because models share the object: "
                f"make a new {type(self).__name__}"
            )
        super().__setattr__(name, value)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other) or not isinstance(other, ByValue):
            return NotImplemented
        ours, others = self._arguments(), other._arguments()
        return ours.keys() == others.keys() and all(
            _same(value, others[name]) for name, value in ours.items()
        )

    def __hash__(self) -> int:
        return hash((type(self), repr(self)))

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self._arguments().items())
        return f"{type(self).__name__}({given})"

    def _arguments(self) -> dict[str, Any]:
        """Return the constructor's arguments; all attributes where it did not keep them."""
        kept = vars(self)
        names = inspect.signature(type(self)).parameters
        return {name: kept[name] for name in names} if set(names) <= set(kept) else dict(kept)


def _same(one: Any, other: Any) -> bool:
    """Compare arguments, arrays of numpy as well, which compare number by number."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return type(one) is type(other) and one.dtype == other.dtype and _equal(one, other)
    if isinstance(one, (list, tuple)) and type(one) is type(other):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return bool(one == other)


def _equal(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> bool:
    return np.array_equal(one, other, equal_nan=one.dtype.kind in "fc")

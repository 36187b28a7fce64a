"""What a dataset tells an algorithm: its width, its rows and what its labels are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from sparkml_sm.catalog.algorithm import Algorithm
from sparkml_sm.errors import ConfigurationError, InvalidDataError
from sparkml_sm.formats.rows import Floats
from sparkml_sm.hyperparameters import Hyperparameter

__all__ = ["LabelStats", "TrainingData", "decided"]


@dataclass(frozen=True, slots=True)
class LabelStats:
    """What all labels of a dataset have in common.

    Attributes
    ----------
    minimum, maximum : float
    whole : bool
        Whether every label is a whole number.

    Examples
    --------
    >>> import numpy as np
    >>> LabelStats.of(np.array([0.0, 2.0])).merged(LabelStats.of(np.array([0.5])))
    LabelStats(minimum=0.0, maximum=2.0, whole=False)
    """

    minimum: float
    maximum: float
    whole: bool

    @classmethod
    def of(cls, labels: Floats) -> LabelStats:
        """Return the statistics of at least one label."""
        whole = bool((np.trunc(labels) == labels).all())
        return cls(float(labels.min()), float(labels.max()), whole)

    def merged(self, other: LabelStats | None) -> LabelStats:
        """Return the statistics of both sets of labels; None stands for no labels."""
        if other is None:
            return self
        return LabelStats(
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
            self.whole and other.whole,
        )

    @property
    def classes(self) -> int | None:
        """How many classes 0, 1, ... the labels number; None where they number none."""
        return int(self.maximum) + 1 if self.whole and self.minimum >= 0 else None

    def __str__(self) -> str:
        span = f"from {self.minimum:g} to {self.maximum:g}"
        return f"whole numbers {span}" if self.whole else f"numbers {span}, not all whole"


class TrainingData(Protocol):
    """What is known of the rows that a job trains on, such as a `StagedDataset`."""

    @property
    def rows(self) -> int:
        """How many there are."""

    @property
    def features(self) -> int:
        """How many features each has."""

    @property
    def labels(self) -> LabelStats | None:
        """What their labels are; None where they have none."""


def decided(
    algorithm: Algorithm, values: Mapping[str, Any], data: TrainingData, label: str = "label"
) -> dict[str, Any]:
    """Return the hyperparameters of a request with those added that the data decides.

    Parameters
    ----------
    algorithm : Algorithm
    values : mapping of str to object
        The canonical values that are set.
    data : TrainingData
    label : str, default "label"
        Name of the label's column, for messages.

    Raises
    ------
    ConfigurationError
        A value that is set contradicts the data; both are named.
    InvalidDataError
        The labels are none that the algorithm learns.
    """
    if data.labels and algorithm.labels == "binary":
        _check_binary(algorithm, data.labels, label)
    result = dict(values)
    for row in algorithm.hyperparameters:
        given = result.pop(row.name, None)
        if row.filled and (row.filled != "classes" or row in algorithm.missing(result)):
            given = _value(row, given, data, label)
        if given is not None:
            result[row.name] = given
    return result


def _check_binary(algorithm: Algorithm, found: LabelStats, label: str) -> None:
    if found.classes is None or found.classes > 2:
        raise InvalidDataError(
            f"column {label!r} holds {found}; a binary classifier of {algorithm.name} learns the "
            "labels 0 and 1"
        )


def _value(row: Hyperparameter, given: Any, data: TrainingData, label: str) -> Any:
    """Return the value of a row that the data decides."""
    if row.filled == "features":
        if given not in (None, "auto", data.features):
            raise ConfigurationError(
                f"`{row.name}` is {given} and the rows have {data.features} features: leave it "
                "unset, and it follows the data"
            )
        return data.features if given is None else given
    if row.filled == "rows":
        return data.rows if given is None else given
    return given if data.labels is None else _classes(row, given, data.labels, label)


def _classes(row: Hyperparameter, given: int | None, found: LabelStats, label: str) -> int:
    """Return the number of classes: the largest label and one."""
    if found.classes is None:
        raise InvalidDataError(
            f"column {label!r} holds {found}; classes are numbered 0, 1, 2, ...: number them with "
            "StringIndexer"
        )
    if given is None:
        return _allowed(row, found, label)
    if given < found.classes:
        raise ConfigurationError(
            f"`{row.name}` is {given} and column {label!r} holds {found}: it must be at least "
            f"{found.classes}"
        )
    return given


def _allowed(row: Hyperparameter, found: LabelStats, label: str) -> int:
    try:
        classes: int = row.check.convert(found.classes)
    except ValueError:
        raise InvalidDataError(
            f"column {label!r} holds {found}; `{row.name}`, the number of classes, must be "
            f"{row.check.expected}"
        ) from None
    return classes

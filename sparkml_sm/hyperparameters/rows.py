"""The row of a hyperparameter, and what later image versions no longer take of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from sparkml_sm.hyperparameters.checks import Check

__all__ = ["Hyperparameter", "Retirement", "WrongTypeError", "version_key"]


class WrongTypeError(TypeError, ValueError):
    """A value of a wrong type, for which the predecessor raised now the one, now the other."""


def version_key(version: str) -> tuple[int, ...] | None:
    """Return what an image version sorts by, or None for a tag that is no version.

    ``"1"`` and ``"latest"`` are the first generation of an image and sort before ``"0.90-1"``.

    Examples
    --------
    >>> version_key("1") < version_key("0.90-1") < version_key("1.7-1-cpu-py3")
    True
    """
    if version in {"1", "latest"}:
        return ()
    match = re.match(r"(\d+)\.(\d+)-(\d+)(?:-|$)", version)
    return tuple(map(int, match.groups())) if match else None


@dataclass(frozen=True, slots=True)
class Retirement:
    """Values that images from one version on no longer honour.

    Attributes
    ----------
    since : str
        The first image version that behaves so.
    instead : str
        What to do now, such as ``"use `verbosity`"``.
    kept : Check or None
        What those images still take; None where the whole hyperparameter is retired.
    refused : bool, default True
        True where the image fails the job, False where it takes the value without effect or says
        that it will soon refuse it.
    """

    since: str
    instead: str
    kept: Check | None = None
    refused: bool = True

    def concerns(self, value: Any, version: str) -> bool:
        """Return whether `value` meets this retirement in image `version`."""
        key, since = version_key(version), version_key(self.since)
        if key is None or since is None or key < since:
            return False
        if self.kept is None:
            return True
        try:
            self.kept.convert(value)
        except (TypeError, ValueError):
            return True
        return False


@dataclass(frozen=True, slots=True)
class Hyperparameter:
    """One hyperparameter of an algorithm.

    Attributes
    ----------
    name : str
        The name that SageMaker reads, which is also the name of the Param: ``"num_round"``.
    check : Check
        What may be set: what any image version takes, and whatever the predecessor took.
    doc : str
        One sentence for people; ends without a full stop.
    setter : str, default ""
        What follows ``set`` and ``get``; the name in CamelCase where empty.
    required : bool, default False
        Whether a job cannot do without.
    default : object, default None
        Sent where the user set nothing; None sends nothing: the service's own default holds.
    filled : {"", "features", "classes", "rows"}
        What of the data decides the value where the user set nothing: their number; that of
        classes only where it is required or a rule asks for it.
    since : str or None
        The first image version that knows the name; None for all.
    retirements : tuple of Retirement
        What later images stopped to honour.
    alias : str, default ""
        A second name of the attribute on a stage, for programs written for the predecessor.
    synonyms : tuple of str
        Other names for it in a request.
    argument : str, default "value"
        The name of its setter's argument, as the predecessor called it.
    """

    name: str
    check: Check
    doc: str
    setter: str = ""
    required: bool = False
    default: Any = None
    filled: Literal["", "features", "classes", "rows"] = ""
    since: str | None = None
    retirements: tuple[Retirement, ...] = ()
    alias: str = ""
    synonyms: tuple[str, ...] = ()
    argument: str = "value"

    @property
    def suffix(self) -> str:
        """What follows ``set`` and ``get`` in the names of its accessors."""
        return self.setter or "".join(word.capitalize() for word in self.name.split("_"))

    def convert(self, value: Any, owner: str) -> Any:
        """Return the canonical form of `value`.

        Raises
        ------
        WrongTypeError
            The value is of a wrong type.
        ValueError
            It is of the right type and out of range. Either message reads
            "`eta` of XGBoostSageMakerEstimator must be a float in [0, 1], got 2".
        """
        try:
            return self.check.convert(value)
        except (TypeError, ValueError) as error:
            # A check may raise with a hint; other texts come from Python itself and would not help.
            hint = str(error) if str(error).startswith("; ") else ""
            kind = WrongTypeError if isinstance(error, TypeError) else ValueError
            message = f"`{self.name}` of {owner} must be {self.check.expected}, got {value!r}{hint}"
        raise kind(message)

    def to_request(self, value: Any) -> str:
        """Return the text that the request carries for a canonical value."""
        return self.check.to_request(value)

    def from_request(self, text: str, owner: str) -> Any:
        """Return the canonical value of a request's text; raise `ValueError` as `convert` does."""
        try:
            return self.check.from_request(text)
        except (TypeError, ValueError):
            message = f"`{self.name}` of {owner} must be {self.check.expected}, got {text!r}"
        raise ValueError(message)

    def retirement(self, value: Any, version: str) -> Retirement | None:
        """Return the retirement that `value` meets in an image, a refusal before a warning."""
        met = [row for row in self.retirements if row.concerns(value, version)]
        return min(met, key=lambda row: not row.refused, default=None)

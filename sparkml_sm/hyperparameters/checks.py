"""What a hyperparameter accepts: small frozen checks, which also write and read a request's text.

A check turns a value into its canonical Python form or refuses it. Its errors are empty or hold a
hint; the row that owns the check adds the name, the rule and the value.
"""

# ruff: noqa: D102 - the methods are those of `Check` and are documented there.

from __future__ import annotations

import difflib
import math
import numbers
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

__all__ = [
    "Boolean",
    "Check",
    "Flag",
    "Float",
    "Int",
    "Matching",
    "OneOf",
    "OrWord",
    "java_double",
    "near_matches",
]


def java_double(value: float) -> str:
    """Write a float as Java's ``Double.toString`` does, which is what the predecessor sent.

    Examples
    --------
    >>> java_double(0.3), java_double(1e-4), java_double(2e7)
    ('0.3', '1.0E-4', '2.0E7')
    """
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    number = Decimal(repr(value)).as_tuple()
    digits = "".join(map(str, number.digits))
    power = int(number.exponent) + len(digits) - 1
    fraction = digits[1:].rstrip("0") or "0"
    return f"{'-' if number.sign else ''}{digits[0]}.{fraction}E{power}"


def near_matches(name: str, candidates: Iterable[str]) -> str:
    """Return ``"; did you mean `eta`?"`` for the candidates close to `name`, or an empty string."""
    near = difflib.get_close_matches(name, list(candidates), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(f'`{match}`' for match in near)}?" if near else ""


def _is_bool(value: Any) -> bool:
    # Python's bool counts as an int and NumPy's as nothing; neither is a number to us.
    return isinstance(value, bool) or type(value).__name__ in {"bool", "bool_"}


def _real(value: Any) -> float:
    if _is_bool(value) or not isinstance(value, numbers.Real):
        raise TypeError
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return str(value)


class Check(ABC):
    """What a hyperparameter accepts."""

    __slots__ = ()

    @property
    @abstractmethod
    def expected(self) -> str:
        """What is accepted, to follow "must be", such as ``"a float in [0, 1]"``."""

    @abstractmethod
    def convert(self, value: Any) -> Any:
        """Return the canonical form of `value`.

        Raises
        ------
        TypeError
            The value is of a wrong type.
        ValueError
            It is of the right type and out of range.
        """

    def to_request(self, value: Any) -> str:
        """Return the text that SageMaker gets for a canonical value."""
        return str(value)

    def from_request(self, text: str) -> Any:
        """Return the canonical value of a request's text, or raise `ValueError`."""
        return self.convert(text)


@dataclass(frozen=True, slots=True)
class Int(Check):
    """An int from `low` to `high`, both included and None for an open end, or one of `also`."""

    low: int | None = None
    high: int | None = None
    also: tuple[int, ...] = ()

    @property
    def expected(self) -> str:
        if self.low is None and self.high is None:
            return "an int"
        left = "(-inf" if self.low is None else f"[{self.low}"
        right = "inf)" if self.high is None else f"{self.high}]"
        return " or ".join([f"an int in {left}, {right}", *map(str, self.also)])

    def convert(self, value: Any) -> int:
        # Spark ML takes 5.0 for an int, and so did the predecessor.
        if not _real(value).is_integer():
            raise TypeError
        number = int(value)
        if number in self.also:
            return number
        if self.low is not None and number < self.low:
            raise ValueError
        if self.high is not None and number > self.high:
            raise ValueError
        return number

    def from_request(self, text: str) -> int:
        return self.convert(int(text))


@dataclass(frozen=True, slots=True)
class Float(Check):
    """A finite float between `low` and `high`, either of which may be excluded or absent."""

    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False

    @property
    def expected(self) -> str:
        if self.low is None and self.high is None:
            return "a finite float"
        left = "(-inf" if self.low is None else f"{'(' if self.low_open else '['}{self.low:g}"
        right = "inf)" if self.high is None else f"{self.high:g}{')' if self.high_open else ']'}"
        return f"a float in {left}, {right}"

    def convert(self, value: Any) -> float:
        number = _real(value)
        if not math.isfinite(number):
            raise ValueError
        if self.low is not None and (number < self.low or (self.low_open and number == self.low)):
            raise ValueError
        if self.high is not None and (
            number > self.high or (self.high_open and number == self.high)
        ):
            raise ValueError
        return number

    def to_request(self, value: float) -> str:
        return java_double(value)

    def from_request(self, text: str) -> float:
        return self.convert(float(text))


@dataclass(frozen=True, slots=True)
class OneOf(Check):
    """One of a set of strings; the `hidden` are taken as well, but not recommended to anyone."""

    values: tuple[str, ...]
    hidden: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        return f"one of {', '.join(self.values)}"

    def convert(self, value: Any) -> str:
        text = _text(value)
        if text not in self.values and text not in self.hidden:
            raise ValueError(near_matches(text, self.values))
        return text


@dataclass(frozen=True, slots=True)
class Matching(Check):
    """A string that matches a pattern as a whole; `words` tells people which."""

    pattern: str
    words: str

    @property
    def expected(self) -> str:
        return self.words

    def convert(self, value: Any) -> str:
        text = _text(value)
        if not re.fullmatch(self.pattern, text):
            raise ValueError
        return text


@dataclass(frozen=True, slots=True)
class Flag(Check):
    """The number 0 or 1; a bool is taken for it."""

    @property
    def expected(self) -> str:
        return "0 or 1"

    def convert(self, value: Any) -> int:
        return int(bool(value)) if _is_bool(value) else Int(0, 1).convert(value)

    def from_request(self, text: str) -> int:
        return Int(0, 1).from_request(text)


@dataclass(frozen=True, slots=True)
class Boolean(Check):
    """True or False, as such or as text; `true` and `false` are what the service is sent.

    With `any_case` the service reads ``"true"`` as well as ``"True"``.
    """

    true: str = "True"
    false: str = "False"
    any_case: bool = False

    @property
    def expected(self) -> str:
        return "True or False"

    def convert(self, value: Any) -> bool:
        if _is_bool(value):
            return bool(value)
        text = _text(value).lower()
        if text not in {"true", "false"}:
            raise ValueError
        return text == "true"

    def to_request(self, value: bool) -> str:
        return self.true if value else self.false

    def from_request(self, text: str) -> bool:
        if not self.any_case and text not in {self.true, self.false}:
            raise ValueError
        return self.convert(text)


@dataclass(frozen=True, slots=True)
class OrWord(Check):
    """What another check takes, as such or as text, or one of a few words such as "auto".

    With `as_text` the canonical value is text, also of a number: the predecessor held such values
    so, and sent them as they were written.
    """

    check: Int | Float | Boolean
    words: tuple[str, ...] = ("auto",)
    as_text: bool = False

    @property
    def expected(self) -> str:
        return f"{self.check.expected} or {' or '.join(map(repr, self.words))}"

    def convert(self, value: Any) -> Any:
        found = self._read(value) if isinstance(value, str) else self.check.convert(value)
        if not self.as_text:
            return found
        return str(value if isinstance(value, (str, numbers.Integral)) else found)

    def to_request(self, value: Any) -> str:
        return value if isinstance(value, str) else self.check.to_request(value)

    def from_request(self, text: str) -> Any:
        return text if text in self.words else self.check.from_request(text)

    def _read(self, text: str) -> Any:
        try:
            # Python reads " 5", "1_0" and other digits as numbers, a container does not.
            if re.search(r"[^\x21-\x7e]|_", text) and text not in self.words:
                raise ValueError
            return self.from_request(str(text))
        except ValueError:
            # Another text is a wrong type as much as a wrong word.
            raise TypeError(near_matches(text, self.words)) from None

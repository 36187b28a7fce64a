"""Hyperparameters of several values: what they accept, and the one text that a request carries."""

# ruff: noqa: D102 - the methods are those of `Check` and are documented there.

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sparkml_sm.hyperparameters.checks import Check, Int, Matching, OneOf

__all__ = ["ListOf", "NestedInts", "TupleOf"]


def _bare(text: str) -> str:
    return text.replace(" ", "")


def _sequence(value: Any) -> list[Any]:
    if isinstance(value, (str, bytes, dict)) or not isinstance(value, Iterable):
        raise TypeError
    found = list(value)
    if not found:
        raise ValueError
    return found


@dataclass(frozen=True, slots=True)
class ListOf(Check):
    """Strings joined by commas, as such or as a list; the canonical value is the joined text.

    A text stays as it is written, as it did with the predecessor; a request has no blanks. With
    `brackets` it has ``"[msd,ssd]"``, blanks and all, and ``'["msd","ssd"]'`` is read as well.
    """

    item: OneOf | Matching
    brackets: bool = False

    @property
    def expected(self) -> str:
        return f"a comma-separated list, each {self.item.expected}"

    def convert(self, value: Any) -> str:
        if not isinstance(value, str):
            return ",".join(map(self.item.convert, _sequence(value)))
        if self.brackets:
            value = value.removeprefix("[").removesuffix("]").replace('"', "")
        for item in value.split(","):
            self.item.convert(item.strip())
        return str(value)

    def to_request(self, value: str) -> str:
        return f"[{value}]" if self.brackets else _bare(value)

    def from_request(self, text: str) -> str:
        return _bare(self.convert(text))


@dataclass(frozen=True, slots=True)
class TupleOf(Check):
    """Ints in order, as a sequence or as text like "(1,0,-1)"; the canonical value is a tuple."""

    item: Int

    @property
    def expected(self) -> str:
        return f"a sequence, each {self.item.expected}"

    def convert(self, value: Any) -> tuple[int, ...]:
        if isinstance(value, str):
            if not re.fullmatch(r"\(\s*-?\d+\s*(,\s*-?\d+\s*)*,?\s*\)", value):
                raise ValueError
            value = [int(number) for number in re.findall(r"-?\d+", value)]
        return tuple(map(self.item.convert, _sequence(value)))

    def to_request(self, value: Iterable[int]) -> str:
        # The container evaluates the text as Python, where a tuple of one has a comma.
        return str(tuple(value)).replace(" ", "")


@dataclass(frozen=True, slots=True)
class NestedInts(Check):
    """Lists of ints in a list, or text like "[[1,2],[3]]"; the canonical value is nested lists."""

    item: Int

    @property
    def expected(self) -> str:
        return f"a list of lists, each number {self.item.expected}"

    def convert(self, value: Any) -> list[list[int]]:
        if isinstance(value, str):
            if not re.fullmatch(r"\[\s*\[[\d,\s]*\]\s*(,\s*\[[\d,\s]*\]\s*)*\]", value):
                raise ValueError
            groups = re.findall(r"\[([\d,\s]*)\]", value[1:-1])
            value = [list(map(int, re.findall(r"\d+", group))) for group in groups]
        return [list(map(self.item.convert, _sequence(group))) for group in _sequence(value)]

    def to_request(self, value: list[list[int]]) -> str:
        return str(value).replace(" ", "")

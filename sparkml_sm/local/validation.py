"""Checks a value against a botocore shape, in AWS's words.

botocore's own validator checks required members, types and minima; this one also checks maxima,
patterns and enums, of requests and of our answers alike.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any

__all__ = ["check_input", "check_output", "compile_pattern"]

_PYTHON_TYPES: Mapping[str, tuple[type, ...]] = MappingProxyType(
    {
        "string": (str,),
        "character": (str,),
        "blob": (bytes, bytearray, memoryview),
        "boolean": (bool,),
        "integer": (int,),
        "long": (int,),
        "float": (int, float),
        "double": (int, float),
        "timestamp": (datetime,),
        "list": (list, tuple),
        "map": (dict,),
        "structure": (dict,),
    }
)


def check_input(shape: Any, value: Mapping[str, Any]) -> str | None:
    """Check a request's parameters.

    Returns
    -------
    str or None
        AWS's message, which lists all that is wrong.
    """
    wrong = list(_members(shape, value, "", strict=False))
    if not wrong:
        return None
    noun = "error" if len(wrong) == 1 else "errors"
    return f"{len(wrong)} validation {noun} detected: " + "; ".join(wrong)


def check_output(shape: Any, value: Mapping[str, Any]) -> list[str]:
    """Check an answer as a request, and also types, unknown members and members that are unset."""
    return list(_members(shape, value, "", strict=True))


def _members(shape: Any, value: Mapping[str, Any], path: str, *, strict: bool) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield _failed(shape.members[name], None, _join(path, name), "Member must not be null")
    for name, member in value.items():
        at = _join(path, name)
        if name not in shape.members:
            if strict:
                yield f"'{at}' is no member of {shape.name}"
        elif member is not None:
            yield from _value(shape.members[name], member, at, strict=strict)
        elif strict:
            yield f"'{at}' is not set and must be absent"


def _value(shape: Any, value: Any, path: str, *, strict: bool) -> Iterator[str]:
    kind = shape.type_name
    if strict:
        types = _PYTHON_TYPES[kind]
        if not isinstance(value, types) or (isinstance(value, bool) and kind != "boolean"):
            yield f"'{path}' is a {type(value).__name__}, not a {kind}"
            return
        if kind == "structure" and not value and shape.members:
            yield f"'{path}' is empty and must be absent"
    if kind == "structure":
        yield from _members(shape, value, path, strict=strict)
        return
    for constraint in _constraints(shape, value):
        yield _failed(shape, value, path, constraint)
    if kind == "list":
        for number, element in enumerate(value, 1):
            yield from _value(shape.member, element, f"{path}.{number}.member", strict=strict)
    elif kind == "map":
        yield from _map(shape, value, path, strict=strict)


def _map(shape: Any, value: Mapping[str, Any], path: str, *, strict: bool) -> Iterator[str]:
    for key, element in value.items():
        if constraints := list(_constraints(shape.key, key)):
            text = f"Map keys must satisfy constraint: [{', '.join(constraints)}]"
            yield _failed(shape, value, path, text)
        if shape.value.type_name in {"structure", "list", "map"}:
            yield from _value(shape.value, element, f"{path}.{key}.member", strict=strict)
        elif constraints := list(_constraints(shape.value, element)):
            text = f"Map value must satisfy constraint: [{', '.join(constraints)}]"
            yield _failed(shape, value, path, text)


def _constraints(shape: Any, value: Any) -> Iterator[str]:
    """Yield what of the shape's own constraints the value breaks."""
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if shape.type_name in {"integer", "long", "float", "double"}:
        size, what = value, "value"
    elif shape.type_name in {"string", "blob", "list", "map"}:
        size, what = len(value), "length"
    else:
        return
    if low is not None and size < low:
        yield f"Member must have {what} greater than or equal to {low}"
    if high is not None and size > high:
        yield f"Member must have {what} less than or equal to {high}"
    if shape.type_name != "string":
        return
    pattern = shape.metadata.get("pattern")
    if pattern is not None and not compile_pattern(pattern).fullmatch(value):
        yield f"Member must satisfy regular expression pattern: {pattern}"
    allowed = getattr(shape, "enum", None)
    if allowed and value not in allowed:
        yield f"Member must satisfy enum value set: [{', '.join(allowed)}]"


def _failed(shape: Any, value: Any, path: str, constraint: str) -> str:
    shown = "Value null" if value is None else f"Value '{value}'"
    if shape.metadata.get("sensitive") or shape.type_name == "blob":
        shown = "Value"
    return f"{shown} at '{path}' failed to satisfy constraint: {constraint}"


def _join(path: str, name: str) -> str:
    name = name[:1].lower() + name[1:]
    return f"{path}.{name}" if path else name


@cache
def compile_pattern(pattern: str) -> re.Pattern[str]:
    r"""Compile a pattern of AWS, which is Java's: ``\p{L}``, ``\z``, surrogate pairs, ASCII ``\w``.

    Examples
    --------
    >>> bool(compile_pattern(r"[\p{L}\p{N}_]*").fullmatch("Zürich_1"))
    True
    """
    pattern = pattern.replace(r"\z", r"\Z").replace(
        r"\uD800\uDC00-\uDBFF\uDFFF", "\U00010000-\U0010ffff"
    )
    pattern = pattern.replace("${1,", "{1,").replace(r"\w-_", r"\w\-_")
    pattern = re.sub(r"(?<!\[)\\p\{ASCII\}\*", r"[\\x00-\\x7f]*", pattern)
    pattern = re.sub(r"\\p\{(\w+)\}", lambda match: _category(match[1]), pattern)
    return re.compile(pattern, re.ASCII)


@cache
def _category(name: str) -> str:
    """Return the ranges, for within a character class, of a Unicode category or a POSIX class."""
    posix = {"Alnum": "0-9A-Za-z", "Print": r"\x20-\x7e", "ASCII": r"\x00-\x7f"}
    if name in posix:
        return posix[name]
    ranges: list[list[int]] = []
    for point in range(sys.maxunicode + 1):
        if unicodedata.category(chr(point)).startswith(name):
            if ranges and ranges[-1][1] == point - 1:
                ranges[-1][1] = point
            else:
                ranges.append([point, point])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)

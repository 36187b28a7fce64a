"""Requests, checked against botocore's model of the service before anything is sent.

botocore itself checks required members, types and minima, and only when a request is sent. Here
maxima, patterns and enumerations are checked as well, of a whole request or of a part of one, so
that what SageMaker would refuse is known before rows are staged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import botocore
import botocore.session

from sparkml_sm.hyperparameters import near_matches

__all__ = ["merged", "request_problems"]

# The member that names an element of a list: an override changes the element of the same name.
_NAMED_BY = {
    "InputDataConfig": "ChannelName",
    "MetricDefinitions": "Name",
    "ProductionVariants": "VariantName",
    "Tags": "Key",
}
_KINDS: Mapping[str, tuple[str, tuple[type, ...]]] = {
    "string": ("a str", (str,)),
    "blob": ("bytes", (bytes, bytearray)),
    "boolean": ("True or False", (bool,)),
    "integer": ("an int", (int,)),
    "long": ("an int", (int,)),
    "float": ("a number", (int, float)),
    "double": ("a number", (int, float)),
    "timestamp": ("a datetime", (datetime,)),
    "list": ("a list", (list, tuple)),
    "map": ("a dict", (dict,)),
    "structure": ("a dict", (dict,)),
}
# Instance types come monthly, and botocore sends any: the form decides, not the enumeration.
_INSTANCE_TYPE = re.compile(r"ml\.[a-z][a-z0-9-]*\.[a-z0-9-]+")
# AWS writes patterns for Java. What Python lacks is read as the class that comes close.
_CLASSES = {
    r"\p{L}": r"\w",
    r"\p{N}": r"\w",
    r"\p{Z}": r"\s",
    r"\p{Alnum}": r"0-9A-Za-z",
}


def request_problems(
    operation: str, request: Mapping[str, Any], *, partial: bool = False
) -> list[str]:
    """Return what botocore's model of SageMaker refuses of a request, a sentence each.

    Parameters
    ----------
    operation : str
        Such as ``"CreateTrainingJob"``.
    request : mapping
    partial : bool, default False
        Whether the request is a part of one: required members may be missing, and None, which
        removes a member, is no error.

    Examples
    --------
    >>> request_problems("CreateTrainingJob", {"RetryStrategi": {}}, partial=True)
    ['RetryStrategi is no member of CreateTrainingJob; did you mean `RetryStrategy`?']
    >>> request_problems(
    ...     "CreateTrainingJob", {"RetryStrategy": {"MaximumRetryAttempts": 99}}, partial=True
    ... )
    ['RetryStrategy.MaximumRetryAttempts must be at most 30, got 99']
    """
    return list(_members(_request_shape(operation), request, "", operation, partial))


def merged(request: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return `request` with `changes` laid over it, member by member.

    Dicts are merged deeply, and so are the elements of lists that have names (channels, tags,
    metric definitions, production variants); any other value replaces what was there, and None
    removes it.

    Examples
    --------
    >>> merged({"A": {"B": 1, "C": 2}, "D": 3}, {"A": {"B": 4}, "D": None})
    {'A': {'B': 4, 'C': 2}}
    """
    result = dict(request)
    for name, change in changes.items():
        if change is None:
            result.pop(name, None)
        elif isinstance(change, Mapping):
            before = result.get(name)
            result[name] = merged(before if isinstance(before, Mapping) else {}, change)
        elif name in _NAMED_BY and isinstance(change, Sequence):
            result[name] = _merged_list(result.get(name, ()), change, _NAMED_BY[name])
        else:
            result[name] = change
    return result


def _merged_list(
    elements: Sequence[Mapping[str, Any]], changes: Sequence[Mapping[str, Any]], key: str
) -> list[dict[str, Any]]:
    named = {element[key]: dict(element) for element in elements}
    for change in changes:
        named[change[key]] = merged(named.get(change[key], {}), change)
    return list(named.values())


@cache
def _request_shape(operation: str) -> Any:
    model = botocore.session.Session().get_service_model("sagemaker")
    return model.operation_model(operation).input_shape


def _members(
    shape: Any, value: Mapping[str, Any], path: str, owner: str, partial: bool
) -> Iterator[str]:
    at = f"{path}." if path else ""
    if not partial:
        for name in shape.required_members:
            if value.get(name) is None:
                yield f"{at}{name} is required"
    for name, member in value.items():
        if name not in shape.members:
            # A newer botocore may know it; this one could not send it.
            known = near_matches(str(name), shape.members) or (
                f": botocore {botocore.__version__} does not know it"
            )
            yield f"{at}{name} is no member of {owner}{known}"
        elif member is not None or not partial:
            yield from _value(shape.members[name], member, f"{at}{name}", partial)


def _value(shape: Any, value: Any, path: str, partial: bool) -> Iterator[str]:
    kind = shape.type_name
    words, types = _KINDS[kind]
    if not _is_a(value, types):
        yield f"{path} must be {words}, got {value!r}"
        return
    problem = _range_problem(shape, value) or (
        _text_problem(shape, value) if kind == "string" else None
    )
    if problem:
        yield f"{path} {problem}, got {value!r}" if kind != "blob" else f"{path} {problem}"
    if kind == "structure":
        yield from _members(shape, value, path, path.rpartition(".")[2].split("[")[0], partial)
    elif kind == "list":
        key = _NAMED_BY.get(path.rpartition(".")[2])
        for number, element in enumerate(value):
            yield from _value(shape.member, element, f"{path}[{number}]", partial)
            if key and isinstance(element, Mapping) and key not in element:
                yield f"{path}[{number}] needs {key}, which names it"
    elif kind == "map":
        for name, element in value.items():
            yield from _value(shape.key, name, f"{path} key", partial)
            yield from _value(shape.value, element, f"{path}[{name!r}]", partial)


def _is_a(value: Any, types: tuple[type, ...]) -> bool:
    # Python's bool counts as an int, and AWS's does not.
    return isinstance(value, types) and (types == (bool,) or not isinstance(value, bool))


def _range_problem(shape: Any, value: Any) -> str | None:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    kind = shape.type_name
    if kind in {"string", "blob", "list", "map"}:
        noun = {"string": "characters", "blob": "bytes"}.get(kind, "entries")
        size, unit, verb = len(value), f" {noun}", "have"
    elif kind in {"integer", "long", "float", "double"}:
        size, unit, verb = value, "", "be"
    else:
        return None
    if low is not None and size < low:
        return f"must {verb} at least {low}{unit}"
    if high is not None and size > high:
        return f"must {verb} at most {high}{unit}"
    return None


def _text_problem(shape: Any, value: str) -> str | None:
    allowed = getattr(shape, "enum", ())
    if allowed and value not in allowed:
        if not shape.name.endswith("InstanceType"):
            return f"must be one of {', '.join(allowed)}"
        if not _INSTANCE_TYPE.fullmatch(value):
            return f"must be an instance type{near_matches(value, allowed)}"
    pattern = shape.metadata.get("pattern")
    if pattern and not _matches(pattern, value):
        return f"must match {pattern}"
    return None


def _matches(pattern: str, value: str) -> bool:
    for java, python in _CLASSES.items():
        pattern = pattern.replace(java, python)
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:
        return True  # one of the few patterns that Python cannot read: the service will judge

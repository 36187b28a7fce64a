"""The values that stages are made of, as JSON and back.

Plain values stand for themselves. Everything else is a JSON object with a tag of `_TAGS`: an object
of one of this library's classes is written as its class and the arguments of its constructor, read
from its attributes of the same names. So a class can be saved if it keeps its arguments, and a file
holds names and numbers, never code.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from pyspark.sql.types import StructType

from sparkml_sm.aws.names import (
    CustomNamePolicy,
    CustomNamePolicyWithTimeStampSuffix,
    NamePolicy,
    NamePolicyFactory,
)
from sparkml_sm.aws.paths import S3Resource
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.inference.deserializers import ResponseRowDeserializer
from sparkml_sm.inference.serializers import RequestRowSerializer
from sparkml_sm.stages.roles import IAMRoleResource

__all__ = ["class_name", "find_class", "from_json", "to_json"]

_PACKAGE = "sparkml_sm"
# Where users import this library's classes from; files inside may move.
_DOORS = (
    _PACKAGE,
    f"{_PACKAGE}.algorithms",
    f"{_PACKAGE}.transformation.serializers",
    f"{_PACKAGE}.transformation.deserializers",
)
# Classes that users may extend; an object of any other class is not made from a file.
_BASES = (
    IAMRoleResource,
    NamePolicy,
    NamePolicyFactory,
    RequestRowSerializer,
    ResponseRowDeserializer,
    S3Resource,
)
# Such names hold the time already: made anew, they would get a second one.
_SAVED_AS: Mapping[type, type] = {CustomNamePolicyWithTimeStampSuffix: CustomNamePolicy}


def to_json(value: Any, what: str) -> Any:
    """Return `value` in the form that `json.dumps` takes and `from_json` reads.

    Parameters
    ----------
    value : object
    what : str
        What the value is, for messages.

    Raises
    ------
    ConfigurationError
        If it cannot be saved; the message says why.
    """
    if isinstance(value, Enum):
        return {"enum": class_name(type(value), what), "member": value.name}
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, list):
        return [to_json(each, what) for each in value]
    if isinstance(value, tuple):
        return {"tuple": [to_json(each, what) for each in value]}
    if isinstance(value, Mapping):
        return {"dict": {_key(key, what): to_json(each, what) for key, each in value.items()}}
    if isinstance(value, StructType):
        return {"schema": value.jsonValue()}
    kind = type(value)
    if _may_be_made(kind):
        kind = _SAVED_AS.get(kind, kind)
        return {"class": class_name(kind, what), "arguments": _arguments(value, kind, what)}
    raise ConfigurationError(
        f"{what} cannot be saved: it holds a {kind.__module__}.{kind.__qualname__}, which is no "
        "plain value, nor an object of this library's classes or of classes that extend them"
    )


def from_json(saved: Any, what: str) -> Any:
    """Return the value that `to_json` wrote as `saved`.

    Raises
    ------
    ConfigurationError
        If a class cannot be found, has other arguments, or is none that a file may name.
    """
    if isinstance(saved, list):
        return [from_json(each, what) for each in saved]
    if not isinstance(saved, dict):
        return saved
    for tag, read in _TAGS.items():
        if tag in saved:
            return read(saved, what)
    raise ConfigurationError(f"{what} cannot be loaded: the file holds {sorted(saved)} there")


def class_name(kind: type, what: str) -> str:
    """Return the name that `kind` is imported by, module and all.

    Raises
    ------
    ConfigurationError
        If another program could not import it.
    """
    if kind.__module__.partition(".")[0] == _PACKAGE:
        for door in _DOORS:
            if getattr(importlib.import_module(door), kind.__name__, None) is kind:
                return f"{door}.{kind.__name__}"
    if kind.__module__ == "__main__":
        raise ConfigurationError(
            f"{what} cannot be saved: class {kind.__name__} is defined in a notebook or script, "
            "where no other program finds it; move it to a module and import it from there"
        )
    name = f"{kind.__module__}.{kind.__name__}"
    if getattr(importlib.import_module(kind.__module__), kind.__name__, None) is not kind:
        raise ConfigurationError(
            f"{what} cannot be saved: class {kind.__qualname__} is not found as {name}; define it "
            "at the top of its module"
        )
    return name


def find_class(name: str, what: str) -> type:
    """Return the class that `class_name` named.

    Raises
    ------
    ConfigurationError
        If there is none.
    """
    module, _, attribute = name.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(
            f"{what} cannot be loaded: there is no class {name} in this program ({error}); put its "
            "module on the Python path"
        ) from error
    if not isinstance(found, type):
        raise ConfigurationError(f"{what} cannot be loaded: {name} is no class")
    return found


def _key(key: Any, what: str) -> str:
    if isinstance(key, str):
        return key
    raise ConfigurationError(f"{what} cannot be saved: its key {key!r} is not a str")


def _may_be_made(kind: type) -> bool:
    ours = kind.__module__.partition(".")[0] == _PACKAGE
    return issubclass(kind, _BASES) or (ours and dataclasses.is_dataclass(kind))


def _arguments(value: Any, kind: type, what: str) -> dict[str, Any]:
    found = {}
    for name, parameter in inspect.signature(kind).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            continue
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.POSITIONAL_ONLY}:
            raise ConfigurationError(
                f"{what} cannot be saved: argument {name!r} of {kind.__name__} has no keyword"
            )
        try:
            argument = getattr(value, name)
        except AttributeError as error:
            raise ConfigurationError(
                f"{what} cannot be saved: {kind.__name__} does not keep its argument {name!r}; set "
                f"self.{name} in its constructor"
            ) from error
        found[name] = to_json(argument, f"{what}, argument {name!r} of {kind.__name__},")
    return found


def _made(saved: Mapping[str, Any], what: str) -> Any:
    kind = find_class(saved["class"], what)
    if not _may_be_made(kind):
        raise ConfigurationError(
            f"{what} cannot be loaded: {saved['class']} is no class that a saved stage may hold"
        )
    arguments = {name: from_json(each, what) for name, each in saved["arguments"].items()}
    try:
        inspect.signature(kind).bind(**arguments)
    except TypeError as error:
        raise ConfigurationError(
            f"{what} cannot be loaded: {saved['class']} takes other arguments: {error}"
        ) from error
    return kind(**arguments)


def _member(saved: Mapping[str, Any], what: str) -> Any:
    kind = find_class(saved["enum"], what)
    if not issubclass(kind, Enum) or saved["member"] not in kind.__members__:
        raise ConfigurationError(
            f"{what} cannot be loaded: {saved['enum']} has no member {saved['member']}"
        )
    return kind[saved["member"]]


_TAGS: Mapping[str, Callable[[Mapping[str, Any], str], Any]] = {
    "class": _made,
    "dict": lambda saved, what: {key: from_json(each, what) for key, each in saved["dict"].items()},
    "enum": _member,
    "schema": lambda saved, _: StructType.fromJson(saved["schema"]),
    "tuple": lambda saved, what: tuple(from_json(each, what) for each in saved["tuple"]),
}

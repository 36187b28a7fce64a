"""Every public name of the predecessor, against ours."""

from __future__ import annotations

import importlib
import inspect
import warnings
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import pytest
from pyspark.ml.param import Param

from sparkml_sm import EndpointCreationPolicy, SageMakerEstimatorBase
from tests.parity.inventory import DIFFERENCES, ENTRIES, REQUIRED, Entry, Keyword, Setter

_REQUIRED_VALUES = {
    "trainingImage": "image",
    "modelImage": "image",
    "trainingInstanceType": "ml.m5.large",
    "trainingInstanceCount": 1,
    "endpointInstanceType": "ml.m5.large",
    "endpointInitialInstanceCount": 1,
    "requestRowSerializer": None,
    "responseRowDeserializer": None,
}


def _ours(entry: Entry) -> Any:
    try:
        return getattr(importlib.import_module(entry.home), entry.name)
    except (ImportError, AttributeError):
        return None


def _arguments(function: Any) -> list[inspect.Parameter]:
    kinds = inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL
    parameters = inspect.signature(function).parameters.values()
    return [each for each in parameters if each.kind not in kinds and each.name != "self"]


def _comparable(value: Any) -> Any:
    """Return a default in the inventory's notation."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, EndpointCreationPolicy):
        return {"object": f"EndpointCreationPolicy.{value.name}"}
    plain = type(value)()
    same = value == plain or getattr(value, "__dict__", 0) == getattr(plain, "__dict__", 1)
    return {"object": f"{type(value).__name__}()"} if same else repr(value)


@cache
def _made(cls: type) -> SageMakerEstimatorBase:
    """Return an estimator of the arguments that the predecessor required."""
    names = [each.name for each in _arguments(cls)]
    given = {name: value for name, value in _REQUIRED_VALUES.items() if name in names}
    if "imageVersion" in names:
        given = {name: given[name] for name in given if "Row" not in name}
    made: SageMakerEstimatorBase = cls(**given)
    return made


def _default(ours: Any, argument: inspect.Parameter) -> Any:
    """Return what an argument is where it is left out; an estimator says it best itself."""
    estimator = inspect.isclass(ours) and issubclass(ours, SageMakerEstimatorBase)
    if estimator and argument.name != "uid":
        return getattr(_made(ours), argument.name)
    return argument.default


def _keyword_problems(ours: Any, keywords: tuple[Keyword, ...]) -> Iterator[str]:
    arguments = {each.name: each for each in _arguments(ours)}
    shared = [each.name for each in keywords if each.name in arguments]
    for each in keywords:
        if each.name not in arguments:
            yield f"has no keyword {each.name!r}"
        elif each.default is not REQUIRED:
            found = _comparable(_default(ours, arguments[each.name]))
            if found != each.default or type(found) is not type(each.default):
                yield f"default of {each.name!r} is {found!r}"
    if list(arguments)[: len(shared)] != shared:
        yield f"the order of keywords is {list(arguments)[: len(shared)]}"


def _class_problems(entry: Entry, ours: type) -> Iterator[str]:
    yield from (f"is no {name}" for name in entry.bases if not _is_a(ours, name, entry.home))
    for name in entry.properties:
        if not isinstance(inspect.getattr_static(ours, name, None), property):
            yield f"has no property {name!r}"
    for name in set(entry.attributes) - {each.name for each in entry.keywords}:
        if not hasattr(ours, name):
            yield f"has no attribute {name!r}"
    for name, value in entry.values.items():
        if getattr(ours, name, None) != value:
            yield f"{name} is not {value!r}"
    for name in entry.params:
        if not isinstance(getattr(ours, name, None), Param):
            yield f"has no Param {name!r}"


def _is_a(ours: type, base: str, home: str) -> bool:
    homes = (importlib.import_module(name) for name in (home, "sparkml_sm"))
    found = next((getattr(each, base) for each in homes if hasattr(each, base)), None)
    return found is not None and issubclass(ours, found)


def _method_problems(entry: Entry, ours: type) -> Iterator[str]:
    for name, keywords in entry.methods.items():
        method = getattr(ours, name, None)
        if method is None:
            yield f"has no method {name!r}"
        else:
            yield from (f"{name}(): {each}" for each in _keyword_problems(method, keywords))


def _sent_problems(entry: Entry, ours: Any) -> Iterator[str]:
    if entry.sent is not None:
        found = _made(ours).hyperparameter_request()  # type: ignore[attr-defined]
        if found != entry.sent:
            yield f"sends {found} where nothing is set"


def _setter_problems(setter: Setter, ours: Any) -> Iterator[str]:
    estimator: Any = _made(ours).copy()
    if not isinstance(getattr(estimator, setter.name, None), Param):
        yield "is no Param"
        return
    set_, get = (getattr(estimator, f"{kind}{setter.suffix}", None) for kind in ("set", "get"))
    if set_ is None or get is None:
        yield f"has no set{setter.suffix} or no get{setter.suffix}"
        return
    if [each.name for each in _arguments(set_)] != [setter.argument]:
        yield f"set{setter.suffix}() has no keyword {setter.argument!r}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of what the image version refuses
        for value in setter.takes:
            found = _outcome(set_, value)
            if found is not estimator:
                yield f"set{setter.suffix}({value!r}) gives {found}"
            elif get() is None:
                yield f"get{setter.suffix}() is None after {value!r} was set"
        for kind, values in setter.refuses.items():
            for value in values:
                found = _outcome(set_, value)
                if kind not in (found if isinstance(found, list) else ()):
                    yield f"set{setter.suffix}({value!r}) is no {kind}"


def _outcome(set_: Any, value: Any) -> Any:
    """Return what a setter returns, or the names of what it raises."""
    try:
        return set_(value)
    except (TypeError, ValueError) as error:
        return [each.__name__ for each in type(error).__mro__]


@cache
def problems(entry: Entry, setter: Setter | None) -> tuple[str, ...]:
    """Return what ours has not, or has in another way; of one hyperparameter or of all else."""
    ours = _ours(entry)
    if ours is None:
        return (f"{entry}: is missing",)
    if setter is not None:
        return tuple(f"{entry}.{setter.name}: {each}" for each in _setter_problems(setter, ours))
    found = list(_keyword_problems(ours, entry.keywords))
    if inspect.isclass(ours):
        found += _class_problems(entry, ours)
        found += _method_problems(entry, ours)
        found += _sent_problems(entry, ours)
    return tuple(f"{entry}: {each}" for each in found)


ROWS = [
    pytest.param(entry, setter, id=f"{entry}.{setter.name}" if setter else str(entry))
    for entry in ENTRIES
    for setter in (None, *entry.setters)
]


@pytest.mark.parametrize(("entry", "setter"), ROWS)
def test_ours_has_it_or_says_why_not(entry: Entry, setter: Setter | None) -> None:
    unexplained = [
        each
        for each in problems(entry, setter)
        if not any(fnmatchcase(each, pattern) for pattern in DIFFERENCES)
    ]
    assert unexplained == []


@pytest.mark.parametrize("pattern", DIFFERENCES)
def test_every_difference_is_one(pattern: str) -> None:
    everything = [each for row in ROWS for each in problems(*row.values)]
    assert any(fnmatchcase(each, pattern) for each in everything), "an unused exception"


def test_the_inventory_is_whole() -> None:
    """A file that was cut short would let everything pass."""
    assert len(ENTRIES) == 21 + 9 + 4 + 12 + 7
    assert sum(len(entry.setters) for entry in ENTRIES) == 225

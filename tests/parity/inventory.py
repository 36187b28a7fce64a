"""The predecessor's public API as data, and how this library differs from it on purpose.

`inventory.json` was read once from sagemaker_pyspark 1.4.5 by `inspect`, and each setter was tried
with a list of values; ``scala`` holds what its users asked for and only Scala had. A keyword is
``[name]`` where it is required, ``[name, default]`` otherwise. A setter's ``argument`` is written
where it is not called ``value``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["DIFFERENCES", "ENTRIES", "Entry", "Keyword", "Setter"]

REQUIRED = object()


@dataclass(frozen=True, eq=False)
class Keyword:
    """An argument, with its default where it has one."""

    name: str
    default: Any = REQUIRED


@dataclass(frozen=True, eq=False)
class Setter:
    """A hyperparameter: its accessors' suffix, its setter's argument, and what that one took."""

    name: str
    suffix: str
    argument: str
    takes: list[Any]
    refuses: Mapping[str, list[Any]]


@dataclass(frozen=True, eq=False)
class Entry:
    """A public class or function of the predecessor."""

    module: str
    name: str
    keywords: tuple[Keyword, ...] = ()
    bases: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    methods: Mapping[str, tuple[Keyword, ...]] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    params: tuple[str, ...] = ()
    setters: tuple[Setter, ...] = ()
    sent: Mapping[str, str] | None = None

    @property
    def home(self) -> str:
        """The module of ours that has it."""
        if self.module == "scala":
            serializer = self.name.endswith("Serializer")
            return "sparkml_sm.transformation.serializers" if serializer else "sparkml_sm"
        return self.module.replace("sagemaker_pyspark", "sparkml_sm")

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


def _keywords(found: list[list[Any]]) -> tuple[Keyword, ...]:
    return tuple(Keyword(*each) for each in found)


def _entry(module: str, name: str, everything: Mapping[str, Any]) -> Entry:
    found = everything[name]
    keywords = found.get("keywords", ())
    setters = dict(found.get("hyperparameters", {}))
    if "keywordsOf" in found:
        defaults = found["defaults"]
        keywords = [
            [each[0], defaults[each[0]]] if each[0] in defaults else each
            for each in everything[found["keywordsOf"]]["keywords"]
        ] + found.get("moreKeywords", [])
    if "hyperparametersOf" in found:
        setters = everything[found["hyperparametersOf"]]["hyperparameters"] | setters
    return Entry(
        module,
        name,
        keywords=_keywords(keywords),
        methods={method: _keywords(each) for method, each in found.get("methods", {}).items()},
        bases=tuple(found.get("bases", ())),
        properties=tuple(found.get("properties", ())),
        attributes=tuple(found.get("attributes", ())),
        values=found.get("values", {}),
        params=tuple(found.get("unset", ())),
        setters=tuple(
            Setter(
                param,
                each["suffix"],
                each.get("argument", "value"),
                each["takes"],
                {kind: each[kind] for kind in ("ValueError", "TypeError") if kind in each},
            )
            for param, each in setters.items()
        ),
        sent=found.get("sent"),
    )


def _entries() -> list[Entry]:
    text = (Path(__file__).parent / "inventory.json").read_text(encoding="utf-8")
    return [
        _entry(module, name, names) for module, names in json.loads(text).items() for name in names
    ]


ENTRIES = _entries()

# What differs (a pattern of `problems` in test_inventory.py), and why.
DIFFERENCES = {
    "sagemaker_pyspark.Option: is missing": "nothing is wrapped for a JVM",
    "sagemaker_pyspark.SageMakerJavaWrapper: is missing": "nothing is wrapped for a JVM",
    "*: has no keyword 'javaObject'": "nothing is wrapped for a JVM",
    "*: has no keyword 'java_object'": "nothing is wrapped for a JVM",
    "*: default of 'sagemakerClient' is None": "a client is made when one is needed: constructing "
    "needs no region and no credentials",
    "*: default of 's3Client' is None": "as sagemakerClient",
    "*: default of 'stsClient' is None": "as sagemakerClient",
    "*: default of 'namePolicy' is None": "names are new with each call; there they were one "
    "object for all calls, so the second call was refused",
    "*: default of 'uid' is None": "uids are new with each call; there all were 'sagemaker', so "
    "two models in a pipeline could not be told apart",
    "*: default of 'responseRowDeserializer' is None": "it follows from the hyperparameters when "
    "`fit` ends: XGBoost's multi:softprob answers vectors",
    "*: setCenterFactor(*.5) *": "the container takes whole numbers",
    "*: setTrialNum(*.5) *": "the container takes whole numbers",
    "*: setNumModels(*.5) *": "the container takes whole numbers",
    "*: setBalanceMultiClassWeights('nonsense') gives *": "it was not checked",
    "scala.ContentTypes: is missing": "a serializer's `contentType` says it",
}

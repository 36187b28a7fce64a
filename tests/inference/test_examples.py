"""The examples in the docstrings of formats, serializers and deserializers run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import sparkml_sm.formats
import sparkml_sm.inference

PACKAGES = (sparkml_sm.formats, sparkml_sm.inference)
MODULES = sorted(
    found.name
    for package in PACKAGES
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("kind", ["serializers", "deserializers"])
def test_the_bases_have_an_example(kind: str) -> None:
    module = importlib.import_module(f"sparkml_sm.inference.{kind}.base")
    assert doctest.testmod(module).attempted > 2

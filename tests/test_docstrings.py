"""Every example in a docstring runs."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import sparkml_sm

ROOT = Path(sparkml_sm.__file__).parent
MODULES = sorted(
    ".".join(("sparkml_sm", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(
        ".__init__"
    )
    for path in ROOT.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("kind", ["serializers", "deserializers"])
def test_the_bases_that_users_extend_have_an_example(kind: str) -> None:
    module = importlib.import_module(f"sparkml_sm.inference.{kind}.base")
    assert doctest.testmod(module).attempted > 2

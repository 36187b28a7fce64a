"""What is computed from the rows of any algorithm."""

from __future__ import annotations

import pytest

from sparkml_sm.catalog.algorithm import Algorithm, Rule, VectorOutput, When
from sparkml_sm.hyperparameters import Float, Hyperparameter, Int, ListOf, OneOf, Retirement

MADE_UP = Algorithm(
    name="made-up",
    repository="made-up",
    version="2.0-1",
    hyperparameters=(
        Hyperparameter("k", Int(1), "Number", required=True),
        Hyperparameter("mode", OneOf(("one", "many:a", "many:b")), "Mode"),
        Hyperparameter("size", Int(2), "Size", filled="classes"),
        Hyperparameter("rate", Float(0, 1), "Rate", synonyms=("learning_rate",), since="1.5-1"),
        Hyperparameter("old", Int(), "Old", retirements=(Retirement("2.0-1", "use `mode`"),)),
        Hyperparameter("steps", ListOf(OneOf(("a", "b"))), "Steps"),
    ),
    content_types={"csv": "text/csv"},
    training_format="csv",
    request_format="csv",
    allow_nan=False,
    supervised=True,
    vector_output=VectorOutput(When("mode", ("many:*",)), "size"),
    rules=(Rule((When("mode", ("many:*",)),), When("size"), "`mode` many needs `size`"),),
)


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        (When("x"), True),
        (When("y"), False),
        (When("x", ("a",)), True),
        (When("x", ("c", "b*")), True),
        (When("x", ("c",)), False),
        (When("x", ("a",), every=True), False),
        (When("x", ("a", "b*"), every=True), True),
    ],
)
def test_when(when: When, holds: bool) -> None:
    assert when.holds({"x": "a,bb"}) is holds
    assert when.holds({"x": "a, bb"}) is holds


def test_a_name_and_its_synonym_find_the_row() -> None:
    assert MADE_UP.hyperparameter("rate") is MADE_UP.hyperparameter("learning_rate")


def test_an_unknown_name_gets_near_matches() -> None:
    with pytest.raises(
        KeyError, match=r"`rat` is no hyperparameter of made-up; did you mean `rate`"
    ):
        MADE_UP.hyperparameter("rat")


def test_output() -> None:
    assert MADE_UP.output({}) == "scalar"
    assert MADE_UP.output({"mode": "one"}) == "scalar"
    assert MADE_UP.output({"mode": "many:a"}) == "vector"
    assert MADE_UP.output_size({"mode": "one", "size": 7}) == 1
    assert MADE_UP.output_size({"mode": "many:a", "size": 7}) == 7
    assert MADE_UP.output_size({"mode": "many:a"}) is None


def test_missing_names_the_required_and_what_a_rule_asks_for() -> None:
    assert [row.name for row in MADE_UP.missing({})] == ["k"]
    assert [row.name for row in MADE_UP.missing({"k": 1, "mode": "many:b"})] == ["size"]
    assert MADE_UP.missing({"k": 1, "mode": "many:b", "size": 2}) == []


@pytest.mark.parametrize(
    ("values", "version", "problems"),
    [
        ({"k": 1}, "2.0-1", []),
        ({}, "2.0-1", ["`k` is required: call setK"]),
        ({"k": 1, "mode": "many:a"}, "my-tag", ["`mode` many needs `size`"]),
        ({"k": 1, "old": 1}, "1.0-1", []),
        ({"k": 1, "old": 1}, "my-tag", []),
        ({"k": 1, "old": 1}, "2.0-1", ["`old` is refused by image version 2.0-1: use `mode`"]),
        (
            {"k": 1, "rate": 0.5},
            "1.0-1",
            ["`rate` came with image version 1.5-1, and 1.0-1 does not know it"],
        ),
    ],
)
def test_check_request(values: dict[str, object], version: str, problems: list[str]) -> None:
    assert MADE_UP.check_request(values, version) == problems


def test_check_request_names_all_problems() -> None:
    assert len(MADE_UP.check_request({"mode": "many:a", "old": 1}, "2.0-1")) == 3


def test_read_request() -> None:
    read = MADE_UP.read_request({"k": "3", "learning_rate": "1.0E-4", "steps": "a,b"})
    assert read == {"k": 3, "rate": 1e-4, "steps": "a,b"}


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ({"kk": "3"}, "`kk` is no hyperparameter of made-up"),
        ({"k": "0"}, r"`k` of made-up must be an int in \[1, inf\), got '0'"),
        ({"k": "x"}, r"`k` of made-up must be an int in \[1, inf\), got 'x'"),
    ],
)
def test_read_request_refuses(texts: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        MADE_UP.read_request(texts)

"""The row: its messages, its accessors' names, and what image versions take."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sparkml_sm.hyperparameters import (
    Float,
    Hyperparameter,
    Int,
    OneOf,
    Retirement,
    version_key,
)

ETA = Hyperparameter("eta", Float(0, 1), "Step size")


@pytest.mark.parametrize(
    ("value", "error"), [(2, ValueError), (-0.5, ValueError), ("x", TypeError), (None, TypeError)]
)
def test_a_refusal_names_row_rule_and_value(value: Any, error: type[Exception]) -> None:
    words = f"`eta` of XGBoostSageMakerEstimator must be a float in [0, 1], got {value!r}"
    with pytest.raises(error, match=f"^{re.escape(words)}$") as caught:
        ETA.convert(value, "XGBoostSageMakerEstimator")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_refused_word_gets_near_matches_and_no_python_internals() -> None:
    row = Hyperparameter("booster", OneOf(("gbtree", "gblinear")), "Booster")
    with pytest.raises(ValueError, match=r"got 'gbtre'; did you mean `gbtree`\?$"):
        row.convert("gbtre", "E")
    shy = Hyperparameter("booster", OneOf(("gbtree",), hidden=("gbtrees",)), "Booster")
    with pytest.raises(ValueError, match=r"one of gbtree, got 'gbtre'; did you mean `gbtree`\?$"):
        shy.convert("gbtre", "E")
    with pytest.raises(ValueError, match=r"an int, got 'x'$"):
        Hyperparameter("n", Int(), "N").from_request("x", "xgboost")


def test_a_wrong_type_is_both_errors_and_a_wrong_value_is_one() -> None:
    row = Hyperparameter("booster", OneOf(("gbtree",)), "Booster")
    for error in (TypeError, ValueError):
        with pytest.raises(error, match=r"^`booster` of E must be one of gbtree, got 1$"):
            row.convert(1, "E")
    with pytest.raises(ValueError, match="got 'dart'") as caught:
        row.convert("dart", "E")
    assert not isinstance(caught.value, TypeError)


@pytest.mark.parametrize(
    ("row", "suffix"),
    [
        (Hyperparameter("num_round", Int(), ""), "NumRound"),
        (Hyperparameter("k", Int(), ""), "K"),
        (Hyperparameter("num_class", Int(), "", setter="NumClasses"), "NumClasses"),
    ],
)
def test_suffix(row: Hyperparameter, suffix: str) -> None:
    assert row.suffix == suffix


def test_versions_sort_by_release() -> None:
    ordered = [
        "1",
        "0.90-1",
        "0.90-2",
        "1.0-1",
        "1.2-2",
        "1.5-1",
        "1.7-1",
        "3.0-5",
        "3.2-0",
        "10.0-1",
    ]
    keys = [version_key(version) for version in ordered]
    assert keys == sorted(keys)  # type: ignore[type-var]
    assert len(set(keys)) == len(ordered)


@pytest.mark.parametrize(
    ("version", "key"),
    [
        ("latest", ()),
        ("1.7-1-cpu-py3", (1, 7, 1)),
        ("3.2-0", (3, 2, 0)),
        ("3.2-0x", None),
        ("my-tag", None),
        ("", None),
    ],
)
def test_version_key(version: str, key: tuple[int, ...] | None) -> None:
    assert version_key(version) == key


@pytest.mark.parametrize(
    ("value", "version", "concerned"),
    [
        (1, "1.7-1", False),
        (1, "3.0-5", True),
        (1, "3.2-0", True),
        (2, "3.2-0", False),
        (1, "my-tag", False),
    ],
)
def test_a_retirement_concerns_a_value_from_a_version_on(
    value: int, version: str, concerned: bool
) -> None:
    assert Retirement("3.0-5", "use 2", Int(2)).concerns(value, version) is concerned


def test_a_refusal_comes_before_a_warning() -> None:
    warning = Retirement("1.0-1", "think again", refused=False)
    refusal = Retirement("1.7-1", "use 2", Int(2))
    row = Hyperparameter("n", Int(), "N", retirements=(warning, refusal))
    assert row.retirement(1, "1") is None
    assert row.retirement(1, "1.0-1") is warning
    assert row.retirement(1, "1.7-1") is refusal
    assert row.retirement(2, "1.7-1") is warning

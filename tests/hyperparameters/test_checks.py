"""Each check: what it takes, what it refuses, what it writes and reads."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkml_sm.hyperparameters import (
    Boolean,
    Check,
    Flag,
    Float,
    Int,
    ListOf,
    Matching,
    NestedInts,
    OneOf,
    OrWord,
    TupleOf,
    java_double,
    near_matches,
)

COLOURS = OneOf(("red", "green", "blue"))

ACCEPTED: list[tuple[Check, Any, Any, str]] = [
    (Int(), -7, -7, "-7"),
    (Int(2), 2, 2, "2"),
    (Int(2, 5), 5, 5, "5"),
    (Int(), 5.0, 5, "5"),
    (Int(), np.int32(7), 7, "7"),
    (Int(), 2**62 + 1, 2**62 + 1, "4611686018427387905"),
    (Float(0, 1), 0, 0.0, "0.0"),
    (Float(0, 1), 1, 1.0, "1.0"),
    (Float(0, 1, low_open=True), 1e-5, 1e-5, "1.0E-5"),
    (Float(), np.float64(0.3), 0.3, "0.3"),
    (Float(), -12.5, -12.5, "-12.5"),
    (COLOURS, "red", "red", "red"),
    (COLOURS, np.str_("blue"), "blue", "blue"),
    (OneOf(("red",), hidden=("crimson",)), "crimson", "crimson", "crimson"),
    (Matching("a+", "a word of a"), "aaa", "aaa", "aaa"),
    (Flag(), 1, 1, "1"),
    (Flag(), False, 0, "0"),
    (Flag(), np.bool_(True), 1, "1"),
    (Boolean(), True, True, "True"),
    (Boolean(), "False", False, "False"),
    (Boolean("true", "false"), "True", True, "true"),
    (Boolean("true", "false"), np.bool_(False), False, "false"),
    (Int(1, also=(-1,)), -1, -1, "-1"),
    (Boolean(any_case=True), "true", True, "True"),
    (OrWord(Int(1)), "auto", "auto", "auto"),
    (OrWord(Int(1)), 3, 3, "3"),
    (OrWord(Int(1)), "3", 3, "3"),
    (OrWord(Float(0, low_open=True)), 1e-4, 1e-4, "1.0E-4"),
    (OrWord(Boolean()), "auto", "auto", "auto"),
    (OrWord(Boolean()), "False", False, "False"),
    (ListOf(COLOURS), "red", "red", "red"),
    (ListOf(COLOURS), "red,blue", "red,blue", "red,blue"),
    (ListOf(COLOURS), ["red", "green"], "red,green", "red,green"),
    (ListOf(COLOURS, brackets=True), "[red,blue]", "red,blue", "[red,blue]"),
    (ListOf(COLOURS, brackets=True), ("red", "blue"), "red,blue", "[red,blue]"),
    (ListOf(COLOURS, brackets=True), '["red","blue"]', "red,blue", "[red,blue]"),
    (TupleOf(Int(-1, 1)), [1, 0, -1], (1, 0, -1), "(1,0,-1)"),
    (TupleOf(Int(-1, 1)), "(1, 0)", (1, 0), "(1,0)"),
    (TupleOf(Int(-1, 1)), np.array([1]), (1,), "(1,)"),
    (NestedInts(Int(1)), [[1, 2], (3,)], [[1, 2], [3]], "[[1,2],[3]]"),
    (NestedInts(Int(1)), "[[1, 2], [3]]", [[1, 2], [3]], "[[1,2],[3]]"),
]

REFUSED: list[tuple[Check, Any, type[Exception]]] = [
    (Int(), True, TypeError),
    (Int(), np.bool_(True), TypeError),
    (Int(), 5.5, TypeError),
    (Int(), "5", TypeError),
    (Int(), None, TypeError),
    (Int(), math.nan, TypeError),
    (Int(), math.inf, TypeError),
    (Int(2), 1, ValueError),
    (Int(2, 5), 6, ValueError),
    (Float(), True, TypeError),
    (Float(), "0.1", TypeError),
    (Float(), None, TypeError),
    (Float(), math.nan, ValueError),
    (Float(), math.inf, ValueError),
    (Float(0, 1), -0.1, ValueError),
    (Float(0, 1), 1.1, ValueError),
    (Float(0, 1, low_open=True), 0, ValueError),
    (Float(0, 1, high_open=True), 1, ValueError),
    (COLOURS, "pink", ValueError),
    (COLOURS, 1, TypeError),
    (Matching("a+", "a word of a"), "ab", ValueError),
    (Matching("a+", "a word of a"), 1, TypeError),
    (Flag(), 2, ValueError),
    (Flag(), "1", TypeError),
    (Flag(), 0.5, TypeError),
    (Boolean(), "yes", ValueError),
    (Boolean(), 1, TypeError),
    (OneOf(("red",)), None, TypeError),
    (Int(1, also=(-1,)), 0, ValueError),
    (Int(1, also=(-1,)), -2, ValueError),
    (OrWord(Int(1)), "fast", TypeError),
    (OrWord(Int(1)), 0, ValueError),
    (OrWord(Int(1)), "0", TypeError),
    (OrWord(Int(1)), "1.5", TypeError),
    (OrWord(Int(1)), " 5", TypeError),
    (OrWord(Int(1)), "1_0", TypeError),
    (ListOf(COLOURS), [], ValueError),
    (TupleOf(Int(-1, 1)), (), ValueError),
    (NestedInts(Int(0)), [], ValueError),
    (OrWord(Int(1)), 1.5, TypeError),
    (OrWord(Int(1)), None, TypeError),
    (OrWord(Float()), "nan", TypeError),
    (OrWord(Boolean()), "yes", TypeError),
    (ListOf(COLOURS, brackets=True), "[red,pink]", ValueError),
    (ListOf(COLOURS), "red,pink", ValueError),
    (ListOf(COLOURS), "", ValueError),
    (ListOf(COLOURS), "[red]", ValueError),
    (ListOf(COLOURS), ["red", 1], TypeError),
    (ListOf(COLOURS), 1, TypeError),
    (TupleOf(Int(-1, 1)), (2,), ValueError),
    (TupleOf(Int(-1, 1)), "1,0", ValueError),
    (TupleOf(Int(-1, 1)), "(__import__('os'))", ValueError),
    (TupleOf(Int(-1, 1)), 1, TypeError),
    (TupleOf(Int(-1, 1)), {1: 0}, TypeError),
    (NestedInts(Int(1)), [[0]], ValueError),
    (NestedInts(Int(1)), [1], TypeError),
    (NestedInts(Int(1)), "[1]", ValueError),
]


@pytest.mark.parametrize(("check", "value", "canonical", "text"), ACCEPTED)
def test_takes_writes_and_reads(check: Check, value: Any, canonical: Any, text: str) -> None:
    converted = check.convert(value)
    assert converted == canonical
    assert type(converted) is type(canonical)
    assert check.to_request(converted) == text
    assert check.from_request(text) == canonical
    assert check.convert(converted) == canonical


@pytest.mark.parametrize(("check", "value", "error"), REFUSED)
def test_refuses(check: Check, value: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        check.convert(value)


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (Int(1), "0"),
        (Int(1), "1.0"),
        (Float(0, 1), "x"),
        (Flag(), "True"),
        (Boolean("true", "false"), "True"),
        (OrWord(Int(1)), "fast"),
        (OrWord(Boolean()), "true"),
    ],
)
def test_refuses_a_text_that_the_service_would_refuse(check: Check, text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - checks raise without a message
        check.from_request(text)


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (Int(), "an int"),
        (Int(2), "an int in [2, inf)"),
        (Int(high=3), "an int in (-inf, 3]"),
        (Float(), "a finite float"),
        (Float(0, 1), "a float in [0, 1]"),
        (Float(0.5, low_open=True), "a float in (0.5, inf)"),
        (Float(1, 2, low_open=True, high_open=True), "a float in (1, 2)"),
        (COLOURS, "one of red, green, blue"),
        (Int(1, also=(-1,)), "an int in [1, inf) or -1"),
        (OrWord(Int(1)), "an int in [1, inf) or 'auto'"),
        (OrWord(Float(0), ("auto", "balanced")), "a float in [0, inf) or 'auto' or 'balanced'"),
    ],
)
def test_says_what_is_expected(check: Check, words: str) -> None:
    assert check.expected == words


@pytest.mark.parametrize("check", {type(check): check for check, *_ in ACCEPTED}.values())
def test_is_a_value(check: Check) -> None:
    assert pickle.loads(pickle.dumps(check)) == check
    assert hash(check) == hash(pickle.loads(pickle.dumps(check)))
    with pytest.raises((AttributeError, TypeError)):
        check.low = 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("value", "text", "read"),
    [
        (1e-4, "0.0001", 1e-4),
        ("0.10", "0.10", 0.1),
        (1, "1", 1.0),
        (np.float64(0.5), "0.5", 0.5),
        ("auto", "auto", "auto"),
    ],
)
def test_what_the_predecessor_held_as_text_stays_as_it_is_written(
    value: Any, text: str, read: Any
) -> None:
    check = OrWord(Float(0), as_text=True)
    assert check.convert(value) == text
    assert check.to_request(text) == text
    assert check.from_request(text) == read


@pytest.mark.parametrize(
    ("check", "text"),
    [(ListOf(COLOURS), "red,blue"), (ListOf(COLOURS, brackets=True), "[red, blue]")],
)
def test_a_list_stays_as_it_is_written_until_it_is_read(check: Check, text: str) -> None:
    assert check.convert("red, blue") == "red, blue"
    assert check.to_request("red, blue") == text
    assert check.from_request(text) == "red,blue"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        # What Double.toString of a JVM printed.
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (0.001, "0.001"),
        (0.00099, "9.9E-4"),
        (9999999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (1.5e10, "1.5E10"),
        (123456789.0, "1.23456789E8"),
        (-1e-5, "-1.0E-5"),
        (1.7976931348623157e308, "1.7976931348623157E308"),
    ],
)
def test_java_double(value: float, text: str) -> None:
    assert java_double(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_java_double_reads_back(value: float) -> None:
    assert float(java_double(value)) == value


def test_near_matches() -> None:
    assert near_matches("etaa", ["eta", "gamma"]) == "; did you mean `eta`?"
    assert near_matches("zzz", ["eta", "gamma"]) == ""

from __future__ import annotations

import numpy as np
import pytest

from sparkml_sm.formats.text import number_texts

RANDOM = np.random.default_rng(7)


@pytest.mark.parametrize(
    "values",
    [
        np.array([]),
        np.array([0.0, -0.0, np.nan, 1.0, 1.5]),
        np.tile([0.0, -0.0, np.nan, 1.0, 0.1, 1e300], 500),
        RANDOM.normal(size=3000),
        np.arange(-2000.0, 2000.0),
        np.append(np.arange(1.0, 4000.0), [-0.0]),
        np.append(np.arange(4000.0), [np.nan]),
        np.append(np.arange(4000.0), [0.5]),
        np.array([2.0**53, 2.0**53 - 1, -(2.0**53), 2.0**63, -(2.0**63), 2.0**64]),
        np.frombuffer(RANDOM.bytes(8 * 3000), dtype=np.float64),
        np.arange(4000.0)[::-2],
    ],
    ids=[
        "none", "few", "repeated", "distinct", "whole", "whole with -0", "whole with nan",
        "whole but one", "large", "any bits", "strided",
    ],
)  # fmt: skip
def test_texts_read_back_to_the_same_bits(values: np.ndarray) -> None:
    found = np.array([float(text) for text in number_texts(values).to_pylist()], dtype=np.float64)
    assert len(found) == len(values)
    numbers = ~np.isnan(values)
    assert (np.isnan(found) == ~numbers).all()
    assert found[numbers].tobytes() == np.ascontiguousarray(values[numbers]).tobytes()


@pytest.mark.parametrize("times", [1, 1000])
def test_texts_are_the_shortest(times: int) -> None:
    texts = number_texts(np.tile([3.0, -0.0, 0.1, 1e21, -2.5], times)).to_pylist()
    assert texts == ["3", "-0", "0.1", "1e+21", "-2.5"] * times

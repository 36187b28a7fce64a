"""Random batches of rows."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from sparkml_sm.formats import FeatureRows
from sparkml_sm.testing.formats import make_rows


@st.composite
def batches(
    draw: st.DrawFn,
    *,
    bits: int = 64,
    nan: bool = False,
    kinds: tuple[str, ...] = ("dense", "sparse"),
    weights: bool = False,
    labels: bool = True,
) -> FeatureRows:
    """Batches of up to 8 rows, dense, sparse or mixed, up to 400,000 features wide where sparse."""
    number = st.floats(width=bits, allow_nan=nan, allow_infinity=False)
    finite = st.floats(width=bits, allow_nan=False, allow_infinity=False)
    wide = kinds == ("sparse",)
    width = draw(st.sampled_from([130, 20_000, 400_000]) if wide else st.integers(1, 6))
    count = draw(st.integers(1, 8))
    rows: list[Any] = []
    for _ in range(count):
        if draw(st.sampled_from(kinds)) == "dense":
            rows.append(draw(st.lists(number, min_size=width, max_size=width)))
        else:
            found = draw(st.dictionaries(st.integers(0, width - 1), number, max_size=9))
            rows.append(dict(sorted(found.items())))
    column = st.lists(finite, min_size=count, max_size=count)
    columns = {}
    if weights or (labels and draw(st.booleans())):
        columns["label"] = draw(column)
    if weights:
        columns["weight"] = [abs(each) for each in draw(column)]
    return make_rows(rows, width, **columns)

"""Each row of docs/defects.md names tests that are there.

That is all that is checked here: whether a test shows what its row says is for its reader to judge.
"""

from __future__ import annotations

import importlib
import re
from functools import reduce
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_TEST = re.compile(r"`(tests/[\w/]+\.py)::([\w:]+)`")


def _rows() -> list[list[str]]:
    lines = (_ROOT / "docs" / "defects.md").read_text(encoding="utf-8").splitlines()
    return [line.strip("| ").split(" | ") for line in lines if re.match(r"\| \d", line)]


def test_every_defect_has_a_row() -> None:
    assert [int(row[0]) for row in _rows()] == list(range(1, 33))


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row[0])
def test_what_a_row_says_is_shown_by_tests_that_are_there(row: list[str]) -> None:
    assert len(row) == 4
    tests = _TEST.findall(row[3])
    assert tests
    assert not _TEST.sub("", row[3]).strip(), "an id that is not one"
    for file, names in tests:
        module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
        found = reduce(getattr, names.split("::"), module)
        assert names.split("::")[-1].startswith("test_")
        assert callable(found)

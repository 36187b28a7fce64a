from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkml_sm.local.faults import AwsError, in_use, validation
from sparkml_sm.local.store import Collection, Kind, page

KIND = Kind("Model", missing=validation, taken=in_use)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def record(name: str, second: int, status: str = "InService") -> dict[str, Any]:
    time = BEGIN + timedelta(seconds=second)
    return {
        "ModelName": name,
        "CreationTime": time,
        "LastModifiedTime": time,
        "ModelStatus": status,
    }


@given(
    seconds=st.lists(st.integers(0, 3), max_size=30),
    size=st.integers(1, 7),
    by=st.sampled_from(["Name", "CreationTime", "Status"]),
    order=st.sampled_from(["Ascending", "Descending"]),
)
def test_pages_hold_each_record_once_in_order(
    seconds: list[int], size: int, by: str, order: str
) -> None:
    records = [record(f"m{number}", second) for number, second in enumerate(seconds)]
    request: dict[str, Any] = {"MaxResults": size, "SortBy": by, "SortOrder": order}
    found: list[Any] = []
    while True:
        rows, token = page(KIND, records, request)
        assert len(rows) <= size
        found += rows
        if not token:
            break
        request |= token
    member = by if by == "CreationTime" else f"Model{by}"
    expected = sorted(
        records, key=lambda row: (row[member], row["ModelName"]), reverse=order == "Descending"
    )
    assert found == expected


def test_a_page_goes_on_after_a_record_that_is_gone() -> None:
    records = [record(f"m{number}", number) for number in range(5)]
    request = {"MaxResults": 2, "SortOrder": "Ascending"}
    _, token = page(KIND, records, request)
    del records[1]
    assert [row["ModelName"] for row in page(KIND, records, request | token)[0]] == ["m2", "m3"]


@pytest.mark.parametrize(
    ("request_", "names"),
    [
        ({}, ["c2", "b1", "a0"]),
        ({"NameContains": "B"}, ["b1"]),
        ({"StatusEquals": "Failed"}, ["c2"]),
        ({"CreationTimeAfter": BEGIN}, ["c2", "b1"]),
        ({"LastModifiedTimeBefore": BEGIN + timedelta(seconds=2)}, ["b1", "a0"]),
    ],
)
def test_filters(request_: dict[str, Any], names: list[str]) -> None:
    records = [record("a0", 0), record("b1", 1), record("c2", 2, "Failed")]
    assert [row["ModelName"] for row in page(KIND, records, request_)[0]] == names


def test_a_collection_knows_what_is_missing_and_taken() -> None:
    collection: Collection[int] = Collection(KIND)
    collection.add("a", 1)
    with pytest.raises(AwsError) as taken:
        collection.add("a", 2)
    assert taken.value.code == "ResourceInUse"
    assert collection.remove("a") == 1
    for operation in (collection.get, collection.remove):
        with pytest.raises(AwsError) as missing:
            operation("a")
        assert missing.value.code == "ValidationException"
    assert "a" not in collection

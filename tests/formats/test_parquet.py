from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats import FORMATS, FeatureRows, parquet
from sparkml_sm.formats.rows import dense_rows
from sparkml_sm.testing.formats import make_rows, same_rows
from tests.formats.strategies import batches


def written(*batches_: FeatureRows) -> bytes:
    sink = io.BytesIO()
    writer = FORMATS["parquet"].writer(sink)
    for rows in batches_:
        writer.write(rows)
    writer.close()
    assert not sink.closed
    return sink.getvalue()


@given(batches(weights=True, nan=True))
def test_round_trip(rows: FeatureRows) -> None:
    same_rows(parquet.decode(written(rows)), rows, sparse=False)


def test_columns_and_their_order(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    path.write_bytes(
        written(
            make_rows([[1.0, 2.0]], 2, label=[7], weight=[0.5]),
            make_rows([{1: 3.0}], 2, label=[8], weight=[1]),
        )
    )
    assert pq.read_table(path).to_pydict() == {
        "label": [7.0, 8.0],
        "weight": [0.5, 1.0],
        "f0": [1.0, 0.0],
        "f1": [2.0, 3.0],
    }
    assert parquet.decode(path).weight is not None


def test_rows_without_label() -> None:
    rows = make_rows([[1.0, 2.0]], 2)
    assert pq.read_schema(io.BytesIO(written(rows))).names == ["f0", "f1"]
    same_rows(parquet.decode(written(rows)), rows)


def test_row_groups_are_bounded() -> None:
    rows = dense_rows(np.ones((30_000, 100)), label=np.ones(30_000))
    data = written(rows, rows, rows)
    metadata = pq.ParquetFile(io.BytesIO(data)).metadata
    assert metadata.num_rows == 90_000
    groups = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
    assert all(each * 101 * 8 <= 32 << 20 for each in groups)
    assert len(groups) == 3


def test_small_batches_share_a_row_group() -> None:
    data = written(*[make_rows([[1.0]], 1)] * 50)
    assert pq.ParquetFile(io.BytesIO(data)).metadata.num_row_groups == 1


def test_bytes_reach_the_sink_before_the_end() -> None:
    sink = io.BytesIO()
    writer = parquet.writer(sink)
    numbers = np.random.default_rng(0).normal(size=(30_000, 100))
    for _ in range(2):
        writer.write(dense_rows(numbers))
    assert len(sink.getvalue()) > 1 << 20
    writer.close()


def test_an_empty_batch_is_a_file_without_rows() -> None:
    rows = parquet.decode(written(make_rows([], 3, label=[])))
    assert (len(rows), rows.width) == (0, 3)


def test_nothing_written_is_no_file() -> None:
    assert written() == b""


def test_too_many_columns_are_refused() -> None:
    with pytest.raises(InvalidDataError, match="20,000 features are more than the 16,384 columns"):
        written(make_rows([{1: 1.0}], 20_000))


def test_a_batch_with_other_columns_is_refused() -> None:
    with pytest.raises(InvalidDataError, match="other columns than the batches before"):
        written(make_rows([[1.0]], 1), make_rows([[1.0]], 1, label=[1]))


def table(**columns: pa.Array) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def test_reads_every_number_and_null_as_missing() -> None:
    data = table(
        label=pa.array([1, 0], pa.int32()),
        a=pa.array([None, 2], pa.int64()),
        b=pa.array([True, False]),
        c=pa.array([0.5, None], pa.float32()),
    )
    expected = make_rows([[np.nan, 1.0, 0.5], [2.0, 0.0, np.nan]], 3, label=[1, 0])
    same_rows(parquet.decode(data), expected)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"no parquet", "the data is not Parquet"),
        (table(label=pa.array([1.0, None]), a=pa.array([1.0, 2.0])), "'label' .* has nulls"),
        (table(label=pa.array([1.0]), a=pa.array(["x"])), "'a' .* is of type string"),
    ],
)
def test_bad_files_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(InvalidDataError, match=message):
        parquet.decode(data)

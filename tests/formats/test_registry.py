from __future__ import annotations

import io

import pytest

from sparkml_sm import formats
from sparkml_sm.formats import FORMATS
from sparkml_sm.testing.formats import make_rows


def test_the_formats() -> None:
    found = {name: (each.contentType, each.extension) for name, each in FORMATS.items()}
    assert found == {
        "recordio": ("application/x-recordio-protobuf", ".pbr"),
        "libsvm": ("text/libsvm", ".libsvm"),
        "csv": ("text/csv", ".csv"),
        "parquet": ("application/x-parquet", ".parquet"),
    }
    assert all(name == each.name for name, each in FORMATS.items())


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        FORMATS["other"] = FORMATS["csv"]  # type: ignore[index]


def test_exports_are_sorted_and_there() -> None:
    assert sorted(formats.__all__) == sorted(set(formats.__all__))
    assert all(hasattr(formats, name) for name in formats.__all__)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_writer_streams_wide_sparse_rows(name: str) -> None:
    """Formats that write zeros encode wide rows a slice at a time."""
    sizes = []

    class Sink(io.BytesIO):
        def write(self, data: object, /) -> int:
            sizes.append(memoryview(data).nbytes)  # type: ignore[arg-type]
            return sizes[-1]

    width = 16_000
    rows = make_rows([{each % width: 1.0} for each in range(1000)], width, label=[1.0] * 1000)
    writer = FORMATS[name].writer(Sink())
    writer.write(rows)
    writer.close()
    assert max(sizes) < 16 << 20
    if name == "csv":
        assert len(sizes) > 1
        assert sum(sizes) > 16 << 20

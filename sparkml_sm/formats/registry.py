"""The table of formats: to add one, write its file and a row here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pyarrow as pa

from sparkml_sm.formats import csv, libsvm, parquet, recordio
from sparkml_sm.formats.rows import FeatureRows
from sparkml_sm.formats.sinks import BinarySink, EncodingRowWriter, RowWriter

__all__ = ["FORMATS", "Format"]

Encode = Callable[[FeatureRows], pa.LargeBinaryArray]


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write rows.

    Attributes
    ----------
    name : str
        As users name it: ``stage(format=name)``.
    contentType : str
        The media type of files and requests.
    extension : str
        Of files, with its dot.
    decode : function
        Bytes to `FeatureRows`. What a format cannot tell is a keyword of its own: the width of
        LIBSVM, the columns of CSV.
    encode : function or None
        Rows to one element of bytes a row, from which payloads are cut; None where rows cannot be
        written one by one.
    split : function or None
        Bytes to the bytes of each row, unread; None as above.
    dense : bool
        Whether sparse rows are written with their zeros.
    single : bool
        Whether numbers are written as 32-bit floats.

    Examples
    --------
    >>> FORMATS["libsvm"].contentType
    'text/libsvm'
    """

    name: str
    contentType: str
    extension: str
    decode: Callable[..., FeatureRows]
    encode: Encode | None = None
    split: Callable[[bytes | memoryview], list[memoryview]] | None = None
    dense: bool = False
    single: bool = False

    def writer(self, sink: BinarySink) -> RowWriter:
        """Start a file of this format in `sink`, which the caller opens and closes."""
        if self.encode is None:
            return parquet.writer(sink)
        return EncodingRowWriter(self.encode, sink, dense=self.dense)


_ALL = (
    Format(
        name="recordio",
        contentType="application/x-recordio-protobuf",
        extension=".pbr",
        decode=recordio.decode,
        encode=recordio.encode,
        split=recordio.split,
        single=True,
    ),
    Format(
        name="libsvm",
        contentType="text/libsvm",
        extension=".libsvm",
        decode=libsvm.decode,
        encode=libsvm.encode,
        split=libsvm.split,
    ),
    Format(
        name="csv",
        contentType="text/csv",
        extension=".csv",
        decode=csv.decode,
        encode=csv.encode,
        split=csv.split,
        dense=True,
    ),
    Format(
        name="parquet",
        contentType="application/x-parquet",
        extension=".parquet",
        decode=parquet.decode,
        dense=True,
    ),
)

FORMATS: Mapping[str, Format] = MappingProxyType({each.name: each for each in _ALL})

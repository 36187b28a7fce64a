"""Channels -> XGBoost's DMatrix, by readers that are not our encoders' twins.

LIBSVM is read by XGBoost itself, CSV and Parquet by Arrow: so a second witness judges what a client
of this library wrote. RecordIO has no other reader here; goldens hold its codec.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sparkml_sm.engines.xgboost import import_xgboost, matrix
from sparkml_sm.errors import ConfigurationError, InvalidDataError
from sparkml_sm.local.training.contract import Channel

__all__ = ["content_type", "read_channel"]

logger = logging.getLogger(__name__)

_CONTENT_TYPES = {
    "csv": "csv",
    "text/csv": "csv",
    "libsvm": "libsvm",
    "text/libsvm": "libsvm",
    "text/x-libsvm": "libsvm",
    "parquet": "parquet",
    "application/x-parquet": "parquet",
    "recordio-protobuf": "recordio",
    "application/x-recordio-protobuf": "recordio",
}

_DELIMITERS = b",;\t| "
_LIBSVM_BYTES = b"0123456789+-.eE: \t\r\nNnAaIiFfTtYy"
_BLOCK = 16 << 20


def content_type(header: str | None) -> str:
    """Return the format that a channel's ContentType means.

    It is ``"csv"``, ``"libsvm"`` (the default), ``"parquet"`` or ``"recordio"``.

    Raises
    ------
    ConfigurationError
        XGBoost's container does not read that type, or the CSV is said to have no label.
    """
    if header is None:
        return "libsvm"
    kind, *parameters = (part.strip() for part in header.lower().split(";"))
    if kind not in _CONTENT_TYPES:
        raise ConfigurationError(
            f"ContentType {header!r} is not accepted; use one of {', '.join(_CONTENT_TYPES)}"
        )
    sizes = [value.replace(" ", "") for value in parameters if value.startswith("label_size")]
    if sizes and sizes != ["label_size=1"]:
        raise ConfigurationError(f"ContentType {header!r}: label_size must be 1, the first column")
    return _CONTENT_TYPES[kind]


def read_channel(channel: Channel, kind: str, *, weights: bool, threads: int) -> Any:
    """Read all rows of a channel, in the order of its files' names.

    Parameters
    ----------
    channel : Channel
    kind : str
        A result of `content_type`.
    weights : bool
        The second column of CSV is the weight of the row (the hyperparameter `csv_weights`).
    threads : int

    Raises
    ------
    ConfigurationError
        The channel is empty.
    InvalidDataError
        A file is not in the format.
    """
    files = channel.files()
    if not files:
        raise ConfigurationError(f"No data in {channel.name} channel path {channel.path}")
    xgboost = import_xgboost()
    if kind == "libsvm":
        return _libsvm(files, threads)
    if kind == "recordio":
        features, label = _recordio(files)
        return xgboost.DMatrix(features, label=label, nthread=threads)
    tables = _csv_tables(files) if kind == "csv" else _parquet_tables(files)
    columns = _stack(tables)
    first = 2 if weights and kind == "csv" else 1
    if columns.shape[1] <= first:
        raise InvalidDataError(
            f"the {channel.name} channel has {columns.shape[1]} columns: expected the label, "
            "then features"
        )
    weight = columns[:, 1] if first == 2 else None
    return xgboost.DMatrix(columns[:, first:], label=columns[:, 0], weight=weight, nthread=threads)


def _libsvm(files: Sequence[Path], threads: int) -> Any:
    weighted = {flag for path in files for flag in _check_libsvm(path)}
    if len(weighted) > 1:
        raise InvalidDataError("some LIBSVM rows have a weight (label:weight) and some have not")
    xgboost = import_xgboost()
    with tempfile.TemporaryDirectory() as folder:
        paths = [_plain(path, Path(folder) / f"{number:08d}") for number, path in enumerate(files)]
        address = ";".join(map(str, paths)) + "?format=libsvm&indexing_mode=1"
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "(?s).*Text file input has been deprecated")
                return xgboost.DMatrix(address, nthread=threads)
        except xgboost.core.XGBoostError as error:
            reason = str(error).partition("\nStack trace")[0]
            raise InvalidDataError(f"the LIBSVM files could not be read: {reason}") from error


def _plain(path: Path, copy: Path) -> Path:
    """Return `path`, or a copy of the file where the name would be taken for an instruction."""
    if not any(sign in str(path) for sign in ";?#"):
        return path
    # A link would not do: XGBoost follows it and takes the name of its target.
    shutil.copyfile(path, copy)
    return copy


def _check_libsvm(path: Path) -> Iterator[bool]:
    """Refuse what XGBoost would read as something else; yield whether rows have weights."""
    for first_line, block in _line_blocks(path):
        if strange := block.translate(None, _LIBSVM_BYTES):
            line = first_line + block[: block.index(strange[:1])].count(b"\n")
            raise InvalidDataError(f"{path.name} line {line} is no LIBSVM (label index:value ...)")
        zero = max(block.find(b" 0:"), block.find(b"\t0:"))
        if zero >= 0:
            line = first_line + block[:zero].count(b"\n")
            raise InvalidDataError(
                f"{path.name} line {line} has the index 0: features are numbered from 1 in LIBSVM"
            )
        yield from _weighted(np.frombuffer(block, dtype=np.uint8))


def _weighted(block: np.ndarray[Any, np.dtype[np.uint8]]) -> set[bool]:
    """Return, of the lines of a block, whether the label is followed by ``:weight``."""
    ends = np.flatnonzero(block == ord("\n"))
    starts = np.concatenate([[0], ends + 1])
    starts = starts[starts < len(block)]
    starts = starts[~np.isin(block[starts], list(b"\r\n"))]
    colons = np.append(np.flatnonzero(block == ord(":")), len(block))
    stops = np.append(np.flatnonzero(np.isin(block, list(b" \t\r\n"))), len(block))
    colon_first = colons[np.searchsorted(colons, starts)] < stops[np.searchsorted(stops, starts)]
    return {bool(flag) for flag in np.unique(colon_first)}


def _line_blocks(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield blocks of whole lines, each with the number of its first line."""
    line = 1
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            block += file.readline()
            yield line, block
            line += block.count(b"\n")


def _csv_tables(files: Iterable[Path]) -> Iterator[pa.Table]:
    from pyarrow import csv

    for path in files:
        with path.open("rb") as file:
            head = file.readline()
        delimiter = next((chr(byte) for byte in _DELIMITERS if byte in head), ",")
        count = head.count(delimiter.encode()) + 1
        names = [f"c{number}" for number in range(count)]
        try:
            yield csv.read_csv(
                path,
                read_options=csv.ReadOptions(column_names=names, block_size=_BLOCK + 2 * len(head)),
                parse_options=csv.ParseOptions(delimiter=delimiter),
                convert_options=csv.ConvertOptions(column_types=dict.fromkeys(names, pa.float32())),
            )
        except pa.ArrowInvalid as error:
            raise InvalidDataError(f"{path.name} is no CSV of numbers: {error}") from error


def _parquet_tables(files: Iterable[Path]) -> Iterator[pa.Table]:
    from pyarrow import parquet

    for path in files:
        try:
            table = parquet.ParquetFile(path).read()
            schema = pa.schema([(name, pa.float32()) for name in table.column_names])
            yield table.cast(schema, safe=False)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise InvalidDataError(
                f"{path.name} is no Parquet of plain numeric columns, the label first: {error}"
            ) from error


def _stack(tables: Iterable[pa.Table]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Join tables to one float32 matrix; null becomes NaN, which XGBoost takes as missing."""
    parts: list[np.ndarray[Any, np.dtype[np.float32]]] = []
    for table in tables:
        if parts and parts[0].shape[1] != table.num_columns:
            raise InvalidDataError(
                f"the files have {parts[0].shape[1]} and {table.num_columns} columns: not one table"
            )
        part = np.empty((table.num_rows, table.num_columns), dtype=np.float32)
        for number, column in enumerate(table.columns):
            part[:, number] = column.to_numpy()
        parts.append(part)
    return np.concatenate(parts)


def _recordio(files: Iterable[Path]) -> tuple[Any, np.ndarray[Any, np.dtype[np.float64]]]:
    from sparkml_sm.formats import recordio

    parts, labels = [], []
    for path in files:
        rows = recordio.decode(path.read_bytes())
        if rows.label is None:
            raise InvalidDataError(f"Got input data without labels: the records of {path.name}")
        parts.append(rows)
        labels.append(rows.label)
    widths = sorted({rows.width for rows in parts})
    if len(widths) > 1:
        raise InvalidDataError(
            f"the files have {widths[0]} and {widths[-1]} features: expected one"
        )
    if all(rows.dense.all() for rows in parts):
        return np.concatenate([matrix(rows) for rows in parts]), np.concatenate(labels)
    from scipy.sparse import vstack  # type: ignore[import-untyped]

    sparse = [matrix(rows, sparse=True) for rows in parts]
    return vstack(sparse, format="csr"), np.concatenate(labels)

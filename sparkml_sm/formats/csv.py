r"""CSV text: requests and training files without header, and the answers of endpoints.

A row is the label where there is one, the weight where there is one, then every feature; a sparse
row is written with its zeros. Numbers read back to the same 64 bits; NaN is written as ``nan``.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

from sparkml_sm.errors import InferenceError, InvalidDataError
from sparkml_sm.formats.protobuf import Bytes
from sparkml_sm.formats.rows import FeatureRows, Floats, Offsets, dense_matrix, dense_rows
from sparkml_sm.formats.text import line_starts, lines, numbers, prefixed, split_lines, tokens

__all__ = ["decode", "decode_answers", "encode", "split"]

_COMMA = pa.scalar(",", pa.large_string())
_HINT = 30

split = split_lines


def encode(rows: FeatureRows) -> pa.LargeBinaryArray:
    r"""Encode each row as a line that ends in ``\n``.

    Parameters
    ----------
    rows : FeatureRows
        Sparse rows become dense text: for wide ones prefer RecordIO or LIBSVM.

    Returns
    -------
    pyarrow.LargeBinaryArray of rows

    Examples
    --------
    >>> row = FeatureRows(3, np.array([2.5]), np.array([0, 1]), np.array([1], np.int32),
    ...                   np.array([0, 1]), np.array([False]), label=np.array([1.0]))
    >>> encode(row)[0].as_py()
    b'1,0,2.5,0\n'
    """
    if not len(rows):
        return pa.array([], pa.large_binary())
    leads = [each for each in (rows.label, rows.weight) if each is not None]
    matrix = dense_matrix(rows)
    if not leads and rows.width:
        leads, matrix = [matrix[:, 0]], matrix[:, 1:]
    rest = dense_rows(matrix)
    commas = pa.repeat(_COMMA, len(rest.values))
    return lines(leads, ",", prefixed(commas, rest.values), rest.value_offsets)


def decode(data: bytes | memoryview, *, label: bool = True, weight: bool = False) -> FeatureRows:
    """Decode lines of numbers into dense rows.

    Parameters
    ----------
    data : bytes or memoryview
        Without a header; blank lines are left out. An empty field is a missing feature, NaN.
    label : bool, default True
        Whether the first column is the label.
    weight : bool, default False
        Whether the next column is the weight.

    Raises
    ------
    InvalidDataError
        If a field is not a number, a label or weight is empty, or rows differ in length. Rows are
        counted from 0.
    """
    content: Bytes = np.frombuffer(data, dtype=np.uint8)
    table = _table(content[~np.isin(content, np.frombuffer(b" \t\r", np.uint8))])
    leads = label + weight
    if not len(table):
        table = np.empty((0, leads))
    if table.shape[1] < leads:
        raise InvalidDataError(
            f"the CSV text has {table.shape[1]} columns: too few for label, weight and features"
        )
    missing = np.isnan(table[:, :leads])
    if missing.any():
        row = int(np.argmax(missing.any(axis=1)))
        raise InvalidDataError(f"row {row} of the CSV text has a label or weight that is missing")
    return dense_rows(
        table[:, leads:],
        label=table[:, 0].copy() if label else None,
        weight=table[:, int(label)].copy() if weight else None,
    )


def decode_answers(body: bytes, rows: int) -> Floats:
    r"""Read XGBoost's predictions, exactly as many as rows were sent.

    Its containers answer with a number a line, with one line of numbers, with a line of numbers for
    each row, or with bracketed rows (``[0.1, 0.9]``), as the objective and the server have it.

    Parameters
    ----------
    body : bytes
        The answer.
    rows : int
        How many rows were sent. One line of several numbers is one row of them where `rows` is 1,
        and else one number for each row.

    Returns
    -------
    float64 array of shape (rows,), or (rows, k) where each row has k > 1 numbers

    Raises
    ------
    InferenceError
        If the answer has another number of rows, rows of different lengths, or is not numbers.

    Examples
    --------
    >>> decode_answers(b"0.25,0.5", 2)
    array([0.25, 0.5 ])
    >>> decode_answers(b"[0.25, 0.75]\n", 1)
    array([[0.25, 0.75]])
    """
    lines_ = _one_row_a_line(body, rows)
    came = lines_.count(b"\n") + 1 if lines_ else 0
    if came != rows:
        raise InferenceError(
            f"the endpoint was sent {rows} rows and answered {came}: the answers cannot be "
            "tied to the rows; check the container's output, or send smaller payloads"
        )
    per_row = _numbers_a_row(lines_)
    texts = lines_.replace(b"\n", b",").split(b",") if lines_ else []
    try:
        answers = np.array(texts, np.float64)
    except ValueError as error:
        raise InferenceError(
            f"the endpoint's answer is not numbers ({_hint(body)}): it should be CSV; check its "
            "Accept and the deserializer"
        ) from error
    if np.isinf(answers).any():
        _refuse_overflow(texts, answers)
    return answers.reshape(rows, per_row) if per_row > 1 else answers


def _refuse_overflow(texts: list[bytes], answers: Floats) -> None:
    """Refuse an infinity that was written as a number."""
    if not all(b"inf" in texts[place].lower() for place in np.flatnonzero(np.isinf(answers))):
        raise InferenceError(
            "a number of the endpoint's answer is too large for 64 bits: check the container's "
            "output; infinity is written as inf"
        )


def _one_row_a_line(body: bytes, rows: int) -> bytes:
    """Give every row a line of its own, with one comma between its numbers, whatever came."""
    if b"[" in body:
        return re.sub(rb"[\s,]+", b",", body).replace(b"],[", b"\n").strip(b"[],")
    text = body.strip()
    if b" " in text or b"\t" in text or b"\r" in text or b"\n\n" in text:
        text = re.sub(rb"[ \t]*,[ \t]*|[ \t]+", b",", re.sub(rb"\s*\n\s*", b"\n", text))
    # One line of several numbers: a number for each row.
    return text.replace(b",", b"\n") if rows > 1 and b"\n" not in text else text


def _numbers_a_row(lines_: bytes) -> int:
    if b"," not in lines_:
        return 1
    content = np.frombuffer(lines_, np.uint8)
    commas = np.cumsum(content == ord(","))
    sizes = np.diff(commas[np.flatnonzero(content == ord("\n"))], prepend=0, append=commas[-1]) + 1
    if (sizes != sizes[0]).any():
        raise InferenceError(
            f"the endpoint answered between {sizes.min()} and {sizes.max()} numbers a row: "
            "expected as many for each"
        )
    return int(sizes[0])


def _table(content: Bytes) -> Floats:
    """Read lines of fields as one matrix; an empty field is NaN."""
    starts = line_starts(content)
    # A line's last byte is its line break; a text without a final one is given one.
    if len(content) and content[-1] != ord("\n"):
        content = np.append(content, np.uint8(ord("\n")))
        starts[-1] += 1
    blank = np.diff(starts) < 2
    ends = np.flatnonzero((content == ord(",")) | (content == ord("\n")))
    begins = np.concatenate([[0], ends[:-1] + 1]).astype(np.int64)[: len(ends)]
    line = np.searchsorted(starts, begins, side="right") - 1
    kept = ~blank[line] if len(ends) else np.empty(0, dtype=np.bool_)
    begins, ends, line = begins[kept], ends[kept], line[kept]
    counts = np.bincount(line, minlength=len(blank))[~blank]
    if not len(counts):
        return np.empty((0, 0))
    if (counts != counts[0]).any():
        row = int(np.argmax(counts != counts[0]))
        raise InvalidDataError(
            f"row {row} of the CSV text has {counts[row]} columns and the first has {counts[0]}: "
            "all rows must have the same"
        )
    filled = ends > begins
    fields = np.full(len(begins), np.nan)
    rows_of: Offsets = np.flatnonzero(filled) // counts[0]
    texts = tokens(content, begins[filled], ends[filled])
    fields[filled] = numbers(texts, pa.float64(), rows_of, "a field of the CSV text")
    return fields.reshape(len(counts), int(counts[0]))


def _hint(body: bytes) -> str:
    """Give the first characters of an answer, printable."""
    start = body[:_HINT].decode("utf-8", "replace")
    return f"it begins with {start!r}"

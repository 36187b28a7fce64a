"""Witnesses of the tests: the goldens, and an independent reader of RecordIO-protobuf."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from sparkml_sm.formats import FeatureRows
from sparkml_sm.testing.formats import make_rows

GOLDENS = Path(__file__).parent / "goldens"


def golden_rows(name: str) -> FeatureRows:
    """Rows of a golden file, as they were given to the predecessor."""
    lines = (GOLDENS / f"{name}.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    rows = [
        dict(zip(each["indices"], each["values"], strict=True))
        if "indices" in each
        else each["values"]
        for each in records
    ]
    width = records[0].get("size", len(records[0]["values"]))
    return make_rows(rows, width, label=[each["label"] for each in records])


def read_recordio(data: bytes) -> list[dict[str, Any]]:
    """Records as dicts of what they hold: values, keys, shape, label."""
    return [_record(payload) for payload in _payloads(data)]


def read_answers(data: bytes) -> list[dict[str, list[float]]]:
    """Records as dicts of the numbers in their `label` maps, in the order of the entries."""
    records = []
    for payload in _payloads(data):
        record = {}
        for number, entry in _fields(payload):
            assert number == 2
            (_, key), (_, value) = _fields(entry)
            ((kind, tensor),) = _fields(value)
            assert kind == 2
            values = dict(_fields(tensor)).get(1, b"")
            record[key.decode()] = list(struct.unpack(f"<{len(values) // 4}f", values))
        records.append(record)
    return records


def _payloads(data: bytes) -> list[bytes]:
    payloads, at = [], 0
    while at < len(data):
        magic, length = struct.unpack_from("<II", data, at)
        assert magic == 0xCED7230A
        payloads.append(data[at + 8 : at + 8 + length])
        padded = at + 8 + (length + 3) // 4 * 4
        assert not any(data[at + 8 + length : padded])
        at = padded
    assert at == len(data)
    return payloads


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        number |= (data[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 128:
            return number, at


def _fields(data: bytes) -> list[tuple[int, bytes]]:
    fields, at = [], 0
    while at < len(data):
        tag, at = _varint(data, at)
        assert tag & 7 == 2
        length, at = _varint(data, at)
        fields.append((tag >> 3, data[at : at + length]))
        at += length
    return fields


def _varints(data: bytes) -> list[int]:
    numbers, at = [], 0
    while at < len(data):
        number, at = _varint(data, at)
        numbers.append(number)
    return numbers


def _tensor(entry: bytes) -> dict[str, Any]:
    (_, key), (_, value) = _fields(entry)
    assert key == b"values"
    ((number, tensor),) = _fields(value)
    assert number == 2
    fields = dict(_fields(tensor))
    values = fields.get(1, b"")
    return {
        "values": list(struct.unpack(f"<{len(values) // 4}f", values)),
        "keys": _varints(fields.get(2, b"")),
        "shape": _varints(fields.get(3, b"")),
    }


def _record(data: bytes) -> dict[str, Any]:
    record: dict[str, Any] = {"label": None}
    for number, entry in _fields(data):
        if number == 1:
            record.update(_tensor(entry))
        else:
            assert number == 2
            (record["label"],) = _tensor(entry)["values"]
    return record

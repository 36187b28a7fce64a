"""Values of botocore shapes on the wire: JSON, forms, text of headers, XML."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from xml.etree import ElementTree as ET

from sparkml_sm.local.faults import AwsError

__all__ = ["append_xml", "from_form", "from_json", "from_text", "load_object", "to_json"]

_JSON_TYPES: Mapping[str, tuple[type, ...]] = MappingProxyType(
    {
        "string": (str,),
        "character": (str,),
        "blob": (str,),
        "boolean": (bool,),
        "integer": (int,),
        "long": (int,),
        "float": (int, float),
        "double": (int, float),
        "timestamp": (int, float),
        "list": (list,),
        "map": (dict,),
        "structure": (dict,),
    }
)


def load_object(body: bytes) -> dict[str, Any]:
    """Read a body that must be a JSON object; an empty one is ``{}``."""
    try:
        document = json.loads(body or b"{}")
    except ValueError as error:
        raise AwsError("SerializationException", "The body is not JSON") from error
    if not isinstance(document, dict):
        raise AwsError("SerializationException", "The body is not a JSON object")
    return document


def from_json(shape: Any, value: Any) -> Any:
    """Turn JSON into Python; a null is an unset member, an unknown one is passed over."""
    kind = shape.type_name
    if type(value) not in _JSON_TYPES[kind]:
        raise AwsError(
            "SerializationException",
            f"{value!r:.100} can not be converted to {shape.name} ({kind})",
        )
    if kind == "structure":
        members = shape.members
        return {
            k: from_json(members[k], v) for k, v in value.items() if k in members and v is not None
        }
    if kind == "list":
        return [from_json(shape.member, element) for element in value]
    if kind == "map":
        return {key: from_json(shape.value, element) for key, element in value.items()}
    try:
        if kind == "timestamp":
            return datetime.fromtimestamp(value, UTC)
        return base64.b64decode(value, validate=True) if kind == "blob" else value
    except (ValueError, OverflowError, OSError) as error:
        raise AwsError("SerializationException", f"{value!r:.100} is no {kind}") from error


def to_json(shape: Any, value: Any) -> Any:
    """Turn Python into what `json.dumps` takes; unset members stay absent."""
    kind = shape.type_name
    if kind == "structure":
        return {
            member.serialization.get("name", name): to_json(member, value[name])
            for name, member in shape.members.items()
            if name in value
        }
    if kind == "list":
        return [to_json(shape.member, element) for element in value]
    if kind == "map":
        return {key: to_json(shape.value, element) for key, element in value.items()}
    if kind == "timestamp":
        return round(value.timestamp(), 3)
    return base64.b64encode(value).decode() if kind == "blob" else value


def from_text(shape: Any, text: str) -> Any:
    """Read a scalar of a header, a query or a form."""
    kind = shape.type_name
    try:
        if kind in {"integer", "long"}:
            return int(text)
        if kind in {"float", "double"}:
            return float(text)
    except ValueError as error:
        raise AwsError("SerializationException", f"{text!r} is no {kind}") from error
    return text.lower() == "true" if kind == "boolean" else text


def from_form(shape: Any, form: Mapping[str, str], prefix: str) -> Any:
    """Read `shape` from keys such as ``prefix.Member`` and ``prefix.member.1``, or None."""
    kind = shape.type_name
    if kind == "structure":
        stem = f"{prefix}." if prefix else ""
        found = {
            name: from_form(member, form, stem + name) for name, member in shape.members.items()
        }
        return {name: value for name, value in found.items() if value is not None} or None
    if kind == "list":
        return list(_elements(shape.member, form, prefix)) or None
    return None if prefix not in form else from_text(shape, form[prefix])


def _elements(shape: Any, form: Mapping[str, str], prefix: str) -> Iterator[Any]:
    number = 1
    while (value := from_form(shape, form, f"{prefix}.member.{number}")) is not None:
        yield value
        number += 1


def append_xml(parent: ET.Element, shape: Any, value: Any) -> None:
    """Write a value into an XML element."""
    kind = shape.type_name
    if kind == "structure":
        for name, element in value.items():
            append_xml(ET.SubElement(parent, name), shape.members[name], element)
    elif kind == "list":
        for element in value:
            append_xml(ET.SubElement(parent, "member"), shape.member, element)
    elif kind == "timestamp":
        parent.text = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    else:
        parent.text = str(value).lower() if isinstance(value, bool) else str(value)

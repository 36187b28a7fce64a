"""AWS's wire protocols, from botocore's service model: JSON 1.1, REST-JSON and Query.

A protocol turns a request into the name of an operation and its parameters, a result into a
response, and an error into the shape that the service's clients read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote
from xml.etree import ElementTree as ET

from sparkml_sm.local.faults import AwsError
from sparkml_sm.local.values import (
    append_xml,
    from_form,
    from_json,
    from_text,
    load_object,
    to_json,
)

__all__ = ["PROTOCOLS", "HttpRequest", "HttpResponse", "WireProtocol"]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """An HTTP request; the names of its headers are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An HTTP response."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class WireProtocol(Protocol):
    """One wire protocol for one service."""

    def operation(self, request: HttpRequest) -> str | None:
        """Return the name of the operation that the request asks for."""

    def parse(self, operation: Any, request: HttpRequest) -> dict[str, Any]:
        """Return its parameters, as a botocore client was given them."""

    def serialise(self, operation: Any, result: Mapping[str, Any], request_id: str) -> HttpResponse:
        """Return the response that a botocore client reads as `result`."""

    def error(self, error: AwsError, request_id: str) -> HttpResponse:
        """Return the response that a botocore client raises as `error`."""


class JsonProtocol:
    """The operation is in ``X-Amz-Target``, the parameters and the result are JSON bodies."""

    content_type = "application/x-amz-json-1.1"

    def __init__(self, model: Any) -> None:
        self.model = model

    def operation(self, request: HttpRequest) -> str | None:
        return request.headers.get("x-amz-target", "").rpartition(".")[2] or None

    def parse(self, operation: Any, request: HttpRequest) -> dict[str, Any]:
        document = load_object(request.body)
        return {} if operation.input_shape is None else from_json(operation.input_shape, document)

    def serialise(self, operation: Any, result: Mapping[str, Any], request_id: str) -> HttpResponse:
        headers = {"Content-Type": self.content_type, "x-amzn-RequestId": request_id}
        if operation.output_shape is None:
            return HttpResponse(200, headers)
        document = to_json(operation.output_shape, result)
        return HttpResponse(200, headers, json.dumps(document).encode())

    def error(self, error: AwsError, request_id: str) -> HttpResponse:
        document = {"message": str(error), **error.members}
        headers = {"Content-Type": self.content_type, "x-amzn-RequestId": request_id}
        if error.code:
            document["__type"] = error.code
            headers["x-amzn-ErrorType"] = error.code
        return HttpResponse(error.status, headers, json.dumps(document).encode())


class RestJsonProtocol(JsonProtocol):
    """The operation is in method and path; members are in path, query, headers and body."""

    content_type = "application/json"

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self._routes = [
            (operation.http["method"], _route(operation.http["requestUri"]), name)
            for name in model.operation_names
            for operation in [model.operation_model(name)]
        ]

    def operation(self, request: HttpRequest) -> str | None:
        for method, pattern, name in self._routes:
            if method == request.method and pattern.fullmatch(request.path):
                return str(name)
        return None

    def parse(self, operation: Any, request: HttpRequest) -> dict[str, Any]:
        shape = operation.input_shape
        match = _route(operation.http["requestUri"]).fullmatch(request.path)
        sources = {
            "uri": {
                key: unquote(value) for key, value in (match.groupdict() if match else {}).items()
            },
            "header": request.headers,
            "querystring": dict(parse_qsl(request.query)),
        }
        values: dict[str, Any] = {}
        payload = shape.serialization.get("payload")
        for name, member in shape.members.items():
            location = member.serialization.get("location")
            key = member.serialization.get("name", name)
            if location in sources:
                text = sources[location].get(key.lower() if location == "header" else key)
                if text is not None:
                    values[name] = from_text(member, text)
        if payload:
            limit = shape.members[payload].metadata.get("max")
            if limit is not None and len(request.body) > limit:
                # AWS's front door says this, before any service: a status without a code.
                raise AwsError("", f"HTTP content length exceeded {limit} bytes.", 413)
            values[payload] = request.body
        else:
            values |= from_json(shape, load_object(request.body))
        return values

    def serialise(self, operation: Any, result: Mapping[str, Any], request_id: str) -> HttpResponse:
        shape = operation.output_shape
        headers = {"x-amzn-RequestId": request_id}
        payload = shape.serialization.get("payload")
        rest: dict[str, Any] = {}
        for name, value in result.items():
            member = shape.members[name]
            if member.serialization.get("location") == "header":
                headers[member.serialization["name"]] = str(value)
            elif name != payload:
                rest[name] = to_json(member, value)
        status = operation.http.get("responseCode", 200)
        if payload:
            return HttpResponse(status, headers, bytes(result.get(payload, b"")))
        headers["Content-Type"] = self.content_type
        return HttpResponse(status, headers, json.dumps(rest).encode())


class QueryProtocol:
    """A form in, XML out."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def operation(self, request: HttpRequest) -> str | None:
        return self._form(request).get("Action")

    def parse(self, operation: Any, request: HttpRequest) -> dict[str, Any]:
        if operation.input_shape is None:
            return {}
        parsed = from_form(operation.input_shape, self._form(request), "")
        return parsed if isinstance(parsed, dict) else {}

    def serialise(self, operation: Any, result: Mapping[str, Any], request_id: str) -> HttpResponse:
        root = ET.Element(f"{operation.name}Response", xmlns=self.model.metadata["xmlNamespace"])
        if operation.output_shape is not None:
            name = operation.output_shape.serialization.get(
                "resultWrapper", f"{operation.name}Result"
            )
            append_xml(ET.SubElement(root, name), operation.output_shape, result)
        metadata = ET.SubElement(root, "ResponseMetadata")
        ET.SubElement(metadata, "RequestId").text = request_id
        return self._response(200, root, request_id)

    def error(self, error: AwsError, request_id: str) -> HttpResponse:
        root = ET.Element("ErrorResponse", xmlns=self.model.metadata["xmlNamespace"])
        inner = ET.SubElement(root, "Error")
        ET.SubElement(inner, "Type").text = "Sender" if error.status < 500 else "Receiver"
        ET.SubElement(inner, "Code").text = error.code
        ET.SubElement(inner, "Message").text = str(error)
        ET.SubElement(root, "RequestId").text = request_id
        return self._response(error.status, root, request_id)

    @staticmethod
    def _form(request: HttpRequest) -> dict[str, str]:
        return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))

    @staticmethod
    def _response(status: int, root: ET.Element, request_id: str) -> HttpResponse:
        headers = {"Content-Type": "text/xml", "x-amzn-RequestId": request_id}
        return HttpResponse(status, headers, ET.tostring(root, encoding="utf-8"))


#: botocore's name of a protocol -> its class.
PROTOCOLS: Mapping[str, Callable[[Any], WireProtocol]] = MappingProxyType(
    {"json": JsonProtocol, "rest-json": RestJsonProtocol, "query": QueryProtocol}
)


def _route(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template.partition("?")[0]))

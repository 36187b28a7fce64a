"""From an HTTP request to the one method that does the operation, and back.

A service is its botocore model and a few objects whose methods are named as botocore names the
operations; routing, parsing, validation and serialisation follow from the model.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from sparkml_sm.local.faults import AwsError, unsupported
from sparkml_sm.local.protocol import PROTOCOLS, HttpRequest, HttpResponse
from sparkml_sm.local.s3 import Keys
from sparkml_sm.local.signature import verify
from sparkml_sm.local.validation import check_input, check_output

__all__ = ["Gateway", "Service"]

logger = logging.getLogger(__name__)

#: The codes in which a service differs from SageMaker's.
_CODES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "sagemaker-runtime": {"ValidationException": "ValidationError"},
        "logs": {"ValidationException": "InvalidParameterException"},
        "sts": {
            "ValidationException": "ValidationError",
            "UnrecognizedClientException": "InvalidClientTokenId",
            "MissingAuthenticationTokenException": "MissingAuthenticationToken",
            "InvalidSignatureException": "SignatureDoesNotMatch",
        },
    }
)

Method = Callable[[dict[str, Any]], Mapping[str, Any] | None]


class Service:
    """One AWS service.

    Parameters
    ----------
    name : str
        botocore's name, such as ``"sagemaker-runtime"``.
    handlers : iterable of object
        Their public methods are the operations.
    """

    def __init__(self, name: str, handlers: Iterable[object]) -> None:
        from botocore import xform_name
        from botocore.loaders import Loader
        from botocore.model import ServiceModel

        self.name = name
        self.model = ServiceModel(Loader().load_service_model(name, "service-2"), name)
        self.protocol = PROTOCOLS[self.model.metadata["protocol"]](self.model)
        self.target = self.model.metadata.get("targetPrefix")
        methods = {
            method: getattr(handler, method)
            for handler in handlers
            for method in dir(handler)
            if not method.startswith("_")
        }
        self._methods: dict[str, Method] = {
            operation: methods[xform_name(operation)]
            for operation in self.model.operation_names
            if xform_name(operation) in methods
        }

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Do what the request asks for.

        Raises
        ------
        AwsError
            It cannot be done.
        """
        name = self.protocol.operation(request)
        if name is None or name not in self.model.operation_names:
            raise AwsError(
                "UnknownOperationException",
                f"{name or request.path} is no operation of {self.name}",
            )
        method = self._methods.get(name)
        if method is None:
            raise unsupported(f"{self.name} {name}")
        operation = self.model.operation_model(name)
        parameters = self.protocol.parse(operation, request)
        if operation.input_shape is not None and (
            wrong := check_input(operation.input_shape, parameters)
        ):
            raise AwsError("ValidationException", wrong)
        result = method(parameters) or {}
        if operation.output_shape is not None and (
            faults := check_output(operation.output_shape, result)
        ):
            raise RuntimeError(f"the answer of {name} is not of its shape: {'; '.join(faults)}")
        return self.protocol.serialise(operation, result, _request_id())

    def refuse(self, error: AwsError) -> HttpResponse:
        """Return an error in this service's words and shape."""
        error.code = _CODES.get(self.name, {}).get(error.code, error.code)
        return self.protocol.error(error, _request_id())


class Gateway:
    """All services behind one port.

    Parameters
    ----------
    services : mapping of str to Service
    keys : Keys
        A request must be signed with them.
    """

    def __init__(self, services: Iterable[Service], keys: Keys) -> None:
        self._services = {service.name: service for service in services}
        self._keys = keys

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Answer a request; what goes wrong here is an InternalFailure there, and in our log."""
        service = self._route(request)
        try:
            verify(request, self._keys)
            return service.answer(request)
        except AwsError as error:
            return service.refuse(error)
        except Exception:  # the edge of the server: reported to the client and logged
            logger.exception("%s %s failed", request.method, request.path)
            return service.refuse(
                AwsError("InternalFailure", "The local SageMaker failed: see its log", 500)
            )

    def _route(self, request: HttpRequest) -> Service:
        target = request.headers.get("x-amz-target", "").rpartition(".")[0]
        for service in self._services.values():
            if service.target and service.target == target:
                return service
        form = request.headers.get("content-type", "").startswith(
            "application/x-www-form-urlencoded"
        )
        if form and request.path == "/":
            return self._services["sts"]
        return self._services["sagemaker-runtime" if request.path != "/" else "sagemaker"]


def _request_id() -> str:
    return str(uuid.uuid4())

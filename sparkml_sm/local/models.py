"""The operations on models."""
# ruff: noqa: D102 - what an operation does is in AWS's own reference.

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sparkml_sm.errors import ConfigurationError
from sparkml_sm.local.channels import split_uri
from sparkml_sm.local.faults import unsupported, validation
from sparkml_sm.local.site import Site
from sparkml_sm.local.store import Collection, Kind, arn, now, page, present
from sparkml_sm.local.tags import Tags

__all__ = ["Models"]

_KIND = Kind(
    "Model",
    missing=lambda name: validation(f'Could not find model "{arn("model", name)}".'),
    taken=lambda name: validation(f'Cannot create already existing model "{arn("model", name)}".'),
)


class Models:
    """Models: create, describe, list, delete."""

    def __init__(self, site: Site, tags: Tags) -> None:
        self._site = site
        self._tags = tags
        self._models: Collection[dict[str, Any]] = Collection(_KIND)

    def create_model(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["ModelName"]
        containers = request.get("Containers", [])
        if ("PrimaryContainer" in request) == bool(containers):
            raise validation("You must specify exactly one of PrimaryContainer and Containers.")
        if len(containers) > 1:
            raise unsupported("models of several containers")
        if "ExecutionRoleArn" not in request:
            raise validation("ExecutionRoleArn is required to create a model.")
        self._check_container(request.get("PrimaryContainer") or containers[0])
        record = present(request, *(set(request) - {"Tags"})) | {
            "ModelArn": arn("model", name),
            "CreationTime": now(),
            "EnableNetworkIsolation": request.get("EnableNetworkIsolation", False),
        }
        self._models.add(name, record)
        self._tags.register(arn("model", name), request)
        return {"ModelArn": arn("model", name)}

    def describe_model(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._models.get(request["ModelName"])

    def list_models(self, request: dict[str, Any]) -> dict[str, Any]:
        models, token = page(_KIND, self._models, request)
        shown = ("ModelName", "ModelArn", "CreationTime")
        return {"Models": [present(model, *shown) for model in models], **token}

    def delete_model(self, request: dict[str, Any]) -> None:
        self._models.remove(request["ModelName"])
        self._tags.forget(arn("model", request["ModelName"]))

    def container(self, name: str) -> Mapping[str, Any]:
        """Return the definition of a model's container; the model must exist."""
        model = self._models.get(name)
        definition: Mapping[str, Any] = model.get("PrimaryContainer") or model["Containers"][0]
        return definition

    def _check_container(self, container: Mapping[str, Any]) -> None:
        if container.get("Mode", "SingleModel") != "SingleModel":
            raise unsupported("multi-model containers")
        if "Image" not in container:
            raise validation("The local SageMaker needs an Image in a container's definition.")
        uri = container.get("ModelDataUrl")
        if uri is None:
            return
        from botocore.exceptions import ClientError

        try:
            bucket, key = split_uri(uri)
            self._site.s3.head_object(Bucket=bucket, Key=key)
        except (ClientError, ConfigurationError) as error:
            raise validation(f"Could not find model data at {uri}.") from error

"""The operations on endpoint configurations."""
# ruff: noqa: D102 - what an operation does is in AWS's own reference.

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sparkml_sm.local.faults import unsupported, validation
from sparkml_sm.local.models import Models
from sparkml_sm.local.store import Collection, Kind, arn, now, page, present
from sparkml_sm.local.tags import Tags

__all__ = ["EndpointConfigs"]

_KIND = Kind(
    "EndpointConfig",
    missing=lambda name: validation(
        f'Could not find endpoint configuration "{arn("endpoint-config", name)}".'
    ),
    taken=lambda name: validation(
        f'Cannot create already existing endpoint configuration "{arn("endpoint-config", name)}".'
    ),
)


class EndpointConfigs:
    """Endpoint configurations: create, describe, list, delete."""

    def __init__(self, models: Models, tags: Tags) -> None:
        self._models = models
        self._tags = tags
        self._configs: Collection[dict[str, Any]] = Collection(_KIND)

    def create_endpoint_config(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["EndpointConfigName"]
        for member in ("AsyncInferenceConfig", "ShadowProductionVariants", "ExplainerConfig"):
            if member in request:
                raise unsupported(f"an endpoint configuration with {member}")
        variants = request["ProductionVariants"]
        if len({variant["VariantName"] for variant in variants}) < len(variants):
            raise validation("The names of production variants must differ.")
        for variant in variants:
            self._check_variant(variant)
        record = present(request, *(set(request) - {"Tags"})) | {
            "EndpointConfigArn": arn("endpoint-config", name),
            "CreationTime": now(),
            "EnableNetworkIsolation": request.get("EnableNetworkIsolation", False),
        }
        for variant in record["ProductionVariants"]:
            variant.setdefault("InitialVariantWeight", 1.0)
        self._configs.add(name, record)
        self._tags.register(arn("endpoint-config", name), request)
        return {"EndpointConfigArn": arn("endpoint-config", name)}

    def describe_endpoint_config(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._configs.get(request["EndpointConfigName"])

    def list_endpoint_configs(self, request: dict[str, Any]) -> dict[str, Any]:
        configs, token = page(_KIND, self._configs, request)
        shown = ("EndpointConfigName", "EndpointConfigArn", "CreationTime")
        return {"EndpointConfigs": [present(config, *shown) for config in configs], **token}

    def delete_endpoint_config(self, request: dict[str, Any]) -> None:
        self._configs.remove(request["EndpointConfigName"])
        self._tags.forget(arn("endpoint-config", request["EndpointConfigName"]))

    def variants(self, name: str) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """Return each production variant with its model's container; all of them must exist."""
        config = self._configs.get(name)
        return [
            (variant, self._models.container(variant["ModelName"]))
            for variant in config["ProductionVariants"]
        ]

    def _check_variant(self, variant: Mapping[str, Any]) -> None:
        if "ServerlessConfig" in variant:
            raise unsupported("serverless endpoints")
        for member in ("ModelName", "InstanceType", "InitialInstanceCount"):
            if member not in variant:
                raise validation(f"The production variant {variant['VariantName']} needs {member}.")
        self._models.container(variant["ModelName"])

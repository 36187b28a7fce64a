"""Endpoints: the operations on them, and the containers behind them."""
# ruff: noqa: D102 - what an operation does is in AWS's own reference.

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

from sparkml_sm.local.endpoint_configs import EndpointConfigs
from sparkml_sm.local.faults import AwsError, unsupported, validation
from sparkml_sm.local.hosting import STARTUP_SECONDS, Host, HostError
from sparkml_sm.local.lifecycle import ENDPOINT
from sparkml_sm.local.site import Site, in_background
from sparkml_sm.local.store import Collection, Kind, arn, now, page, present
from sparkml_sm.local.tags import Tags

__all__ = ["LOG_GROUP", "Endpoint", "Endpoints", "Variant"]

logger = logging.getLogger(__name__)

LOG_GROUP = "/aws/sagemaker/Endpoints"

_KIND = Kind(
    "Endpoint",
    missing=lambda name: validation(f'Could not find endpoint "{arn("endpoint", name)}".'),
    taken=lambda name: validation(
        f'Cannot create already existing endpoint "{arn("endpoint", name)}".'
    ),
)

Variants = Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]


@dataclass(slots=True)
class Variant:
    """One production variant in service."""

    name: str
    weight: float
    image: str
    hosts: list[Host]

    def describe(self) -> dict[str, Any]:
        """As DescribeEndpoint shows it."""
        return {
            "VariantName": self.name,
            "DeployedImages": [{"SpecifiedImage": self.image}],
            "CurrentWeight": self.weight,
            "DesiredWeight": self.weight,
            "CurrentInstanceCount": len(self.hosts),
            "DesiredInstanceCount": len(self.hosts),
        }


class Endpoint:
    """An endpoint's record and its variants.

    Parameters
    ----------
    site : Site
    name, config : str
        Its own name, and that of its configuration.
    """

    def __init__(self, site: Site, name: str, config: str) -> None:
        created = now()
        self.name = name
        self._site = site
        self._variants: list[Variant] = []
        self._lock = threading.Lock()
        self._record: dict[str, Any] = {
            "EndpointName": name,
            "EndpointArn": arn("endpoint", name),
            "EndpointConfigName": config,
            "CreationTime": created,
            "LastModifiedTime": created,
            "EndpointStatus": "Creating",
        }

    def describe(self) -> dict[str, Any]:
        """Return a copy of the record."""
        with self._lock:
            record = deepcopy(self._record)
            if self._variants:
                record["ProductionVariants"] = [variant.describe() for variant in self._variants]
            return record

    @property
    def status(self) -> str:
        """Its EndpointStatus."""
        return str(self._record["EndpointStatus"])

    def pick(self, target: str | None) -> tuple[str, Host]:
        """Choose a variant, by name or by weight, and one of its hosts.

        Raises
        ------
        AwsError
            There is no variant of that name.
        """
        with self._lock:
            variants = self._variants
        if target is not None:
            variants = [variant for variant in variants if variant.name == target]
        if not variants:
            raise validation(f"Variant {target} of endpoint {self.name} not found.")
        weights = [variant.weight for variant in variants]
        one = target is not None or len(variants) == 1 or not any(weights)
        variant = variants[0] if one else random.choices(variants, weights)[0]  # noqa: S311
        return variant.name, random.choice(variant.hosts)  # noqa: S311

    def move(self, status: str, **members: Any) -> bool:
        """Go to a status; False where the lifecycle does not allow it."""
        with self._lock:
            try:
                ENDPOINT.step(self.status, status)
            except ValueError:
                return False
            self._record |= {"EndpointStatus": status, "LastModifiedTime": now(), **members}
            return True

    def deploy(self, variants: Variants, **members: Any) -> None:
        """Bring variants into service in place of the present ones, which serve until then."""
        fresh: list[Variant] = []
        reason = ""
        try:
            for variant, container in variants:
                fresh.append(self._variant(variant, container))
                self._start(fresh[-1], variant)
        except HostError as error:
            logger.warning("endpoint %s: %s", self.name, error)
            reason = str(error)
        except Exception:  # the edge of a thread: reported in the record and logged
            logger.exception("endpoint %s", self.name)
            reason = "InternalServerError: We encountered an internal error. Please try again."
        if reason:
            self._end(fresh)
            # A failed update leaves the old ones in service.
            self.move("InService" if self._variants else "Failed", FailureReason=reason)
            return
        with self._lock:
            deleted = self.status == "Deleting"
            old, self._variants = (fresh, []) if deleted else (self._variants, fresh)
            if not deleted:
                self._record.pop("FailureReason", None)
        self._end(old)
        self.move("InService", **members)

    def close(self) -> None:
        """End all containers."""
        with self._lock:
            old, self._variants = self._variants, []
        self._end(old)

    def _variant(self, variant: Mapping[str, Any], container: Mapping[str, Any]) -> Variant:
        hosts = []
        for _ in range(variant["InitialInstanceCount"]):
            number = next(self._site.serial)
            log = self._site.logs.open(
                f"{LOG_GROUP}/{self.name}", f"{variant['VariantName']}/i-{number:017x}"
            )
            directory = self._site.directory / "endpoints" / self.name / str(number)
            hosts.append(Host(self._site, container, directory, log.write))
        weight = float(variant["InitialVariantWeight"])
        return Variant(variant["VariantName"], weight, container["Image"], hosts)

    @staticmethod
    def _start(variant: Variant, settings: Mapping[str, Any]) -> None:
        timeout = settings.get("ContainerStartupHealthCheckTimeoutInSeconds", STARTUP_SECONDS)
        for host in variant.hosts:
            host.start(variant.name, timeout)

    @staticmethod
    def _end(variants: Sequence[Variant]) -> None:
        for variant in variants:
            for host in variant.hosts:
                host.close()


class Endpoints:
    """Endpoints: create, describe, list, update, delete."""

    def __init__(self, site: Site, configs: EndpointConfigs, tags: Tags) -> None:
        self._site = site
        self._configs = configs
        self._tags = tags
        self._endpoints: Collection[Endpoint] = Collection(_KIND)

    def create_endpoint(self, request: dict[str, Any]) -> dict[str, Any]:
        name, config = request["EndpointName"], request["EndpointConfigName"]
        if "DeploymentConfig" in request:
            raise unsupported("DeploymentConfig")
        variants = self._configs.variants(config)
        endpoint = Endpoint(self._site, name, config)
        self._endpoints.add(name, endpoint)
        self._tags.register(arn("endpoint", name), request)
        in_background(name, partial(endpoint.deploy, variants))
        return {"EndpointArn": arn("endpoint", name)}

    def describe_endpoint(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._endpoints.get(request["EndpointName"]).describe()

    def list_endpoints(self, request: dict[str, Any]) -> dict[str, Any]:
        endpoints, token = page(
            _KIND, (endpoint.describe() for endpoint in self._endpoints), request
        )
        shown = (
            "EndpointName",
            "EndpointArn",
            "CreationTime",
            "LastModifiedTime",
            "EndpointStatus",
        )
        return {"Endpoints": [present(endpoint, *shown) for endpoint in endpoints], **token}

    def update_endpoint(self, request: dict[str, Any]) -> dict[str, Any]:
        name, config = request["EndpointName"], request["EndpointConfigName"]
        if "DeploymentConfig" in request:
            raise unsupported("DeploymentConfig")
        endpoint = self._endpoints.get(name)
        variants = self._configs.variants(config)
        if not endpoint.move("Updating"):
            raise validation(f'Cannot update in-progress endpoint "{arn("endpoint", name)}".')
        in_background(name, partial(endpoint.deploy, variants, EndpointConfigName=config))
        return {"EndpointArn": arn("endpoint", name)}

    def delete_endpoint(self, request: dict[str, Any]) -> None:
        name = request["EndpointName"]
        endpoint = self._endpoints.get(name)
        if endpoint.move("Deleting"):
            in_background(name, partial(self._delete, endpoint))

    def in_service(self, name: str) -> Endpoint:
        """Return an endpoint that can be called.

        Raises
        ------
        AwsError
            It does not exist, or is not in service.
        """
        from sparkml_sm.local.store import ACCOUNT

        try:
            endpoint = self._endpoints.get(name)
        except AwsError:
            raise validation(f"Endpoint {name} of account {ACCOUNT} not found.") from None
        if endpoint.status not in {"InService", "Updating"}:
            raise validation(
                f"Endpoint {name} of account {ACCOUNT} is not in service: {endpoint.status}."
            )
        return endpoint

    def _delete(self, endpoint: Endpoint) -> None:
        endpoint.close()
        self._endpoints.remove(endpoint.name)
        self._tags.forget(arn("endpoint", endpoint.name))

"""Tags of SageMaker's resources."""
# ruff: noqa: D102 - what an operation does is in AWS's own reference.

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from sparkml_sm.local.faults import validation

__all__ = ["Tags"]


class Tags:
    """The tags of every resource, by ARN, and the operations on them."""

    def __init__(self) -> None:
        self._tags: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()

    def register(self, arn: str, request: Mapping[str, Any]) -> None:
        """Note a new resource with the tags of the request that made it."""
        with self._lock:
            self._tags[arn] = _pairs(request.get("Tags", ()))

    def forget(self, arn: str) -> None:
        """Drop a deleted resource's tags."""
        with self._lock:
            self._tags.pop(arn, None)

    def add_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            tags = self._of(request)
            tags |= _pairs(request["Tags"])
            return {"Tags": _listed(tags)}

    def list_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            return {"Tags": _listed(self._of(request))}

    def delete_tags(self, request: dict[str, Any]) -> None:
        with self._lock:
            tags = self._of(request)
            for key in request["TagKeys"]:
                tags.pop(key, None)

    def _of(self, request: Mapping[str, Any]) -> dict[str, str]:
        tags = self._tags.get(request["ResourceArn"])
        if tags is None:
            raise validation(f'Could not find resource "{request["ResourceArn"]}".')
        return tags


def _pairs(tags: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]

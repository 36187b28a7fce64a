"""Named resources in memory, and the one way to list them."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sparkml_sm.local.faults import AwsError, validation
from sparkml_sm.local.s3 import REGION

__all__ = ["ACCOUNT", "Collection", "Kind", "arn", "now", "page", "present"]

#: The account that everything here belongs to; AWS's documentation uses it in examples.
ACCOUNT = "123456789012"

_PAGE = 10
_PAGE_LIMIT = 100

Resource = TypeVar("Resource")


def now() -> datetime:
    """Return the time, in the millisecond steps that AWS shows."""
    instant = datetime.now(UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def arn(kind: str, name: str) -> str:
    """Return the ARN of a SageMaker resource, such as ``arn("model", "m")``."""
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{kind}/{name.lower()}"


def present(request: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return copies of the members of `request` that are set; answers leave out the others."""
    return {name: deepcopy(request[name]) for name in names if request.get(name) is not None}


@dataclass(frozen=True, slots=True)
class Kind:
    """What AWS calls a kind of resource.

    Attributes
    ----------
    name : str
        As in its members, such as ``"TrainingJob"`` of ``TrainingJobName``.
    missing : callable
        Makes, of a name, the error for a resource that does not exist.
    taken : callable
        Makes, of a name, the error for a name that is in use.
    ascending : bool, default False
        The order of its list operation where the request names none.
    """

    name: str
    missing: Callable[[str], AwsError]
    taken: Callable[[str], AwsError]
    ascending: bool = False


class Collection(Generic[Resource]):
    """The resources of one kind, by name; safe to use from several threads."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._resources: dict[str, Resource] = {}
        self._lock = threading.Lock()

    def add(self, name: str, resource: Resource) -> None:
        """Add a resource; the name must be free."""
        with self._lock:
            if name in self._resources:
                raise self.kind.taken(name)
            self._resources[name] = resource

    def get(self, name: str) -> Resource:
        """Return a resource that must exist."""
        with self._lock:
            if name not in self._resources:
                raise self.kind.missing(name)
            return self._resources[name]

    def remove(self, name: str) -> Resource:
        """Take out a resource that must exist."""
        with self._lock:
            if name not in self._resources:
                raise self.kind.missing(name)
            return self._resources.pop(name)

    def __contains__(self, name: str) -> bool:
        with self._lock:
            return name in self._resources

    def __iter__(self) -> Iterator[Resource]:
        with self._lock:
            return iter(list(self._resources.values()))


def page(
    kind: Kind, records: Iterable[Mapping[str, Any]], request: Mapping[str, Any]
) -> tuple[list[Mapping[str, Any]], dict[str, str]]:
    """Filter, sort and cut records as a List operation does.

    Parameters
    ----------
    kind : Kind
    records : iterable of mapping
        What the kind's Describe operation answers.
    request : mapping
        NameContains, StatusEquals, CreationTime and LastModifiedTime Before and After, SortBy,
        SortOrder, MaxResults, NextToken.

    Returns
    -------
    records : list of mapping
        Those of this page.
    token : dict
        ``{"NextToken": ...}`` where more follow.
    """
    sort_by = request.get("SortBy", "CreationTime")
    member = sort_by if sort_by.endswith("Time") else kind.name + sort_by
    descending = (
        request.get("SortOrder", "Ascending" if kind.ascending else "Descending") == "Descending"
    )

    def key(record: Mapping[str, Any]) -> tuple[str, str]:
        value = record[member]
        text = f"{value.timestamp():020.6f}" if isinstance(value, datetime) else str(value)
        return text, record[f"{kind.name}Name"]

    rows = sorted(
        (record for record in records if _matches(kind, record, request)),
        key=key,
        reverse=descending,
    )
    if "NextToken" in request:
        last = _decode(request["NextToken"])
        rows = [row for row in rows if (key(row) < last if descending else key(row) > last)]
    limit = min(request.get("MaxResults", _PAGE), _PAGE_LIMIT)
    token = {"NextToken": _encode(key(rows[limit - 1]))} if len(rows) > limit else {}
    return rows[:limit], token


def _matches(kind: Kind, record: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    if request.get("NameContains", "").lower() not in record[f"{kind.name}Name"].lower():
        return False
    if request.get("StatusEquals") not in {None, record.get(f"{kind.name}Status")}:
        return False
    for member in ("CreationTime", "LastModifiedTime"):
        time = record.get(member)
        before, after = request.get(f"{member}Before"), request.get(f"{member}After")
        if before is not None and not (time is not None and time < before):
            return False
        if after is not None and not (time is not None and time > after):
            return False
    return True


def _encode(key: tuple[str, str]) -> str:
    return base64.urlsafe_b64encode("\n".join(key).encode()).decode()


def _decode(token: str) -> tuple[str, str]:
    try:
        value, name = base64.urlsafe_b64decode(token).decode().split("\n")
    except ValueError as error:
        raise validation("Invalid pagination token given.") from error
    return value, name

"""CloudWatch Logs: what jobs and endpoints print."""
# ruff: noqa: D102 - what an operation does is in AWS's own reference.

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sparkml_sm.local.faults import AwsError, validation
from sparkml_sm.local.s3 import REGION
from sparkml_sm.local.store import ACCOUNT

__all__ = ["LogStream", "LogStreams", "Logs"]

_KEEP = 200_000  # events a stream; the older half goes when it is full
_LIMIT = 10_000
_EVENT_BYTES = 262_144


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One line."""

    number: int
    time: int
    message: str


@dataclass(slots=True)
class LogStream:
    """The lines of one process.

    Attributes
    ----------
    group, name : str
    created : int
        Milliseconds since 1970.
    """

    group: str
    name: str
    created: int
    _numbers: Iterator[int]
    _events: list[LogEvent] = field(default_factory=list)
    _dropped: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, line: str) -> None:
        """Add a line, without its newline; CloudWatch has no empty events."""
        if not line.strip():
            return
        with self._lock:
            self._events.append(LogEvent(next(self._numbers), _milliseconds(), line[:_EVENT_BYTES]))
            if len(self._events) > _KEEP:
                del self._events[: _KEEP // 2]
                self._dropped += _KEEP // 2

    def read(self, start: int = 0) -> tuple[int, list[LogEvent]]:
        """Return the events from position `start`, or the oldest kept, on; and that position."""
        with self._lock:
            first = max(start, self._dropped)
            return first, self._events[first - self._dropped :]

    @property
    def arn(self) -> str:
        """The stream's ARN."""
        return f"{_group_arn(self.group)}:log-stream:{self.name}"


class LogStreams:
    """All log streams, by group and name."""

    def __init__(self) -> None:
        self._groups: dict[str, dict[str, LogStream]] = {}
        self._created: dict[str, int] = {}
        self._lock = threading.Lock()
        self._numbers = count()

    def open(self, group: str, name: str) -> LogStream:
        """Return the stream, made where it does not exist."""
        with self._lock:
            self._created.setdefault(group, _milliseconds())
            streams = self._groups.setdefault(group, {})
            if name not in streams:
                streams[name] = LogStream(group, name, _milliseconds(), self._numbers)
            return streams[name]

    def groups(self) -> dict[str, int]:
        """Return the time at which each group was made."""
        with self._lock:
            return dict(sorted(self._created.items()))

    def streams(self, group: str) -> dict[str, LogStream]:
        """Return the streams of a group that must exist."""
        with self._lock:
            if group not in self._groups:
                raise AwsError(
                    "ResourceNotFoundException", "The specified log group does not exist."
                )
            return dict(sorted(self._groups[group].items()))


class Logs:
    """The operations of CloudWatch Logs that SageMaker's clients use."""

    def __init__(self, streams: LogStreams) -> None:
        self._streams = streams

    def describe_log_groups(self, request: dict[str, Any]) -> dict[str, Any]:
        prefix = request.get("logGroupNamePrefix", "")
        groups = [
            {
                "logGroupName": name,
                "creationTime": created,
                "arn": f"{_group_arn(name)}:*",
                "storedBytes": 0,
            }
            for name, created in self._streams.groups().items()
            if name.startswith(prefix) and request.get("logGroupNamePattern", "") in name
        ]
        return _cut("logGroups", groups, request, 50)

    def describe_log_streams(self, request: dict[str, Any]) -> dict[str, Any]:
        prefix = request.get("logStreamNamePrefix", "")
        streams = [
            stream
            for name, stream in self._streams.streams(_group(request)).items()
            if name.startswith(prefix)
        ]
        described = [_describe(stream) for stream in streams]
        if request.get("orderBy") == "LastEventTime":
            described.sort(key=lambda stream: stream.get("lastEventTimestamp", 0))
        if request.get("descending"):
            described.reverse()
        return _cut("logStreams", described, request, 50)

    def get_log_events(self, request: dict[str, Any]) -> dict[str, Any]:
        stream = self._streams.streams(_group(request)).get(request["logStreamName"])
        if stream is None:
            raise AwsError("ResourceNotFoundException", "The specified log stream does not exist.")
        limit = request.get("limit", _LIMIT)
        direction, position = _position(request.get("nextToken"), "f/", "b/")
        first, events = stream.read()
        end = first + len(events)
        if direction == "b/":
            stop = min(position, end)
            start = max(first, stop - limit)
        elif direction == "f/" or request.get("startFromHead"):
            start = min(max(position, first), end)
            stop = min(end, start + limit)
        else:
            start, stop = max(first, end - limit), end
        chosen = [
            event for event in events[start - first : stop - first] if _in_time(event, request)
        ]
        return {
            "events": [_event(event) for event in chosen],
            "nextForwardToken": f"f/{stop}",
            "nextBackwardToken": f"b/{start}",
        }

    def filter_log_events(self, request: dict[str, Any]) -> dict[str, Any]:
        wanted = request.get("logStreamNames")
        prefix = request.get("logStreamNamePrefix", "")
        pattern = request.get("filterPattern", "").strip().strip('"')
        found = [
            _event(event) | {"logStreamName": stream.name, "eventId": f"{event.number:056d}"}
            for name, stream in self._streams.streams(_group(request)).items()
            if (wanted is None or name in wanted) and name.startswith(prefix)
            for event in stream.read()[1]
            if _in_time(event, request) and pattern in event.message
        ]
        found.sort(key=lambda event: (event["timestamp"], event["eventId"]))
        return _cut("events", found, request, _LIMIT)


def _describe(stream: LogStream) -> dict[str, Any]:
    described = {
        "logStreamName": stream.name,
        "creationTime": stream.created,
        "arn": stream.arn,
        "storedBytes": 0,
    }
    _, events = stream.read()
    if events:
        described |= {
            "firstEventTimestamp": events[0].time,
            "lastEventTimestamp": events[-1].time,
            "lastIngestionTime": events[-1].time,
        }
    return described


def _cut(
    member: str, rows: list[dict[str, Any]], request: Mapping[str, Any], most: int
) -> dict[str, Any]:
    _, start = _position(request.get("nextToken"), "n/")
    stop = start + min(request.get("limit", most), most)
    more = {"nextToken": f"n/{stop}"} if stop < len(rows) else {}
    return {member: rows[start:stop], **more}


def _position(token: str | None, *directions: str) -> tuple[str, int]:
    if token is None:
        return "", 0
    direction, number = token[:2], token[2:]
    if direction not in directions or not number.isdecimal():
        raise validation("The specified nextToken is invalid.")
    return direction, int(number)


def _event(event: LogEvent) -> dict[str, Any]:
    return {"timestamp": event.time, "ingestionTime": event.time, "message": event.message}


def _in_time(event: LogEvent, request: Mapping[str, Any]) -> bool:
    start, end = request.get("startTime", 0), request.get("endTime", event.time + 1)
    return bool(start <= event.time < end)


def _group(request: Mapping[str, Any]) -> str:
    group = request.get("logGroupName")
    if group is None and "logGroupIdentifier" in request:
        group = (
            request["logGroupIdentifier"].partition(":log-group:")[2]
            or request["logGroupIdentifier"]
        )
    if group is None:
        raise validation("Either logGroupName or logGroupIdentifier must be given.")
    return str(group)


def _group_arn(group: str) -> str:
    return f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000

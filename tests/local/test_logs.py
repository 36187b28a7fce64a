from __future__ import annotations

from typing import Any

import pytest

from sparkml_sm.local.faults import AwsError
from sparkml_sm.local.logs import Logs, LogStreams

WHERE = {"logGroupName": "group", "logStreamName": "stream"}


@pytest.fixture
def streams() -> LogStreams:
    streams = LogStreams()
    for number in range(5):
        streams.open("group", "stream").write(f"line {number}")
    streams.open("group", "other").write("elsewhere")
    return streams


def messages(answer: dict[str, Any]) -> list[str]:
    return [event["message"].removeprefix("line ") for event in answer["events"]]


def test_forward_to_the_end_and_on(streams: LogStreams) -> None:
    logs = Logs(streams)
    first = logs.get_log_events({**WHERE, "startFromHead": True, "limit": 3})
    assert messages(first) == ["0", "1", "2"]
    second = logs.get_log_events({**WHERE, "limit": 3, "nextToken": first["nextForwardToken"]})
    assert messages(second) == ["3", "4"]
    token = second["nextForwardToken"]
    end = logs.get_log_events({**WHERE, "nextToken": token})
    assert (messages(end), end["nextForwardToken"]) == ([], token)
    streams.open("group", "stream").write("line 5")
    assert messages(logs.get_log_events({**WHERE, "nextToken": token})) == ["5"]


def test_backward_from_the_end(streams: LogStreams) -> None:
    logs = Logs(streams)
    last = logs.get_log_events({**WHERE, "limit": 2})
    assert messages(last) == ["3", "4"]
    before = logs.get_log_events({**WHERE, "limit": 2, "nextToken": last["nextBackwardToken"]})
    assert messages(before) == ["1", "2"]


def test_filter_over_streams(streams: LogStreams) -> None:
    logs = Logs(streams)
    assert len(logs.filter_log_events({"logGroupName": "group"})["events"]) == 6
    found = logs.filter_log_events({"logGroupName": "group", "filterPattern": '"else"'})["events"]
    assert [event["logStreamName"] for event in found] == ["other"]
    page = logs.filter_log_events({"logGroupName": "group", "limit": 4})
    rest = logs.filter_log_events(
        {"logGroupName": "group", "limit": 4, "nextToken": page["nextToken"]}
    )
    assert (len(page["events"]), len(rest["events"]), "nextToken" in rest) == (4, 2, False)


def test_streams_are_described(streams: LogStreams) -> None:
    found = Logs(streams).describe_log_streams({"logGroupName": "group"})["logStreams"]
    assert [stream["logStreamName"] for stream in found] == ["other", "stream"]


def test_what_is_missing(streams: LogStreams) -> None:
    logs = Logs(streams)
    for request in ({"logGroupName": "no", "logStreamName": "x"}, WHERE | {"logStreamName": "no"}):
        with pytest.raises(AwsError) as caught:
            logs.get_log_events(request)
        assert caught.value.code == "ResourceNotFoundException"
    with pytest.raises(AwsError, match="nextToken is invalid"):
        logs.get_log_events({**WHERE, "nextToken": "x/1"})


def test_a_full_stream_drops_its_oldest(
    monkeypatch: pytest.MonkeyPatch, streams: LogStreams
) -> None:
    monkeypatch.setattr("sparkml_sm.local.logs._KEEP", 10)
    stream = streams.open("group", "stream")
    for number in range(5, 40):
        stream.write(f"line {number}")
    logs = Logs(streams)
    answer = logs.get_log_events({**WHERE, "startFromHead": True})
    assert len(answer["events"]) <= 10
    assert messages(answer)[-1] == "39"
    assert logs.get_log_events({**WHERE, "nextToken": answer["nextForwardToken"]})["events"] == []

from __future__ import annotations

import pytest

from sparkml_sm.aws.waiting import Patience, poll, wait_for


def test_polls_often_at_first_and_every_five_seconds_in_the_end() -> None:
    assert poll(0.0) == 0.1
    assert poll(20.0) == 2.0
    assert poll(3600.0) == 5.0
    assert poll(3600.0, 60.0) == 60.0
    assert poll(3600.0, 0.05) == 0.05


def test_returns_the_answer_that_is_finished_and_shows_every_answer() -> None:
    answers = iter([{"state": "new"}, {"state": "busy"}, {"state": "done"}])
    seen: list[str] = []
    slept: list[float] = []
    answer = wait_for(
        lambda: next(answers),
        lambda found: found["state"] == "done",
        lambda found: seen.append(found["state"]),
        sleep=slept.append,
    )
    assert answer == {"state": "done"}
    assert seen == ["new", "busy", "done"]
    assert len(slept) == 2


def test_gives_up_after_the_timeout() -> None:
    times = iter(range(0, 1000, 30))
    with pytest.raises(TimeoutError, match="endpoint x: no end after 90 s"):
        wait_for(
            dict,
            lambda _: False,
            lambda _: None,
            Patience(timeout=60),
            what="endpoint x",
            sleep=lambda _: None,
            clock=lambda: float(next(times)),
        )

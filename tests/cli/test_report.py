from __future__ import annotations

import json

import pytest

from sparkml_sm.cli.report import Confusion, json_line, text_lines

CONFUSION = Confusion(ham_as_ham=840, ham_as_spam=5, spam_as_ham=16, spam_as_spam=112)


def test_the_closing_line_reads_as_the_issue_words_it() -> None:
    assert text_lines(CONFUSION, 0)[-1] == (
        "accuracy 0.978 on 973 held-out messages (always ham: 0.868); 0 resources left"
    )


def test_the_matrix_shows_every_count_in_its_cell() -> None:
    header, ham, spam, scores, _ = text_lines(CONFUSION, 0)

    assert header.split("  ")[-1].strip() == "taken for spam"
    assert ham.split() == ["ham", "840", "5"]
    assert spam.split() == ["spam", "16", "112"]
    assert scores == "precision 0.957, recall 0.875 (of spam)"


def test_json_is_one_line_of_one_object() -> None:
    line = json_line(CONFUSION, 2, 12.345)

    assert "\n" not in line
    assert json.loads(line) == {
        "accuracy": pytest.approx(952 / 973, abs=1e-6),
        "precision": pytest.approx(112 / 117, abs=1e-6),
        "recall": pytest.approx(112 / 128, abs=1e-6),
        "baseline": pytest.approx(845 / 973, abs=1e-6),
        "rows": 973,
        "resources_left": 2,
        "seconds": 12.3,
    }


def test_shares_of_nothing_are_zero() -> None:
    assert Confusion(ham_as_ham=3).precision == 0.0
    assert Confusion(ham_as_ham=3).recall == 0.0
    assert Confusion().accuracy == 0.0

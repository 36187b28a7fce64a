from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from sparkml_sm.cli.corpus import Message, bundled_corpus, read_messages
from sparkml_sm.errors import InvalidDataError


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_the_packaged_corpus_is_the_whole_collection() -> None:
    messages = read_messages([bundled_corpus()])

    assert Counter(message.label for message in messages) == {0.0: 4220, 1.0: 642}
    assert len({message.text for message in messages}) == 4534


def test_every_spelling_of_a_label_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "sms.tsv", b"ham\ta\nSPAM\tb\n0\tc\n1\td\n")

    assert read_messages([path]) == [
        Message(0.0, "a"),
        Message(1.0, "b"),
        Message(0.0, "c"),
        Message(1.0, "d"),
    ]


def test_what_follows_the_first_tab_is_the_text_as_it_stands(tmp_path: Path) -> None:
    path = write(tmp_path / "sms.tsv", 'ham\t "a"\tb \nspam\t\nham\té\u2028ü'.encode())

    assert read_messages([path]) == [
        Message(0.0, ' "a"\tb '),
        Message(1.0, ""),
        Message(0.0, "é\u2028ü"),
    ]


def test_files_from_windows_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "sms.tsv", b"\xef\xbb\xbfham\ta\r\n\r\nspam\tb\r\n")

    assert read_messages([path]) == [Message(0.0, "a"), Message(1.0, "b")]


def test_two_files_are_ham_then_spam(tmp_path: Path) -> None:
    ham = write(tmp_path / "ham.txt", b"ham\tis no label here\n")
    spam = write(tmp_path / "spam.txt", b"b\n\nc\n")

    assert read_messages([ham, spam]) == [
        Message(0.0, "ham\tis no label here"),
        Message(1.0, "b"),
        Message(1.0, "c"),
    ]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"ham\ta\nsecret words\n", "line 2: there is no tab"),
        (b"ham\ta\n\neggs\tsecret\n", "line 3: the label before the tab must be ham, spam, 0 or 1"),
        (b"ham\tsecr\xe9t\n", "line 1: not UTF-8"),
        (b"\n \n", "holds no messages"),
        (b"", "holds no messages"),
    ],
)
def test_a_bad_file_is_named_with_the_line_but_not_the_message(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    path = write(tmp_path / "sms.tsv", content)

    with pytest.raises(InvalidDataError) as caught:
        read_messages([path])

    assert str(path) in str(caught.value)
    assert complaint in str(caught.value)
    assert "secr" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["missing.tsv", "."])
def test_a_path_that_is_no_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidDataError, match="cannot be read"):
        read_messages([tmp_path / name])

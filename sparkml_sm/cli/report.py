"""What the demo says at the end, for people and for programs."""

from __future__ import annotations

import json
from dataclasses import dataclass

__all__ = ["Confusion", "json_line", "text_lines"]


@dataclass(frozen=True, slots=True)
class Confusion:
    """Held-out messages, counted by what they are and by what they were taken for.

    Parameters
    ----------
    ham_as_ham, ham_as_spam, spam_as_ham, spam_as_spam : int
        Numbers of messages.

    Examples
    --------
    >>> confusion = Confusion(ham_as_ham=90, ham_as_spam=0, spam_as_ham=2, spam_as_spam=8)
    >>> confusion.accuracy, confusion.precision, confusion.recall, confusion.baseline
    (0.98, 1.0, 0.8, 0.9)
    """

    ham_as_ham: int = 0
    ham_as_spam: int = 0
    spam_as_ham: int = 0
    spam_as_spam: int = 0

    @property
    def rows(self) -> int:
        """How many messages were scored."""
        return self.ham_as_ham + self.ham_as_spam + self.spam_as_ham + self.spam_as_spam

    @property
    def accuracy(self) -> float:
        """The share that was taken for what it is."""
        return _share(self.ham_as_ham + self.spam_as_spam, self.rows)

    @property
    def precision(self) -> float:
        """The share of spam among what was taken for spam; 0 where nothing was."""
        return _share(self.spam_as_spam, self.ham_as_spam + self.spam_as_spam)

    @property
    def recall(self) -> float:
        """The share of the spam that was found; 0 where there was none."""
        return _share(self.spam_as_spam, self.spam_as_ham + self.spam_as_spam)

    @property
    def baseline(self) -> float:
        """The accuracy of always saying ham."""
        return _share(self.ham_as_ham + self.ham_as_spam, self.rows)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def json_line(confusion: Confusion, resources_left: int, seconds: float) -> str:
    """Return the result as one JSON object on one line, without the line's end."""
    return json.dumps(
        {
            "accuracy": round(confusion.accuracy, 6),
            "precision": round(confusion.precision, 6),
            "recall": round(confusion.recall, 6),
            "baseline": round(confusion.baseline, 6),
            "rows": confusion.rows,
            "resources_left": resources_left,
            "seconds": round(seconds, 1),
        }
    )


def text_lines(confusion: Confusion, resources_left: int) -> list[str]:
    """Return the confusion matrix, precision and recall, and the closing line."""
    return [
        f"{'':12}{'taken for ham':>16}{'taken for spam':>16}",
        f"{'ham':12}{confusion.ham_as_ham:>16,}{confusion.ham_as_spam:>16,}",
        f"{'spam':12}{confusion.spam_as_ham:>16,}{confusion.spam_as_spam:>16,}",
        f"precision {confusion.precision:.3f}, recall {confusion.recall:.3f} (of spam)",
        f"accuracy {confusion.accuracy:.3f} on {confusion.rows} held-out messages"
        f" (always ham: {confusion.baseline:.3f}); {resources_left} resources left",
    ]

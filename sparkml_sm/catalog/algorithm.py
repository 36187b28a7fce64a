"""The facts of a SageMaker algorithm, as rows; what is computed from them is the same for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

from sparkml_sm.hyperparameters import Hyperparameter, near_matches, version_key

__all__ = ["Algorithm", "Rule", "VectorOutput", "When"]


@dataclass(frozen=True, slots=True)
class When:
    """A statement about one hyperparameter of a request.

    Attributes
    ----------
    name : str
        Its name.
    patterns : tuple of str
        Values it may have, with ``*`` for any text; where empty, being set is enough.
    every : bool, default False
        Of a comma-separated list: whether every item must match; otherwise one is enough.
    """

    name: str
    patterns: tuple[str, ...] = ()
    every: bool = False

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Return whether the statement is true of canonical `values`."""
        if self.name not in values:
            return False
        if not self.patterns:
            return True
        quantifier = all if self.every else any
        items = [item.strip() for item in str(values[self.name]).split(",")]
        return quantifier(any(fnmatchcase(item, one) for one in self.patterns) for item in items)


@dataclass(frozen=True, slots=True)
class Rule:
    """Where all of `when` hold, `needs` must hold too; None: they must not all hold.

    `problem` is the sentence for where the rule is broken.
    """

    when: tuple[When, ...]
    needs: When | None
    problem: str

    def broken(self, values: Mapping[str, Any]) -> bool:
        """Return whether canonical `values` break the rule."""
        needed = self.needs is not None and self.needs.holds(values)
        return not needed and all(when.holds(values) for when in self.when)


@dataclass(frozen=True, slots=True)
class VectorOutput:
    """An answer is a vector where `when` holds; the hyperparameter `size` is its length.

    Where `when` is None, it always is.
    """

    when: When | None
    size: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithm:
    """A SageMaker algorithm.

    Attributes
    ----------
    name : str
        Short name, such as ``"xgboost"``.
    repository : str
        Image repository, to be resolved by `sparkml_sm.aws.images.image_uri`; with its registry
        where it is none of AWS's.
    version : str
        Image version that is used unless the user names another.
    hyperparameters : tuple of Hyperparameter
        All that any version takes and all that the predecessor took.
    content_types : mapping of str to str or None
        For each data format that it trains on, the ``ContentType`` of the channel; None sends none.
    training_format : str
        The format that is staged unless the user names another.
    request_format : str
        Format of inference requests.
    allow_nan : bool
        Whether a feature may be NaN.
    supervised : bool
        Whether rows without a label cannot be trained on.
    labels : {"any", "binary"}, default "any"
        Whether a label must be 0 or 1. Where there is a number of classes, it bounds the labels.
    max_instances : int or None, default None
        How many instances can train together; None for any number.
    own_metrics : bool, default False
        Whether SageMaker alone defines the job's metrics and refuses those of a request.
    checkpoints : bool, default True
        Whether a job can go on from checkpoints; without, a spot job may wait an hour at most.
    weighted : mapping of str to str
        The formats that carry row weights, each with the hyperparameter (a flag) that makes the
        image read them, or an empty text where it always does.
    channels : tuple of str, default ()
        The channels that it reads; empty where the names are the user's own.
    piped : mapping of str to str or None
        The formats that it reads in Pipe mode, each with the first image version that no longer
        does, or an empty text; None where that is not known.
    vector_output : VectorOutput or None
        When an answer is a vector rather than a number.
    rules : tuple of Rule
        What the image demands of hyperparameters together.
    metric_regex : str, default ""
        How a metric stands in the training log, ``{channel}`` and ``{metric}`` to be filled in.
    """

    name: str
    repository: str
    version: str
    hyperparameters: tuple[Hyperparameter, ...]
    content_types: Mapping[str, str | None]
    training_format: str
    request_format: str
    allow_nan: bool
    supervised: bool
    labels: Literal["any", "binary"] = "any"
    max_instances: int | None = None
    own_metrics: bool = False
    checkpoints: bool = True
    weighted: Mapping[str, str] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    piped: Mapping[str, str] | None = None
    vector_output: VectorOutput | None = None
    rules: tuple[Rule, ...] = ()
    metric_regex: str = ""

    def hyperparameter(self, name: str) -> Hyperparameter:
        """Return the row of a name or synonym.

        Raises
        ------
        KeyError
            There is none; the message lists near matches.
        """
        for row in self.hyperparameters:
            if name == row.name or name in row.synonyms:
                return row
        names = [row.name for row in self.hyperparameters]
        raise KeyError(f"`{name}` is no hyperparameter of {self.name}{near_matches(name, names)}")

    def pipe_formats(self, image_version: str) -> list[str] | None:
        """Return the formats that an image version reads in Pipe mode, None where not known."""
        if self.piped is None:
            return None
        key = version_key(image_version)
        return [
            name
            for name, until in self.piped.items()
            if not until or key is None or key < (version_key(until) or ())
        ]

    def output(self, values: Mapping[str, Any]) -> Literal["scalar", "vector"]:
        """Return the shape of the answer for one row under the given hyperparameters."""
        if self.vector_output is None:
            return "scalar"
        when = self.vector_output.when
        return "vector" if when is None or when.holds(values) else "scalar"

    def output_size(self, values: Mapping[str, Any]) -> int | None:
        """Return how many numbers an answer has; None where the hyperparameters do not tell."""
        if self.output(values) == "scalar" or self.vector_output is None:
            return 1
        size = values.get(self.vector_output.size)
        return None if size is None else int(size)

    def missing(self, values: Mapping[str, Any]) -> list[Hyperparameter]:
        """Return the rows that `values` lacks: the required ones and those that a rule asks for.

        Those of them that have `filled` set come from the data: `sparkml_sm.catalog.data.decided`.
        """
        asked = {rule.needs.name for rule in self.rules if rule.needs and rule.broken(values)}
        return [
            row
            for row in self.hyperparameters
            if row.name not in values and (row.required or row.name in asked)
        ]

    def check_request(
        self, values: Mapping[str, Any], image_version: str, *, staged: bool = True
    ) -> list[str]:
        """Return what an image version would refuse of a request, one sentence each.

        Parameters
        ----------
        values : mapping of str to object
            All hyperparameters of a request, in canonical form, under their own names.
        image_version : str
            Such as ``"3.2-0"``. For a tag that is no version, only what is required and what must
            go together is checked.
        staged : bool, default True
            False before the data is known: what it will decide is not asked for.

        Examples
        --------
        >>> from sparkml_sm.catalog.xgboost import XGBOOST
        >>> XGBOOST.check_request({"objective": "multi:softmax", "num_round": 5}, "3.2-0")
        ['`objective` multi:softmax or multi:softprob needs `num_class`']
        """
        problems = [
            f"`{row.name}` is required: call set{row.suffix}"
            for row in self.hyperparameters
            if row.required and row.name not in values and (staged or not row.filled)
        ]
        for name, value in values.items():
            problems.extend(self._version_problems(self.hyperparameter(name), value, image_version))
        later = set() if staged else {row.name for row in self.hyperparameters if row.filled}
        problems.extend(
            rule.problem
            for rule in self.rules
            if rule.broken(values) and not (rule.needs and rule.needs.name in later - set(values))
        )
        return problems

    def read_request(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """Return the canonical values of a request's texts, under the rows' own names.

        Raises
        ------
        ValueError
            A name is unknown, or a text is not what its hyperparameter takes; the first is named.
        """
        values = {}
        for name, text in texts.items():
            try:
                row = self.hyperparameter(name)
            except KeyError as error:
                raise ValueError(error.args[0]) from None
            values[row.name] = row.from_request(text, self.name)
        return values

    def _version_problems(self, row: Hyperparameter, value: Any, version: str) -> list[str]:
        key, since = version_key(version), version_key(row.since or "1")
        if key is not None and since is not None and key < since:
            return [
                f"`{row.name}` came with image version {row.since}, and {version} does not know it"
            ]
        retirement = row.retirement(value, version)
        if retirement is None or not retirement.refused:
            return []
        what = f"`{row.name}`" if retirement.kept is None else f"`{row.name}` {value!r}"
        return [f"{what} is refused by image version {version}: {retirement.instead}"]

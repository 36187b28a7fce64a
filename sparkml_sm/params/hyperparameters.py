"""An algorithm's hyperparameters as Params of an estimator, made from the rows of its catalog file.

The check of a row is the Param's type converter, so the setter, `set`, `copy`, `fit(df, params)`,
`ParamGridBuilder` and loading all refuse the same values with the same sentence.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from pyspark.ml.param import Param, Params

from sparkml_sm.catalog.algorithm import Algorithm
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.hyperparameters import Hyperparameter

__all__ = ["HasHyperparameters"]


@dataclass(frozen=True, slots=True)
class _Converter:
    """A row's check as a type converter; a class, so that a Param can be pickled."""

    row: Hyperparameter
    owner: str

    def __call__(self, value: Any) -> Any:
        return self.row.convert(value, self.owner)


class HasHyperparameters(Params):
    """Mixin: the hyperparameters of `algorithm` are Params, with ``setX`` and ``getX``.

    A subclass names its algorithm and has them all. A name that is no Python identifier (XGBoost's
    ``lambda``) is reached by `getParam`, by its accessors and by its alias.

    Attributes
    ----------
    algorithm : Algorithm
        Set by the subclass.

    Examples
    --------
    >>> from sparkml_sm.catalog.xgboost import XGBOOST
    >>> class Trees(HasHyperparameters):
    ...     algorithm = XGBOOST
    >>> Trees().setNumRound(10).setEta(0.1).hyperparameter_request()
    {'num_round': '10', 'eta': '0.1'}
    """

    algorithm: ClassVar[Algorithm]
    _rows: ClassVar[dict[str, Hyperparameter]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "algorithm" not in vars(cls):
            return
        cls._rows = {row.name: row for row in cls.algorithm.hyperparameters}
        for row in cls.algorithm.hyperparameters:
            _attach(cls, row)

    def __init__(self) -> None:
        super().__init__()
        # Shared by copies, so that a copy does not repeat a warning.
        self._warned: set[str] = set()
        self._setDefault(
            **{name: row.default for name, row in self._rows.items() if row.default is not None}
        )

    def set(self, param: Param[Any], value: Any) -> None:
        """Set a Param; a value that its check refuses raises `TypeError` or `ValueError`."""
        self._guard(param.name, value)
        super().set(param, value)

    def explainParam(self, param: str | Param[Any]) -> str:
        """Return a Param's name, doc, default and value, as Spark does; a value may be a tuple."""
        param = self._resolveParam(param)
        values = [
            f"{kind}: {values[param]}"
            for kind, values in (("default", self._defaultParamMap), ("current", self._paramMap))
            if param in values
        ]
        return f"{param.name}: {param.doc} ({', '.join(values) or 'undefined'})"

    def hyperparameter_values(self) -> dict[str, Any]:
        """Return the values that are sent: those set and the defaults, in the table's order."""
        return {name: self.getOrDefault(name) for name in self._rows if self.isDefined(name)}

    def hyperparameter_request(self, values: dict[str, Any] | None = None) -> dict[str, str]:
        """Return the ``HyperParameters`` of a training request.

        Parameters
        ----------
        values : dict, optional
            Canonical values by name; those of `hyperparameter_values` by default.
        """
        if values is None:
            values = self.hyperparameter_values()
        return {name: self._rows[name].to_request(value) for name, value in values.items()}

    def check_hyperparameters(
        self, values: dict[str, Any] | None = None, *, staged: bool = True
    ) -> None:
        """Check what only a whole request shows, before anything is spent.

        Parameters
        ----------
        values : dict, optional
            Canonical values by name, such as those of `hyperparameter_values` with what the data
            decides added; those of `hyperparameter_values` by default.
        staged : bool, default True
            False before the data is known: what it will decide is not asked for.

        Raises
        ------
        ConfigurationError
            Something required is missing, hyperparameters do not go together, or the image version
            refuses one; all problems are named.
        """
        if values is None:
            values = self.hyperparameter_values()
        problems = self.algorithm.check_request(values, self._image_version(), staged=staged)
        if problems:
            raise ConfigurationError(f"{type(self).__name__} cannot train: {'; '.join(problems)}")

    def _image_version(self) -> str:
        """Return the image version that the job will run, for an estimator to override."""
        return self.algorithm.version

    def _set(self, **kwargs: Any) -> Any:
        for name, value in kwargs.items():
            self._guard(getattr(self, name).name, value)
        return super()._set(**kwargs)

    def _guard(self, name: str, value: Any) -> None:
        # Spark wraps a converter's errors in words of its own; raising first keeps ours whole.
        row = self._rows.get(name)
        if row is None:
            return
        value = row.convert(value, type(self).__name__)
        version = self._image_version()
        retirement = row.retirement(value, version)
        if retirement is None:
            return
        what = f"`{name}`" if retirement.kept is None else f"`{name}` {value!r}"
        fate = "is refused by" if retirement.refused else "is obsolete in"
        message = f"{what} {fate} image version {version}: {retirement.instead}"
        if message not in self._warned:
            self._warned.add(message)
            warnings.warn(message, FutureWarning, stacklevel=4)


def _attach(cls: type[HasHyperparameters], row: Hyperparameter) -> None:
    """Give `cls` the Param, the accessors and the alias of `row`, save what its body defines."""
    doc = f"{row.doc}; {row.check.expected}"
    members: dict[str, Any] = {
        row.name: Param(Params._dummy(), row.name, doc, _Converter(row, cls.__name__)),
        f"set{row.suffix}": _setter(row),
        f"get{row.suffix}": _getter(row),
    }
    if row.alias:
        # A property, since Spark would list a second Param attribute as a second Param.
        members[row.alias] = property(lambda self: self.getParam(row.name), doc=doc)
    for name, member in members.items():
        if name in vars(cls):
            continue
        if callable(member):
            member.__name__ = name
            member.__qualname__ = f"{cls.__qualname__}.{name}"
            member.__module__ = cls.__module__
        setattr(cls, name, member)


def _setter(row: Hyperparameter) -> Callable[..., Any]:
    either = inspect.Parameter.POSITIONAL_OR_KEYWORD
    names = ("self", row.argument)
    signature = inspect.Signature([inspect.Parameter(name, either) for name in names])

    def setter(*args: Any, **kwargs: Any) -> HasHyperparameters:
        stage, value = signature.bind(*args, **kwargs).args
        stage._set(**{row.name: value})
        return cast(HasHyperparameters, stage)

    setter.__signature__ = signature  # type: ignore[attr-defined]
    setter.__doc__ = f"Set `{row.name}` and return self. {row.doc}; {row.check.expected}."
    return setter


def _getter(row: Hyperparameter) -> Callable[..., Any]:
    def getter(self: HasHyperparameters) -> Any:
        return self.getOrDefault(row.name)

    getter.__doc__ = f"Return `{row.name}`; `KeyError` where it is neither set nor has a default."
    return getter

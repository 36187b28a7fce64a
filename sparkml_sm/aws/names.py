"""Names for what is created: one policy a fit, one name a resource."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from sparkml_sm.errors import ConfigurationError

__all__ = [
    "CustomNamePolicy",
    "CustomNamePolicyFactory",
    "CustomNamePolicyWithTimeStampSuffix",
    "CustomNamePolicyWithTimeStampSuffixFactory",
    "NamePolicy",
    "NamePolicyFactory",
    "RandomNamePolicy",
    "RandomNamePolicyFactory",
]

# CreateTrainingJob, CreateModel, CreateEndpointConfig and CreateEndpoint share this rule.
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*")
_LONGEST = 63


@dataclass(frozen=True)
class NamePolicy:
    """The names of the resources of one fit.

    Parameters
    ----------
    trainingJobName, modelName, endpointConfigName, endpointName : str
        Up to 63 letters, digits and hyphens each.
    """

    trainingJobName: str
    modelName: str
    endpointConfigName: str
    endpointName: str

    def check(self) -> None:
        """Raise `ConfigurationError` for the first name that SageMaker would refuse."""
        for kind, name in vars(self).items():
            if kind != "prefix" and not (_NAME.fullmatch(name) and len(name) <= _LONGEST):
                raise ConfigurationError(
                    f"{kind} {name!r} ({len(name)} characters) is not a name for SageMaker: use at "
                    "most 63 letters, digits and hyphens, first and last a letter or digit; "
                    "shorten the name or its prefix"
                )


@dataclass(frozen=True)
class CustomNamePolicy(NamePolicy):
    """Names as they are given, so that what a job leaves is found by name.

    SageMaker takes a job's name once: a second fit wants other names, or a time stamp after them,
    see `CustomNamePolicyWithTimeStampSuffix`.

    Parameters
    ----------
    trainingJobName, modelName, endpointConfigName, endpointName : str
        Up to 63 letters, digits and hyphens each.
    """


@dataclass(frozen=True, init=False)
class CustomNamePolicyWithTimeStampSuffix(NamePolicy):
    """Names as they are given, each with one and the same local time after it.

    Parameters
    ----------
    trainingJobName, modelName, endpointConfigName, endpointName : str
        Up to 39 letters, digits and hyphens each: 24 characters are added.

    Examples
    --------
    >>> policy = CustomNamePolicyWithTimeStampSuffix("job", "model", "config", "endpoint")
    >>> policy.modelName  # doctest: +ELLIPSIS
    'model-20...'
    """

    def __init__(
        self, trainingJobName: str, modelName: str, endpointConfigName: str, endpointName: str
    ) -> None:
        moment = _now()
        super().__init__(
            f"{trainingJobName}-{moment}",
            f"{modelName}-{moment}",
            f"{endpointConfigName}-{moment}",
            f"{endpointName}-{moment}",
        )


@dataclass(frozen=True, init=False)
class RandomNamePolicy(NamePolicy):
    """Names that no other fit has: a prefix, the kind, twelve random digits and the time.

    Parameters
    ----------
    prefix : str, default ""
        Up to 12 characters, so that the longest of the names keeps within SageMaker's 63.

    Examples
    --------
    >>> RandomNamePolicy("spam-").modelName  # doctest: +ELLIPSIS
    'spam-model-...'
    """

    prefix: str = field(default="")

    def __init__(self, prefix: str = "") -> None:
        suffix = f"{uuid.uuid4().hex[:12]}-{_now()}"
        super().__init__(
            trainingJobName=f"{prefix}trainingJob-{suffix}",
            modelName=f"{prefix}model-{suffix}",
            endpointConfigName=f"{prefix}endpointConfig-{suffix}",
            endpointName=f"{prefix}endpoint-{suffix}",
        )
        object.__setattr__(self, "prefix", prefix)


class NamePolicyFactory:
    """Gives every fit a fresh `NamePolicy`."""

    def createNamePolicy(self) -> NamePolicy:
        """Return the names for one fit."""
        raise NotImplementedError(f"{type(self).__name__} must define createNamePolicy()")


@dataclass(frozen=True, slots=True)
class RandomNamePolicyFactory(NamePolicyFactory):
    """Gives every fit a fresh `RandomNamePolicy`.

    Parameters
    ----------
    prefix : str, default ""
        What all names begin with, at most 12 characters.
    """

    prefix: str = ""

    def createNamePolicy(self) -> RandomNamePolicy:
        """Return new random names that begin with `prefix`."""
        return RandomNamePolicy(self.prefix)


@dataclass(frozen=True, slots=True)
class _GivenNamesFactory(NamePolicyFactory):
    trainingJobName: str
    modelName: str
    endpointConfigName: str
    endpointName: str

    def _names(self) -> tuple[str, str, str, str]:
        return self.trainingJobName, self.modelName, self.endpointConfigName, self.endpointName


@dataclass(frozen=True, slots=True)
class CustomNamePolicyFactory(_GivenNamesFactory):
    """Gives every fit the same names.

    Parameters
    ----------
    trainingJobName, modelName, endpointConfigName, endpointName : str
        See `CustomNamePolicy`.
    """

    def createNamePolicy(self) -> CustomNamePolicy:
        """Return the names as given."""
        return CustomNamePolicy(*self._names())


@dataclass(frozen=True, slots=True)
class CustomNamePolicyWithTimeStampSuffixFactory(_GivenNamesFactory):
    """Gives every fit the same names with the time of the fit after them.

    Parameters
    ----------
    trainingJobName, modelName, endpointConfigName, endpointName : str
        See `CustomNamePolicyWithTimeStampSuffix`.
    """

    def createNamePolicy(self) -> CustomNamePolicyWithTimeStampSuffix:
        """Return the names with the present time after them."""
        return CustomNamePolicyWithTimeStampSuffix(*self._names())


def _now() -> str:
    """Return the local time to the millisecond, in characters that SageMaker takes in a name."""
    return datetime.now().astimezone().strftime("%Y-%m-%dT%H-%M-%S-%f")[:-3]

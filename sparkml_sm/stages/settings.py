"""The service arguments of a stage: stored as given, and read as properties."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.client import BaseClient

__all__ = ["Clients", "HasSettings", "Settings", "setting"]


class _Setting(property):
    """A read-only property that gives back the constructor's argument of its name.

    It is a `property` because `pyspark.ml.param.Params` evaluates every other attribute of a stage
    when it looks for its Params.
    """

    def __init__(self, doc: str | None = None) -> None:
        super().__init__()
        self._doc = doc

    def __set_name__(self, owner: type, name: str) -> None:
        property.__init__(self, fget=lambda stage: stage._settings[name])
        self.__doc__ = self._doc  # a getter without one has set it to None


def setting(doc: str | None = None) -> Any:
    """Declare a service argument; its name is the attribute's."""
    return _Setting(doc)


class Settings(dict[str, Any]):
    """The service arguments of a stage by name. They never change, so copies share them.

    boto3 clients hold credentials and connections, so they do not leave the process: what is
    pickled or saved keeps their region, and makes clients as boto3 does by default.
    """

    def portable(self) -> dict[str, Any]:
        """Return the arguments without clients, with the region of the clients."""
        found: dict[str, Any] = {
            name: None if isinstance(value, BaseClient) else value for name, value in self.items()
        }
        if found.get("region") is None:
            region = _region(self.values())
            if region is not None:
                found["region"] = region
        return found

    def __deepcopy__(self, memo: Any) -> Settings:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Settings, (self.portable(),)


@dataclass(frozen=True, slots=True)
class Clients:
    """boto3 clients that the user passed, None for those that were not.

    Attributes
    ----------
    given : tuple of boto3 clients or None
    left : str or None
        The region of the clients that were there before the stage was saved or pickled.
    """

    given: tuple[Any, ...] = (None,)
    left: str | None = None

    @property
    def region(self) -> str | None:
        """The region of the first client."""
        return _region(self.given) or self.left

    def __deepcopy__(self, memo: Any) -> Clients:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Clients, ((None,) * len(self.given), self.region)


class HasSettings:
    """A stage whose service arguments are the ones that its constructor was given.

    They never change after construction, so copies of a stage share them.
    """

    _settings: Settings

    def _store(self, given: Mapping[str, Any]) -> None:
        """Keep those of a constructor's local variables that are settings."""
        self._settings = Settings(
            {name: given[name] for name in self._setting_names() if name in given}
        )

    @classmethod
    def _setting_names(cls) -> list[str]:
        return [
            name
            for owner in reversed(cls.__mro__)
            for name, value in vars(owner).items()
            if isinstance(value, _Setting)
        ]


def _region(values: Iterable[Any]) -> str | None:
    for value in values:
        if isinstance(value, BaseClient):
            return str(value.meta.region_name)
    return None

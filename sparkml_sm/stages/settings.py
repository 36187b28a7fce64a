"""The service arguments of a stage: stored as given, and read as properties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["HasSettings", "setting"]


class _Setting(property):
    """A read-only property that gives back the constructor's argument of its name.

    It is a `property` because `pyspark.ml.param.Params` evaluates every other attribute of a stage
    when it looks for its Params.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        property.__init__(self, fget=lambda stage: stage._settings[name])


def setting() -> Any:
    """Declare a service argument; its name is the attribute's."""
    return _Setting()


class HasSettings:
    """A stage whose service arguments are the ones that its constructor was given.

    They never change after construction, so copies of a stage share them.
    """

    _settings: Mapping[str, Any]

    def _store(self, given: Mapping[str, Any]) -> None:
        """Keep those of a constructor's local variables that are settings."""
        self._settings = {name: given[name] for name in self._setting_names() if name in given}

    @classmethod
    def _setting_names(cls) -> list[str]:
        return [
            name
            for owner in reversed(cls.__mro__)
            for name, value in vars(owner).items()
            if isinstance(value, _Setting)
        ]

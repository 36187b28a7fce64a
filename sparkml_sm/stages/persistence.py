"""Saving stages and loading them, alone or inside Pipelines and tuning, as Spark ML does.

A stage is one line of JSON below ``path/metadata``, written and read by Spark, so any file system
that Spark knows will do. The members that Spark ML's own readers look for are the ones it writes;
beside them stand the version of the format, the service arguments and the state.
"""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Mapping
from typing import Any, Self

from pyspark.errors import AnalysisException
from pyspark.ml.param import Params
from pyspark.ml.util import MLReadable, MLReader, MLWritable, MLWriter
from pyspark.sql import functions as F

from sparkml_sm.errors import ConfigurationError
from sparkml_sm.stages.settings import HasSettings, Settings
from sparkml_sm.stages.values import class_name, find_class, from_json, to_json

__all__ = ["FORMAT_VERSION", "Persistent", "StageReader", "StageWriter", "stage_from", "text_of"]

# The version of what is written. Raise it when an older reader would misread a file, and teach
# `_upgraded` what the older files held.
FORMAT_VERSION = 1

_PACKAGE = "sparkml_sm"
_VERSION = "formatVersion"
_MEMBERS = {"class", "uid", "paramMap", "defaultParamMap", "settings", "state"}


class Persistent(HasSettings, Params, MLWritable, MLReadable[Any]):
    """A stage that can be saved and loaded.

    ``stage.save(path)``, ``stage.write().overwrite().save(path)``, ``Stage.load(path)`` and
    ``Stage.read().load(path)`` do what they do for Spark's own stages, also for a Pipeline, a
    PipelineModel or a CrossValidatorModel that the stage is part of.

    Credentials are never written. boto3 clients are not written either but for their region: those
    of the loaded stage are made as boto3 does by default, in that region. Environment variables of
    containers are service arguments and are written as they are.

    A class of your own (a serializer, a name policy, a subclass of a stage) is written as its
    module and name, with the arguments of its constructor read from the attributes of the same
    names; the program that loads it must be able to import it.
    """

    def write(self) -> StageWriter:
        """Return the writer of this stage."""
        return StageWriter(self)

    @classmethod
    def read(cls) -> StageReader:
        """Return the reader of stages of this class."""
        return StageReader(cls)

    def _state(self) -> dict[str, Any]:
        """Return what is saved beside Params and service arguments."""
        return {}

    def _restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `_state` returned when the stage was saved."""

    @classmethod
    def _made_from(cls, settings: Mapping[str, Any]) -> Self:
        """Return a new stage with these service arguments, creating nothing in the account."""
        known = _keywords(cls)
        return cls(**{name: value for name, value in settings.items() if name in known})


class StageWriter(MLWriter):
    """Saves one stage.

    Parameters
    ----------
    stage : Persistent
    """

    def __init__(self, stage: Persistent) -> None:
        super().__init__()
        self._stage = stage

    def save(self, path: str) -> None:
        """Save the stage below `path`, on any file system that Spark knows.

        Raises
        ------
        ConfigurationError
            If an argument cannot be saved, or there is a stage already and `overwrite` was not
            called.
        """
        spark = self.sparkSession
        text = text_of(self._stage, spark.version)
        mode = "overwrite" if self.shouldOverwrite else "error"
        line = spark.range(0, 1, 1, 1).select(F.lit(text).alias("value"))
        try:
            line.write.mode(mode).text(_metadata(path))
        except AnalysisException as error:
            if "PATH_ALREADY_EXISTS" not in str(error):
                raise
            raise ConfigurationError(
                f"{path} holds a saved stage already: use write().overwrite().save(path), or "
                "another path"
            ) from error


class StageReader(MLReader[Any]):
    """Loads stages of one class, subclasses included.

    Parameters
    ----------
    kind : type
    """

    def __init__(self, kind: type[Persistent]) -> None:
        super().__init__()
        self._kind = kind

    def load(self, path: str) -> Any:
        """Return the stage that was saved below `path`.

        A file names the classes that it needs and they are imported: load what you trust.

        Raises
        ------
        ConfigurationError
            If the file is of another class or of a newer format, or holds what this version of the
            library does not know.
        """
        try:
            lines = self.sparkSession.read.text(_metadata(path)).collect()
        except AnalysisException as error:
            if "PATH_NOT_FOUND" not in str(error):
                raise
            raise ConfigurationError(f"{path} holds no saved stage") from error
        if len(lines) != 1:
            raise ConfigurationError(f"{path} holds no saved stage: its metadata is not one line")
        return stage_from(lines[0][0], self._kind, path)


def text_of(stage: Persistent, spark_version: str) -> str:
    """Return the JSON that a saved stage is.

    Raises
    ------
    ConfigurationError
        If an argument cannot be saved.
    """
    kind = type(stage)
    settings = {**stage._settings.portable(), **_own_arguments(stage)}
    return json.dumps(
        {
            "class": class_name(kind, stage.uid),
            "timestamp": round(time.time() * 1000),
            "sparkVersion": spark_version,
            "uid": stage.uid,
            "paramMap": {param.name: value for param, value in stage._paramMap.items()},
            "defaultParamMap": {
                param.name: value for param, value in stage._defaultParamMap.items()
            },
            _VERSION: FORMAT_VERSION,
            "settings": _written(settings, stage),
            "state": _written(stage._state(), stage),
        },
        separators=(",", ":"),
    )


def stage_from(text: str, kind: type[Persistent], path: str) -> Any:
    """Return the stage that `text_of` wrote.

    Parameters
    ----------
    text : str
    kind : type
        What the stage must be.
    path : str
        Where the text was found, for messages.

    Raises
    ------
    ConfigurationError
        As `StageReader.load`.
    """
    saved = _upgraded(_parsed(text, path), path)
    found = find_class(saved["class"], path)
    if not issubclass(found, kind):
        raise ConfigurationError(
            f"{path} holds a {found.__name__}, which is no {kind.__name__}: call "
            f"{found.__name__}.load"
        )
    settings = _read(saved["settings"], path)
    service = set(found._setting_names())
    unknown = settings.keys() - service - _keywords(found)
    if unknown:
        raise ConfigurationError(
            f"{path}: {found.__name__} has no argument {', '.join(sorted(unknown))}: was it saved "
            "by a newer sparkml_sm?"
        )
    stage = found._made_from(settings)
    kept = {name: value for name, value in settings.items() if name in service}
    stage._settings = Settings({**stage._settings, **kept})
    stage._resetUid(saved["uid"])
    stage._setDefault(**_hyperparameters(stage, saved["defaultParamMap"], path))
    stage._set(**_hyperparameters(stage, saved["paramMap"], path))
    stage._restore(_read(saved["state"], path))
    return stage


def _metadata(path: str) -> str:
    return f"{str(path).rstrip('/')}/metadata"


def _keywords(kind: type) -> set[str]:
    """Return the keywords that a constructor takes, by itself or to pass them on."""
    found: set[str] = set()
    for owner in kind.__mro__:
        if "__init__" in vars(owner):
            parameters = inspect.signature(vars(owner)["__init__"]).parameters
            found |= parameters.keys()
            if not any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
                break
    return found


def _own_arguments(stage: Persistent) -> dict[str, Any]:
    """Return what a user's subclass takes beside settings and hyperparameters, by its keywords."""
    ours = next(kind for kind in type(stage).__mro__ if kind.__module__.startswith(_PACKAGE))
    known = {*inspect.signature(ours).parameters, *stage._setting_names()}
    found = {}
    for name, parameter in inspect.signature(type(stage)).parameters.items():
        any_number = parameter.kind in {parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL}
        if any_number or name in known or stage.hasParam(name):
            continue
        if not hasattr(stage, name):
            raise ConfigurationError(
                f"{type(stage).__name__} cannot be saved: it does not keep its argument {name!r}; "
                f"set self.{name} in its constructor, or declare it with setting()"
            )
        found[name] = getattr(stage, name)
    return found


def _written(values: Mapping[str, Any], stage: Persistent) -> dict[str, Any]:
    return {name: to_json(value, f"{name} of {stage.uid}") for name, value in values.items()}


def _read(saved: Mapping[str, Any], path: str) -> dict[str, Any]:
    return {name: from_json(value, f"{path}: {name}") for name, value in saved.items()}


def _parsed(text: str, path: str) -> dict[str, Any]:
    try:
        saved = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"{path} holds no saved stage: {error}") from error
    if not isinstance(saved, dict) or not isinstance(saved.get(_VERSION), int):
        raise ConfigurationError(f"{path} holds no stage that sparkml_sm saved")
    missing = _MEMBERS - saved.keys()
    if missing:
        raise ConfigurationError(
            f"{path} holds a damaged stage: {', '.join(sorted(missing))} is missing; save it again"
        )
    return saved


def _upgraded(saved: dict[str, Any], path: str) -> dict[str, Any]:
    """Return what a file of any version that is known holds, as the newest version holds it."""
    version = saved[_VERSION]
    if version < 1:
        raise ConfigurationError(f"{path}: there is no format {version}")
    if version > FORMAT_VERSION:
        raise ConfigurationError(
            f"{path} was saved in format {version} by a newer sparkml_sm; this one reads formats "
            f"up to {FORMAT_VERSION}: upgrade sparkml_sm"
        )
    return saved


def _hyperparameters(stage: Params, saved: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    for name in saved:
        if not stage.hasParam(name):
            raise ConfigurationError(
                f"{path}: {type(stage).__name__} has no hyperparameter {name!r}: was it saved by a "
                "newer sparkml_sm?"
            )
    return saved

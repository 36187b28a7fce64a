"""Many fits on one dataset: the rows are staged once, and the jobs run side by side."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pyspark.ml import Transformer
from pyspark.ml.param import Param, Params
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from sparkml_sm.aws.config import AwsConfig
from sparkml_sm.aws.names import NamePolicy, NamePolicyFactory
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.stages.channels import JobChannels
from sparkml_sm.stages.model import SageMakerModel
from sparkml_sm.stages.owned import FitRecord, Owned
from sparkml_sm.stages.requests import TrainingPlan
from sparkml_sm.stages.settings import HasSettings, Settings

__all__ = ["ManyFits", "SharedFits", "distinct_names", "with_own_checkpoints"]

# Longer than the step of the time stamps that names end in.
_TICK = 0.002


D = TypeVar("D")
M = TypeVar("M")


class SharedFits(Iterator[tuple[int, M]], Generic[D, M]):
    """An iterator of fitted models, each made by the call of `next` that gives it.

    It may be called from many threads, as `CrossValidator` does: each call fits one model. The
    first one stages the rows while the others wait for it; the staged rows are deleted when the
    last fit has ended, well or badly. A fit that fails raises from its own call and leaves the
    others alone. Where the iterator is dropped half-way, the staged rows are deleted when Python
    collects it, at the latest when the program ends.

    Parameters
    ----------
    count : int
        The number of fits.
    stage : callable
        Stages the rows.
    fit : callable
        Takes the number of a fit and what `stage` returned, and returns a model.
    delete : callable
        Deletes what `stage` returned.
    """

    def __init__(
        self,
        count: int,
        stage: Callable[[], D],
        fit: Callable[[int, D], M],
        delete: Callable[[D], None],
    ) -> None:
        self._stage = stage
        self._fit = fit
        self._delete = delete
        self._numbers = iter(range(count))
        self._left = count
        self._staged: D | None = None
        self._failure: Exception | None = None
        self._undo: Callable[[], object] | None = None
        self._lock = threading.Lock()
        self._staging = threading.Lock()

    def __next__(self) -> tuple[int, M]:
        with self._lock:
            number = next(self._numbers)
        try:
            return number, self._fit(number, self._shared())
        finally:
            self._ended()

    def _shared(self) -> D:
        with self._staging:
            if self._failure is not None:
                raise self._failure
            if self._staged is None:
                try:
                    self._staged = self._stage()
                except Exception as error:
                    self._failure = error  # what one cannot stage, the next cannot either
                    raise
                self._undo = weakref.finalize(self, self._delete, self._staged)
            return self._staged

    def _ended(self) -> None:
        with self._lock:
            self._left -= 1
            last = self._left == 0
        if last and self._undo is not None:
            self._undo()


def distinct_names(factory: NamePolicyFactory, count: int) -> list[NamePolicy]:
    """Return the names for `count` fits, checked, before any of them starts.

    Raises
    ------
    ConfigurationError
        If SageMaker would refuse a name, or if `factory` gives the same names to two fits.
    """
    found: dict[str, NamePolicy] = {}
    for _ in range(count):
        names = factory.createNamePolicy()
        if names.trainingJobName in found:
            time.sleep(_TICK)
            names = factory.createNamePolicy()
        if names.trainingJobName in found:
            raise ConfigurationError(
                f"namePolicyFactory={factory!r} gives two fits the name {names.trainingJobName!r}, "
                "which SageMaker takes once: use RandomNamePolicyFactory(prefix)"
            )
        names.check()
        found[names.trainingJobName] = names
    return list(found.values())


def with_own_checkpoints(settings: Settings, job: str) -> Settings:
    """Return `settings` with a folder of the job's own for its checkpoints.

    A job goes on from the checkpoints that it finds: with those of another candidate it would train
    nothing and return the other's model.
    """
    place = settings["checkpointS3Uri"]
    if place is None:
        return settings
    return Settings({**settings, "checkpointS3Uri": f"{place.rstrip('/')}/{job}"})


class ManyFits(HasSettings, Params):
    """Mixin of estimators: many fits on one dataset, and the deletion of what fits left behind."""

    _record: FitRecord

    if TYPE_CHECKING:  # what the estimator has
        sagemakerClient: Any
        s3Client: Any
        namePolicyFactory: NamePolicyFactory
        deleteStagingDataAfterTraining: bool

        def transformSchema(self, schema: StructType) -> StructType: ...  # noqa: D102
        def _config(self) -> AwsConfig: ...
        def _prepared(
            self, spark: SparkSession, names: NamePolicy
        ) -> tuple[TrainingPlan, AwsConfig]: ...
        def _staged(
            self, dataset: DataFrame, plan: TrainingPlan, config: AwsConfig
        ) -> JobChannels: ...
        def _fitted(
            self, plan: TrainingPlan, names: NamePolicy, config: AwsConfig, channels: JobChannels
        ) -> SageMakerModel: ...

    def fitMultiple(
        self, dataset: DataFrame, paramMaps: Sequence[dict[Param[Any], Any]]
    ) -> SharedFits[JobChannels, SageMakerModel]:
        """Return an iterator that fits a model for each of `paramMaps`, on rows staged once.

        `CrossValidator`, `TrainValidationSplit` and ``fit(dataset, [map, ...])`` call it. The first
        two run as many jobs at once as their ``parallelism``; mind the account's quota for the
        instance type. With an ``endpointInstanceType``, every model has an endpoint of its own, the
        candidates that tuning drops as well: see `deleteResources`.

        Where a whole Pipeline is tuned, Spark fits all its stages for each map, so each fit stages
        rows of its own. Tune the estimator inside the Pipeline, and they are staged once.

        Below ``checkpointS3Uri``, each job has a folder of its own.

        Parameters
        ----------
        dataset : DataFrame
        paramMaps : sequence of dict
            Hyperparameters by Param. All are checked before anything is staged.

        Returns
        -------
        iterator of (int, SageMakerModel)
            Each `next` runs one job and gives the position of its map and its model. It may be
            called from many threads. The staged rows are deleted after the last job; where the
            iterator is dropped half-way, when Python collects it.

        Raises
        ------
        ConfigurationError, InvalidDataError
            If a fit could not start, or if fits would have the same name.
        """
        fits = [self.copy(each) for each in paramMaps]
        for each in fits:
            each.transformSchema(dataset.schema)
        names = distinct_names(self.namePolicyFactory, len(fits))
        for each, own in zip(fits, names, strict=True):
            each._settings = with_own_checkpoints(each._settings, own.trainingJobName)
        spark, record, before = dataset.sparkSession, self._record, self._record.deletions

        def staged() -> JobChannels:
            return fits[0]._staged(dataset, *fits[0]._prepared(spark, names[0]))

        def fitted(number: int, channels: JobChannels) -> SageMakerModel:
            record.check_since(before)
            plan, config = fits[number]._prepared(spark, names[number])
            return fits[number]._fitted(plan, names[number], config, channels)

        return SharedFits(len(fits), staged, fitted, self._unstaging())

    def deleteResources(self, artifacts: bool = False, keep: Iterable[Transformer] = ()) -> None:
        """Delete the endpoints, endpoint configs and models that fits created and that still stand.

        The fits are those of this estimator and of all its copies in this process, such as the ones
        that a Pipeline or a `CrossValidator` makes. Spark drops a tuning's candidates without a
        word, and their endpoints are billed by the hour until this is called. Fits that still run
        or wait for their turn, as after an interrupted `CrossValidator`, are ended first: jobs are
        stopped, and no others start.

        Deleting twice is no error. An estimator that was pickled, or saved and loaded, knows of
        the fits alone that it made itself.

        Parameters
        ----------
        artifacts : bool, default False
            Whether the training jobs' output in S3 is deleted as well.
        keep : iterable of Transformer, optional
            Models whose resources stay, alone or inside a PipelineModel or a CrossValidatorModel.

        Raises
        ------
        SageMakerResourceCleanupException
            Naming all that could not be deleted.

        Examples
        --------
        >>> tuned = CrossValidator(estimator=estimator, ...).fit(df)  # doctest: +SKIP
        >>> estimator.deleteResources(keep=[tuned])  # doctest: +SKIP
        """
        config = self._config()
        sagemaker = self.sagemakerClient or config.client("sagemaker")
        s3 = (self.s3Client or config.client("s3")) if artifacts else None
        kept = [owned for each in keep for owned in _owned(each)]
        self._record.delete(sagemaker, s3, kept)

    def _unstaging(self) -> Callable[[JobChannels], None]:
        """Return what to do with staged rows after training; it knows nothing of this object."""
        return JobChannels.delete if self.deleteStagingDataAfterTraining else _leave


def _leave(channels: JobChannels) -> None:
    """Leave what was staged."""


def _owned(stage: Any) -> Iterator[Owned]:
    if isinstance(stage, SageMakerModel):
        yield stage._owned
    best = getattr(stage, "bestModel", None)
    for inner in [*getattr(stage, "stages", ()), *([] if best is None else [best])]:
        yield from _owned(inner)

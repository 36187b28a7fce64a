"""Many fits on one dataset: staged once, side by side, and nothing of them left in the end."""

from __future__ import annotations

import copy
import gc
import io
import pickle
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from pyspark.ml import Pipeline
from pyspark.ml.evaluation import BinaryClassificationEvaluator
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.tuning import (
    CrossValidator,
    CrossValidatorModel,
    ParamGridBuilder,
    TrainValidationSplit,
)
from pyspark.sql import DataFrame

from sparkml_sm import (
    AwsConfig,
    ConfigurationError,
    CustomNamePolicyFactory,
    CustomNamePolicyWithTimeStampSuffixFactory,
    InvalidDataError,
    RandomNamePolicyFactory,
    TrainingJobError,
    XGBoostSageMakerEstimator,
)
from sparkml_sm.aws.training_jobs import create_training_job
from sparkml_sm.stages.fitting import SharedFits, distinct_names, with_own_checkpoints
from tests.stages.conftest import INSTANCE, ROLE, Account, Run, predictions

# Spark's tuning leaves its pool of threads to the garbage collector.
sparks_pool = pytest.mark.filterwarnings(
    "ignore:unclosed running multiprocessing pool:ResourceWarning"
)


def test_each_candidate_has_checkpoints_of_its_own() -> None:
    estimator = XGBoostSageMakerEstimator("ml.m5.large", 1, checkpointS3Uri="s3://bucket/ck/")
    settings = estimator._settings
    assert with_own_checkpoints(settings, "a")["checkpointS3Uri"] == "s3://bucket/ck/a"
    assert settings["checkpointS3Uri"] == "s3://bucket/ck/"
    without = XGBoostSageMakerEstimator("ml.m5.large", 1)._settings
    assert with_own_checkpoints(without, "a") is without


# The iterator, with functions for what costs time and money


class Staged:
    """What was staged, and whether it stands."""

    def __init__(self) -> None:
        self.times = 0
        self.stands = False

    def stage(self) -> Staged:
        self.times += 1
        self.stands = True
        return self

    def delete(self) -> None:
        assert self.stands
        self.stands = False


def test_many_threads_stage_once_and_fit_side_by_side() -> None:
    staged, meeting = Staged(), threading.Barrier(3, timeout=20)

    def fit(number: int, found: Staged) -> str:
        meeting.wait()  # only three fits at once can pass
        assert found.stands
        return f"model {number}"

    fits = SharedFits(6, staged.stage, fit, Staged.delete)
    with ThreadPoolExecutor(3) as pool:
        models = dict(pool.map(lambda _: next(fits), range(6)))
    assert models == {number: f"model {number}" for number in range(6)}
    assert (staged.times, staged.stands) == (1, False)
    with pytest.raises(StopIteration):
        next(fits)


def test_a_failing_fit_raises_from_its_own_call_and_the_others_go_on() -> None:
    staged = Staged()

    def fit(number: int, found: Staged) -> int:
        if number == 1:
            raise TrainingJobError("no luck")
        return number

    fits = SharedFits(3, staged.stage, fit, Staged.delete)
    assert next(fits) == (0, 0)
    with pytest.raises(TrainingJobError, match="no luck"):
        next(fits)
    assert staged.stands
    assert next(fits) == (2, 2)
    assert not staged.stands


def test_what_cannot_be_staged_is_tried_once_and_told_to_every_fit() -> None:
    tries = []

    def stage() -> Staged:
        tries.append(1)
        raise InvalidDataError("a null in column 'features'")

    fits = SharedFits(2, stage, lambda *_: None, Staged.delete)
    for _ in range(2):
        with pytest.raises(InvalidDataError, match="a null"):
            next(fits)
    assert tries == [1]


def test_an_iterator_that_is_dropped_half_way_takes_the_rows_with_it() -> None:
    staged = Staged()
    fits = SharedFits(2, staged.stage, lambda number, _: number, Staged.delete)
    next(fits)
    assert staged.stands
    del fits
    gc.collect()
    assert not staged.stands


def test_fits_have_names_of_their_own_or_none_of_them_starts() -> None:
    names = "job", "model", "config", "endpoint"
    for factory in (
        RandomNamePolicyFactory("a-"),
        CustomNamePolicyWithTimeStampSuffixFactory(*names),
    ):
        assert len({each.trainingJobName for each in distinct_names(factory, 5)}) == 5
    assert len(distinct_names(CustomNamePolicyFactory(*names), 1)) == 1
    with pytest.raises(ConfigurationError, match=r"gives two fits the name 'job'.*RandomName"):
        distinct_names(CustomNamePolicyFactory(*names), 2)
    with pytest.raises(ConfigurationError, match="is not a name for SageMaker"):
        distinct_names(RandomNamePolicyFactory("a_"), 1)


def test_copies_share_the_record_of_what_fits_created_and_pickles_have_their_own() -> None:
    estimator = XGBoostSageMakerEstimator(INSTANCE, 1)
    for one in (estimator.copy(), copy.deepcopy(estimator)):
        assert one._record is estimator._record
    [inside] = Pipeline(stages=[estimator]).copy().getStages()
    assert inside._record is estimator._record
    assert pickle.loads(pickle.dumps(estimator))._record is not estimator._record


def test_a_grid_holds_checked_values() -> None:
    estimator = XGBoostSageMakerEstimator(INSTANCE, 1)
    grid = ParamGridBuilder().addGrid(estimator.max_depth, [2, 3.0]).build()
    assert [list(each.values()) for each in grid] == [[2], [3]]
    with pytest.raises(ValueError, match="`max_depth` of XGBoostSageMakerEstimator must be"):
        ParamGridBuilder().addGrid(estimator.max_depth, [-1]).build()


def test_a_job_that_is_asked_for_too_fast_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """AWS throttles CreateTrainingJob, which many fits at once call at the same moment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    client = AwsConfig("eu-west-1").client("sagemaker")
    answers = [
        (400, b'{"__type":"ThrottlingException","message":"Rate exceeded"}'),
        (200, b'{"TrainingJobArn":"arn"}'),
    ]

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        status, body = answers.pop(0)
        return AWSResponse(request.url, status, {}, RawBody(body))

    client.meta.events.register("before-send.sagemaker.CreateTrainingJob", answer)
    create_training_job(
        client,
        {
            "TrainingJobName": "job",
            "RoleArn": ROLE,
            "AlgorithmSpecification": {"TrainingInputMode": "File"},
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
            "StoppingCondition": {},
        },
    )
    assert answers == []


class RawBody(io.BytesIO):
    """A body as botocore reads it."""

    def stream(self, amt: int = 1024) -> Iterator[bytes]:
        yield from iter(lambda: self.read(amt), b"")


# On the local SageMaker


def _grid(estimator: XGBoostSageMakerEstimator, *rounds: int) -> list[dict[Any, Any]]:
    return ParamGridBuilder().addGrid(estimator.num_round, list(rounds)).build()


def _by_rows(jobs: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the jobs by the S3 URI that they read."""
    found = defaultdict(list)
    for job in jobs:
        [channel] = job["InputDataConfig"]
        found[channel["DataSource"]["S3DataSource"]["S3Uri"]].append(job)
    return dict(found)


def _rest(account: Account, run: Run) -> tuple[list[str], list[str]]:
    return account.hosted(run.name), account.keys(run.name)


@sparks_pool
def test_cross_validation_stages_each_fold_once_and_its_jobs_overlap(
    account: Account, rows: DataFrame, run: Run, tmp_path: Path
) -> None:
    estimator = run.estimator(endpointInstanceType=INSTANCE)
    tuned = CrossValidator(
        estimator=estimator,
        estimatorParamMaps=_grid(estimator, 1, 3),
        evaluator=BinaryClassificationEvaluator(rawPredictionCol="prediction"),
        numFolds=2,
        seed=7,
        parallelism=2,
    ).fit(rows)
    try:
        jobs = account.jobs(run.name)
        shared = sorted(_by_rows(jobs).values(), key=len)
        assert [len(each) for each in shared] == [1, 2, 2]
        for one, other in shared[1:]:
            rounds = {job["HyperParameters"]["num_round"] for job in (one, other)}
            assert rounds == {"1", "3"}
            overlap = min(one["TrainingEndTime"], other["TrainingEndTime"]) - max(
                one["CreationTime"], other["CreationTime"]
            )
            assert overlap > timedelta(0)
        assert account.keys(f"{run.name}/in") == []
        assert all(0.5 < metric <= 1 for metric in tuned.avgMetrics)
        assert len(account.hosted(run.name)) == 3 * 5

        estimator.deleteResources(keep=[tuned])
        assert len(account.hosted(run.name)) == 3
        tuned.write().overwrite().save(str(tmp_path / "tuned"))
        loaded = CrossValidatorModel.load(str(tmp_path / "tuned"))
        assert loaded.getEstimator().hyperparameter_values() == estimator.hyperparameter_values()
        assert loaded.getEstimatorParamMaps()[1] == {estimator.num_round: 3}
        found = predictions(loaded.transform(rows))
        assert (found == predictions(tuned.transform(rows))).all()

        loaded.bestModel.deleteResources()
        assert account.hosted(run.name) == []
    finally:
        estimator.deleteResources(artifacts=True)
    assert _rest(account, run) == ([], [])
    assert tuned.bestModel.endpointName is None


@sparks_pool
def test_a_split_that_is_part_of_a_pipeline_is_cleaned_up_by_the_estimator(
    account: Account, rows: DataFrame, run: Run
) -> None:
    frame = rows.select("label", *(rows.features[n].alias(f"f{n}") for n in range(4)))
    assemble = VectorAssembler(inputCols=[f"f{n}" for n in range(4)], outputCol="features")
    estimator = run.estimator(endpointInstanceType=INSTANCE)
    split = TrainValidationSplit(
        estimator=estimator,
        estimatorParamMaps=_grid(estimator, 1, 2),
        evaluator=BinaryClassificationEvaluator(rawPredictionCol="prediction"),
        seed=7,
        parallelism=2,
    )
    model = Pipeline(stages=[assemble, split]).fit(frame)
    try:
        assert sorted(map(len, _by_rows(account.jobs(run.name)).values())) == [1, 2]
        assert len(account.hosted(run.name)) == 3 * 3
        estimator.deleteResources(keep=[model])
        [endpoint] = [name for name in account.hosted(run.name) if "-endpoint-" in name]
        assert model.stages[1].bestModel.endpointName == endpoint
    finally:
        estimator.deleteResources(artifacts=True)
    assert _rest(account, run) == ([], [])


def test_a_list_of_params_fits_them_all_on_rows_staged_once(
    account: Account, rows: DataFrame, run: Run
) -> None:
    estimator = run.estimator()
    models = estimator.fit(rows, [{estimator.num_round: 1}, {}])
    [jobs] = _by_rows(account.jobs(run.name)).values()
    assert sorted(job["HyperParameters"]["num_round"] for job in jobs) == ["1", "4"]
    boosters = [account.booster(model.modelPath.toS3UriString()) for model in models]
    assert [each.num_boosted_rounds() for each in boosters] == [1, 4]
    assert {model.uid for model in models} == {estimator.uid}
    assert account.keys(f"{run.name}/in") == []
    models[0].deleteResources(artifacts=True)
    estimator.deleteResources(artifacts=True)
    assert _rest(account, run) == ([], [])


def test_nothing_starts_where_one_of_the_params_cannot_work(
    account: Account, rows: DataFrame, run: Run
) -> None:
    estimator = run.estimator()
    estimator.clear(estimator.num_round)
    with pytest.raises(ConfigurationError, match=r"cannot train.*num_round"):
        estimator.fitMultiple(rows, [{estimator.num_round: 1}, {}])
    assert list(estimator.fitMultiple(rows, [])) == []
    twice = run.estimator(namePolicyFactory=CustomNamePolicyFactory("a", "b", "c", "d"))
    with pytest.raises(ConfigurationError, match="gives two fits the name 'a'"):
        twice.fit(rows, [{}, {}])
    assert account.jobs(run.name) == []
    assert _rest(account, run) == ([], [])


def test_fits_that_run_or_wait_are_ended_before_their_resources_are_deleted(
    account: Account, rows: DataFrame, run: Run
) -> None:
    estimator = run.estimator(num_round=1_000_000, endpointInstanceType=INSTANCE)
    fits = estimator.fitMultiple(rows, [{}, {}])
    with ThreadPoolExecutor(1) as pool:
        running, waiting = (pool.submit(next, fits) for _ in range(2))
        _until(lambda: any(job["SecondaryStatus"] == "Training" for job in account.jobs(run.name)))
        estimator.deleteResources(artifacts=True)
        with pytest.raises(TrainingJobError, match="stopped"):
            running.result(20)
        with pytest.raises(TrainingJobError, match="deleteResources"):
            waiting.result(20)
    [job] = account.jobs(run.name)
    assert job["TrainingJobStatus"] == "Stopped"
    assert account.hosted(run.name) == []
    assert account.keys(f"{run.name}/in") == []


def _until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_same_estimator_twice_in_a_pipeline_is_refused_before_its_second_job(
    account: Account, rows: DataFrame, run: Run
) -> None:
    estimator = run.estimator(endpointInstanceType=INSTANCE)
    after_one = estimator.transformSchema(rows.schema)  # what a user can ask, for nothing
    with pytest.raises(InvalidDataError, match="already has a column 'prediction'"):
        estimator.transformSchema(after_one)
    try:
        # Spark's Pipeline asks no stage before it fits the one ahead of it.
        with pytest.raises(InvalidDataError, match="already has a column 'prediction'"):
            Pipeline(stages=[estimator, estimator]).fit(rows)
        assert len(account.jobs(run.name)) == 1
    finally:
        estimator.deleteResources(artifacts=True)
    assert _rest(account, run) == ([], [])

"""Training jobs: create one, wait for it with its log, stop it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sparkml_sm.aws.calls import aws_call
from sparkml_sm.aws.waiting import FOR_EVER, Patience, wait_for
from sparkml_sm.errors import ServiceError, TrainingJobError

__all__ = [
    "JobLog",
    "create_training_job",
    "model_artifact",
    "run_training_job",
    "stop_training_job",
    "wait_for_training_job",
]

_LOG_GROUP = "/aws/sagemaker/TrainingJobs"
_TAIL_LINES = 20
_ENDED = {"Completed", "Failed", "Stopped"}

Report = Callable[[str], None]


def create_training_job(client: Any, request: Mapping[str, Any]) -> None:
    """Start the job that `request` describes."""
    name = request["TrainingJobName"]
    hint = "check the role, the instance type and the account's quota for it"
    with aws_call("CreateTrainingJob", name, hint):
        client.create_training_job(**request)


def run_training_job(
    clients: tuple[Any, Any],
    request: Mapping[str, Any],
    report: Report,
    patience: Patience = FOR_EVER,
) -> Mapping[str, Any]:
    """Start the job that `request` describes and wait for its end; Ctrl-C stops it.

    Parameters
    ----------
    clients : (boto3 SageMaker client, boto3 CloudWatch Logs client)
    request : mapping
        Of CreateTrainingJob.
    report : callable
        Takes each line of progress.
    patience : Patience, default FOR_EVER

    Returns
    -------
    mapping
        The last DescribeTrainingJob answer, of a job that left a model.

    Raises
    ------
    TrainingJobError
        If the job failed, or was stopped without leaving a model.
    """
    client, logs = clients
    name = request["TrainingJobName"]
    try:
        create_training_job(client, request)
    except KeyboardInterrupt:  # the call that was cut off may have started the job
        stop_training_job(client, name)
        raise
    try:
        return wait_for_training_job(client, JobLog(logs, name), name, report, patience)
    except TrainingJobError:
        raise
    except BaseException:  # Ctrl-C above all: the job is billed until it stops
        report(f"stopping training job {name}")
        stop_training_job(client, name)
        raise


def stop_training_job(client: Any, name: str) -> None:
    """Ask a job to stop, since it is billed while it runs; one that has ended is left alone."""
    with contextlib.suppress(ServiceError), aws_call("StopTrainingJob", name):
        client.stop_training_job(TrainingJobName=name)


class JobLog:
    """The log of one training job, read from where it was left.

    Parameters
    ----------
    client : boto3 CloudWatch Logs client
    job : str
        The training job's name.
    """

    def __init__(self, client: Any, job: str) -> None:
        self._client = client
        self._job = job
        self._tokens: dict[str, str] = {}
        self.tail: list[str] = []

    def news(self) -> list[str]:
        """Return the lines since the last call; none where the log cannot be read.

        The log is a comfort: a caller without ``logs:GetLogEvents``, or in a network that
        CloudWatch cannot be reached from, still gets its model.
        """
        try:
            lines = [line for stream in self._streams() for line in self._read(stream)]
        except (BotoCoreError, ClientError):
            return []
        self.tail = (self.tail + lines)[-_TAIL_LINES:]
        return lines

    def _streams(self) -> list[str]:
        answer = self._client.describe_log_streams(
            logGroupName=_LOG_GROUP, logStreamNamePrefix=f"{self._job}/"
        )
        return [stream["logStreamName"] for stream in answer.get("logStreams", ())]

    def _read(self, stream: str) -> list[str]:
        lines: list[str] = []
        while True:
            options = {"nextToken": self._tokens[stream]} if stream in self._tokens else {}
            answer = self._client.get_log_events(
                logGroupName=_LOG_GROUP, logStreamName=stream, startFromHead=True, **options
            )
            lines += [event["message"] for event in answer["events"]]
            token = answer["nextForwardToken"]
            # At the end CloudWatch gives back the token that it was given.
            if token == self._tokens.get(stream):
                return lines
            self._tokens[stream] = token


def model_artifact(client: Any, name: str) -> str:
    """Return the S3 URI of the model that a training job left.

    Parameters
    ----------
    client : boto3 SageMaker client
    name : str
        A job that has completed, or was stopped after it had left a model.

    Raises
    ------
    TrainingJobError
        If the job left no model, or still runs.
    ResourceNotFoundError
        If there is no such job.
    """
    answer = _describe(client, name)
    status = answer["TrainingJobStatus"]
    if status not in _ENDED:
        raise TrainingJobError(f"training job {name} is {status}: wait until it has a model")
    _check(answer, name)
    return str(answer["ModelArtifacts"]["S3ModelArtifacts"])


def wait_for_training_job(
    client: Any, log: JobLog, name: str, report: Report, patience: Patience = FOR_EVER
) -> Mapping[str, Any]:
    """Wait until the job has ended, reporting its states and its log.

    Parameters
    ----------
    client : boto3 SageMaker client
    log : JobLog
    name : str
    report : callable
        Takes each line of progress.
    patience : Patience, default FOR_EVER

    Returns
    -------
    mapping
        The last DescribeTrainingJob answer, of a job that left a model.

    Raises
    ------
    TrainingJobError
        If the job failed, or was stopped without leaving a model.
    """
    seen = ""

    def watch(answer: Mapping[str, Any]) -> None:
        nonlocal seen
        state = f"{answer['TrainingJobStatus']} ({answer.get('SecondaryStatus', '')})"
        if state != seen:
            seen = state
            report(f"training job {name}: {state}")
        for line in log.news():
            report(f"| {line}")

    answer = wait_for(
        lambda: _describe(client, name),
        lambda found: found["TrainingJobStatus"] in _ENDED,
        watch,
        patience,
        what=f"training job {name}",
    )
    _check(answer, name, log.tail)
    return answer


def _describe(client: Any, name: str) -> Mapping[str, Any]:
    with aws_call("DescribeTrainingJob", name):
        answer: Mapping[str, Any] = client.describe_training_job(TrainingJobName=name)
    return answer


def _check(answer: Mapping[str, Any], name: str, tail: list[str] | None = None) -> None:
    status = answer["TrainingJobStatus"]
    stopped_early = status == "Stopped" and answer.get("ModelArtifacts")
    if status == "Completed" or stopped_early:
        return
    reason = answer.get("FailureReason") or answer.get("SecondaryStatus") or "no reason given"
    message = f"training job {name} {status.lower()}: {reason}"
    if tail is not None:
        log = "".join(f"\n| {line}" for line in tail) or " none"
        message += f"; last lines of its log:{log}"
    raise TrainingJobError(message)

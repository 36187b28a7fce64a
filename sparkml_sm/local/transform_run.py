"""A batch transform job at work: objects in, requests to a container, one output object each."""

from __future__ import annotations

import gzip
import json
import logging
import threading
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from sparkml_sm.errors import ConfigurationError
from sparkml_sm.local.channels import SourceObject, find_objects, split_uri
from sparkml_sm.local.faults import validation
from sparkml_sm.local.hosting import Host, HostError
from sparkml_sm.local.lifecycle import TRANSFORM_JOB
from sparkml_sm.local.logs import LogStream
from sparkml_sm.local.site import Site
from sparkml_sm.local.store import now

__all__ = ["TransformJob", "payloads", "run_transform_job"]

logger = logging.getLogger(__name__)

_LOG_GROUP = "/aws/sagemaker/TransformJobs"
_MEGABYTE = 2**20
_PING_REASON = (
    "AlgorithmError: Model container failed to respond to ping. Please ensure /ping endpoint is "
    "implemented and responds with an HTTP 200 status code"
)


_INTERNAL_REASON = "InternalServerError: We encountered an internal error. Please try again."


class TransformJob:
    """The record of a job, moved along its lifecycle.

    Parameters
    ----------
    record : dict
        What DescribeTransformJob answers, but for status and times.
    container : mapping
        The definition of the model's container.
    """

    def __init__(self, record: dict[str, Any], container: Mapping[str, Any]) -> None:
        self.container = container
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._record = record | {"TransformJobStatus": "InProgress"}

    @property
    def name(self) -> str:
        """The job's name."""
        return str(self._record["TransformJobName"])

    def describe(self) -> dict[str, Any]:
        """Return a copy of the record."""
        with self._lock:
            return deepcopy(self._record)

    def begin(self) -> None:
        """Note that the work begins."""
        with self._lock:
            self._record["TransformStartTime"] = now()

    def end(self, status: str, **members: Any) -> None:
        """Go to the last status; a job that is stopping ends as Stopped."""
        with self._lock:
            if self._record["TransformJobStatus"] == "Stopping" and status == "Completed":
                status = "Stopped"
            TRANSFORM_JOB.step(self._record["TransformJobStatus"], status)
            self._record |= {"TransformJobStatus": status, "TransformEndTime": now(), **members}

    def stop(self) -> None:
        """Ask the job to stop."""
        with self._lock:
            status = self._record["TransformJobStatus"]
            if TRANSFORM_JOB.ended(status):
                raise validation(
                    f"The request was rejected because the transform job is in status {status}."
                )
            self._record["TransformJobStatus"] = "Stopping"
        self.stopping.set()


def run_transform_job(job: TransformJob, site: Site) -> None:
    """Do a job's work, to its end; whatever happens becomes its status."""
    from botocore.exceptions import ClientError

    try:
        _Run(job, site).run()
    except HostError:
        job.end("Failed", FailureReason=_PING_REASON)
    except (ConfigurationError, ClientError) as error:
        job.end("Failed", FailureReason=f"ClientError: {error}"[:1024])
    except Exception:  # the edge of a thread: reported in the record and logged
        logger.exception("transform job %s failed", job.name)
        job.end(
            "Failed",
            FailureReason=_INTERNAL_REASON,
        )


def payloads(data: bytes, *, by_line: bool, many: bool, limit: int) -> Iterator[bytes]:
    r"""Cut an object into the bodies of requests; each line keeps its newline, empty lines go.

    Parameters
    ----------
    data : bytes
    by_line : bool
        Whether a line is a record; else the whole is one.
    many : bool
        Whether a body holds as many records as fit.
    limit : int
        Bytes of a body.

    Raises
    ------
    ConfigurationError
        A record does not fit.

    Examples
    --------
    >>> list(payloads(b"1\n2\n3\n", by_line=True, many=True, limit=4))
    [b'1\n2\n', b'3\n']
    """
    records = [data]
    if by_line:  # at "\n" alone: bytes.splitlines would also cut at "\r"
        records = [line + b"\n" for line in data.replace(b"\r\n", b"\n").split(b"\n") if line]
    body = bytearray()
    for record in records:
        if len(record) > limit:
            raise ConfigurationError(
                f"a record of {len(record)} bytes is over the limit of {limit}"
            )
        if body and (not many or len(body) + len(record) > limit):
            yield bytes(body)
            body.clear()
        body += record
    if body:
        yield bytes(body)


@dataclass(frozen=True, slots=True)
class _Plan:
    """How the job sends: the request's word, else the container's, else SageMaker's."""

    concurrent: int
    megabytes: int
    many: bool

    def environment(self) -> dict[str, str]:
        return {
            "SAGEMAKER_BATCH": "true",
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": str(self.megabytes),
            "SAGEMAKER_BATCH_STRATEGY": self.strategy,
            "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": str(self.concurrent),
        }

    @property
    def strategy(self) -> str:
        return "MULTI_RECORD" if self.many else "SINGLE_RECORD"


class _Run:
    def __init__(self, job: TransformJob, site: Site) -> None:
        self.job = job
        self.site = site
        self.request = job.describe()
        instance = f"{job.name}/i-{0:017x}"
        self.log = site.logs.open(_LOG_GROUP, instance)
        self.data_log: LogStream = site.logs.open(_LOG_GROUP, f"{instance}/data-log")
        self.input = self.request["TransformInput"]
        self.output = self.request["TransformOutput"]
        client = self.request.get("ModelClientConfig", {})
        self.timeout = float(client.get("InvocationsTimeoutInSeconds", 600))
        self.attempts = 1 + client.get("InvocationsMaxRetries", 3)
        self.failures: list[str] = []

    def run(self) -> None:
        """List the input, start the container, transform each object."""
        objects = find_objects(self.site.s3, self.input["DataSource"]["S3DataSource"])
        wanted = self._plan({})
        host = Host(
            self.site,
            self.job.container,
            self.site.directory / "transform" / f"{next(self.site.serial)}-{self.job.name}",
            self.log.write,
            self.request.get("Environment", {}) | wanted.environment(),
        )
        try:
            host.start()
            self.job.begin()
            plan = self._plan(self._execution_parameters(host))
            self.data_log.write(
                f"[sagemaker logs]: MaxConcurrentTransforms={plan.concurrent}, "
                f"MaxPayloadInMB={plan.megabytes}, BatchStrategy={plan.strategy}"
            )
            with ThreadPoolExecutor(plan.concurrent) as pool:
                for item in objects:
                    if self.job.stopping.is_set():
                        break
                    self._object(item, host, plan, pool)
        finally:
            host.close()
        if self.failures:
            reason = f"{self.failures[0]}: See job logs for more information"
            self.job.end("Failed", FailureReason=reason)
        else:
            self.job.end("Completed")

    def _execution_parameters(self, host: Host) -> Mapping[str, Any]:
        reply = host.send("GET", "/execution-parameters", b"", {}, self.timeout)
        if reply.status != 200:
            return {}
        try:
            found = json.loads(reply.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def _plan(self, container: Mapping[str, Any]) -> _Plan:
        request = self.request
        strategy = request.get("BatchStrategy") or container.get("BatchStrategy", "MULTI_RECORD")
        return _Plan(
            concurrent=request.get("MaxConcurrentTransforms")
            or container.get("MaxConcurrentTransforms", 1),
            megabytes=request.get("MaxPayloadInMB") or container.get("MaxPayloadInMB", 6),
            many=strategy.replace("_", "").lower() == "multirecord",
        )

    def _object(
        self, item: SourceObject, host: Host, plan: _Plan, pool: ThreadPoolExecutor
    ) -> None:
        """Transform one object; a failure is noted, and leaves no output."""
        try:
            data = self.site.s3.get_object(Bucket=item.bucket, Key=item.key)["Body"].read()
            if self.input.get("CompressionType") == "Gzip":
                data = gzip.decompress(data)
            bodies = payloads(
                data,
                by_line=self.input.get("SplitType") == "Line",
                many=plan.many,
                limit=plan.megabytes * _MEGABYTE,
            )
            answers = list(pool.map(lambda body: self._send(host, body), bodies))
        except (_RefusedError, ConfigurationError, zlib.error, OSError, EOFError) as error:
            kind = error.kind if isinstance(error, _RefusedError) else "ClientError"
            for line in str(error).splitlines() or [""]:
                self.data_log.write(f"{item.bucket}/{item.key}: {line}")
            self.failures.append(kind)
            return
        if self.output.get("AssembleWith") == "Line":
            answers = [answer if answer.endswith(b"\n") else answer + b"\n" for answer in answers]
        bucket, prefix = split_uri(self.output["S3OutputPath"])
        key = "/".join(filter(None, [prefix.strip("/"), f"{item.name}.out"]))
        self.site.s3.put_object(Bucket=bucket, Key=key, Body=b"".join(answers))

    def _send(self, host: Host, body: bytes) -> bytes:
        if self.job.stopping.is_set():
            return b""
        headers = {
            "Content-Type": self.input.get("ContentType"),
            "Accept": self.output.get("Accept"),
        }
        present = {name: value for name, value in headers.items() if value}
        problem = _RefusedError("AlgorithmError", "Unable to get response from algorithm")
        for _ in range(self.attempts):
            try:
                reply = host.send("POST", "/invocations", body, present, self.timeout)
            except (TimeoutError, HostError):
                continue
            if reply.status < 300:
                return reply.body
            text = reply.body.decode("utf-8", "replace")
            kind = "ClientError" if reply.status < 500 else "AlgorithmError"
            problem = _RefusedError(kind, f"{kind}: {reply.status}\n\nMessage:\n{text}")
            if kind == "ClientError":
                break
        raise problem


class _RefusedError(Exception):
    """The container did not answer a request well."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind

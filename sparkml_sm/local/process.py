"""One process is the local SageMaker: the S3 server beside it, all else behind one port."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import signal
import string
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sparkml_sm.local.endpoint_configs import EndpointConfigs
from sparkml_sm.local.endpoints import Endpoints
from sparkml_sm.local.gateway import Gateway, Service
from sparkml_sm.local.guard import guarded, kill, signals, watch_parent
from sparkml_sm.local.logs import Logs
from sparkml_sm.local.models import Models
from sparkml_sm.local.runtime import Runtime
from sparkml_sm.local.s3 import REGION, Keys, ObjectStore, s3_client
from sparkml_sm.local.server import HttpServer
from sparkml_sm.local.site import Site
from sparkml_sm.local.sts import Sts
from sparkml_sm.local.tags import Tags
from sparkml_sm.local.training_jobs import TrainingJobs
from sparkml_sm.local.transform_jobs import TransformJobs

__all__ = ["serve_forever"]

logger = logging.getLogger(__name__)

_KEY_LETTERS = string.ascii_uppercase + "234567"


def serve_forever(owned: Path | None = None, invocation_timeout: float = 60.0) -> int:
    """Run the local SageMaker until SIGINT or SIGTERM; print its ``export`` lines once all answers.

    Parameters
    ----------
    owned : Path, optional
        Set by a parent that holds our stdin: work in this directory, and end when stdin ends.
    invocation_timeout : float, default 60.0
        Seconds that a container may take for one InvokeEndpoint.

    Returns
    -------
    int
        The exit status: 0 after a signal or at the parent's end, 1 where nobody reads the lines.
    """
    _forget_the_users_settings()
    directory = owned or Path(tempfile.mkdtemp(prefix="sparkml-sm-"))
    with (
        signals(signal.SIGINT, signal.SIGTERM) as arrived,
        _removed_at_the_end(directory),
        _running(directory, invocation_timeout) as exports,
    ):
        if not _print_exports(exports):
            return 1
        for _ in [os.read(arrived, 1)] if owned is None else watch_parent(arrived):
            break
        logger.info("stopping")
    return 0


def _print_exports(exports: Mapping[str, str]) -> bool:
    """Print the lines; return whether somebody reads them."""
    # stdout is the interface here: `eval "$(sparkml-sm local)"` in a shell.
    try:
        sys.stdout.write("".join(f"export {name}={value}\n" for name, value in exports.items()))
        sys.stdout.flush()
    except BrokenPipeError:
        # Python writes what is left once more when it ends, and would complain once more.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        return False
    return True


def _forget_the_users_settings() -> None:
    """Keep the user's profiles, endpoints and proxies out of this process's own clients."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            del os.environ[name]
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        os.environ[name] = os.devnull


@contextmanager
def _removed_at_the_end(directory: Path) -> Iterator[None]:
    """Delete the directory, also when this process is killed."""
    janitor = guarded([], env={}, cwd=Path("/"), remove=[directory])
    try:
        yield
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        kill(janitor)


@contextmanager
def _running(directory: Path, invocation_timeout: float) -> Iterator[dict[str, str]]:
    keys = Keys(
        "AKIA" + "".join(secrets.choice(_KEY_LETTERS) for _ in range(16)), secrets.token_urlsafe(30)
    )
    store = ObjectStore(directory / "s3", keys)
    store.start()
    server = None
    site = Site(directory, None, invocation_timeout=invocation_timeout)
    try:
        # While the S3 server starts.
        gateway = Gateway(_services(site), keys)
        store.wait()
        site.s3 = s3_client(store.endpoint, keys, max_pool_connections=64)
        server = HttpServer(gateway.handle)
        threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
        yield {
            "AWS_ENDPOINT_URL_S3": store.endpoint,
            **{f"AWS_ENDPOINT_URL_{name}": server.endpoint for name in _SERVICES},
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": keys.accessKey,
            "AWS_SECRET_ACCESS_KEY": keys.secretKey,
        }
    finally:
        if server is not None:
            server.shutdown()
            server.server_close()
        site.close()
        store.stop()


_SERVICES = ("STS", "SAGEMAKER", "SAGEMAKER_RUNTIME", "LOGS")


def _services(site: Site) -> list[Service]:
    tags = Tags()
    models = Models(site, tags)
    configs = EndpointConfigs(models, tags)
    endpoints = Endpoints(site, configs, tags)
    jobs = (TrainingJobs(site, tags), TransformJobs(site, models, tags))
    return [
        Service("sagemaker", [*jobs, models, configs, endpoints, tags]),
        Service("sagemaker-runtime", [Runtime(site, endpoints)]),
        Service("sts", [Sts()]),
        Service("logs", [Logs(site.logs)]),
    ]

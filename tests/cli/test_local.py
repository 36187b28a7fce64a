from __future__ import annotations

import signal
import subprocess
import sys


def test_exports_are_printed_until_ctrl_c() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "sparkml_sm.cli", "local"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout is not None
        names = [server.stdout.readline().removeprefix("export ").split("=")[0] for _ in range(8)]
        server.send_signal(signal.SIGINT)
        rest = server.stdout.read()

    assert (server.returncode, rest) == (0, "")
    assert sorted(names) == [
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL_LOGS",
        "AWS_ENDPOINT_URL_S3",
        "AWS_ENDPOINT_URL_SAGEMAKER",
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME",
        "AWS_ENDPOINT_URL_STS",
        "AWS_SECRET_ACCESS_KEY",
    ]


def test_the_help_names_what_a_shell_has_to_set() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "sparkml_sm.cli", "local", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS=$AWS_ENDPOINT_URL_LOGS" in shown.stdout
    assert "NO_PROXY=127.0.0.1" in shown.stdout

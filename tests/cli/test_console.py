from __future__ import annotations

import subprocess
import sys

import pytest

from sparkml_sm.cli.console import result_stream


def test_only_the_result_reaches_stdout(capfd: pytest.CaptureFixture[str]) -> None:
    noisy = [sys.executable, "-c", "print('from a child')"]

    with result_stream() as out:
        subprocess.run(noisy, check=True)
        print("the result", file=out)
    subprocess.run(noisy, check=True)

    captured = capfd.readouterr()
    assert captured.out == "the result\nfrom a child\n"
    assert captured.err == "from a child\n"


def test_stdout_is_given_back_after_a_failure(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="on purpose"), result_stream():
        raise ValueError("on purpose")

    subprocess.run([sys.executable, "-c", "print('after')"], check=True)
    assert capfd.readouterr().out == "after\n"

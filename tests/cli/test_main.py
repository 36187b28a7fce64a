from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from sparkml_sm.cli import main


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--version"])

    assert left.value.code == 0
    assert capsys.readouterr().out == f"sparkml-sm {version('sparkml-sm')}\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "COMMAND"),
        (["fly"], "invalid choice"),
        (["demo", "--aws"], "--aws needs --role ARN"),
        (["demo", "--role", "arn:aws:iam::123456789012:role/a"], "--role goes with --aws"),
        (["demo", "--region", "eu-west-1"], "--region goes with --aws"),
        (["demo", "--data", "a", "b", "c"], "--data takes one file"),
    ],
)
def test_wrong_arguments_leave_with_two_and_say_why(
    capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)

    assert left.value.code == 2
    assert complaint in capsys.readouterr().err


def test_a_failure_is_one_line_on_stderr_and_nothing_on_stdout(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "sms.tsv"
    path.write_text("no label here\n")

    status = main(["demo", "--json", "--data", str(path)])

    out, err = capfd.readouterr()
    assert (status, out) == (1, "")
    assert err.splitlines() == [
        f"sparkml-sm: error: {path}, line 1: there is no tab: write label<TAB>text"
    ]


def test_help_needs_nothing_heavy() -> None:
    code = (
        "import sys; from sparkml_sm.cli import main\n"
        "try: main(['demo', '--help'])\n"
        "except SystemExit: print({'boto3', 'numpy', 'pyarrow', 'pyspark'} & set(sys.modules))"
    )

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout.splitlines()[-1] == "set()"

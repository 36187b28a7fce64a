#!/bin/sh
# Make the environment of the predecessor: Python 3.10, Spark 3.3 and sagemaker_pyspark 1.4.5.
# usage: benchmarks/setup_peer.sh [DIRECTORY]   (default: $SPARKML_SM_PEER or a folder in the temporary directory)
# It needs a Python 3.10 (python3.10 on the PATH, named by $PYTHON310, or fetched by uv) and, to run, Java 8 to 17.
set -eu

directory=${1:-${SPARKML_SM_PEER:-${TMPDIR:-/tmp}/sparkml_sm-peer}}
python=${PYTHON310:-python3.10}

if [ -x "$directory/bin/python" ] && "$directory/bin/python" -c "import sagemaker_pyspark" 2>/dev/null; then
    echo "already there: $directory"
    exit 0
fi

if "$python" -c "import venv" 2>/dev/null; then
    "$python" -m venv "$directory"
elif command -v uv >/dev/null 2>&1; then
    uv venv --seed --python 3.10 "$directory"
else
    echo "no Python 3.10: install one, name it in PYTHON310, or install uv" >&2
    exit 1
fi

# Both packages are source archives of 2022: they build with the environment's own old setuptools, and
# classpath_jars() needs pkg_resources at run time.
pip="$directory/bin/python -m pip --disable-pip-version-check install --quiet"
$pip "setuptools<81" wheel
$pip --no-build-isolation "pyspark==3.3.0" "numpy<2" "sagemaker-pyspark==1.4.5"

"$directory/bin/python" -c "
import pyspark, sagemaker_pyspark
print('Spark', pyspark.__version__, 'with', len(sagemaker_pyspark.classpath_jars()), 'jars of the predecessor')"
echo "$directory"

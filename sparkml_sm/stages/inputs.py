"""What an estimator reads of a DataFrame, and where its rows and results go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from sparkml_sm.aws.config import AwsConfig
from sparkml_sm.aws.paths import S3DataPath, S3PathFromConfig, S3Resource
from sparkml_sm.aws.s3 import auto_bucket, check_bucket
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.stages.configuration import configured
from sparkml_sm.stages.progress import report
from sparkml_sm.staging.columns import RowColumns, column_type, row_columns
from sparkml_sm.staging.staged import StagedDataset, stage

__all__ = ["input_columns", "place_uri", "read_once", "stage_rows", "weight_column"]

# `numFeatures` and `vectorType` are options of Spark's LIBSVM reader, which programs pass along.
_OPTIONS = {
    "featuresColumnName",
    "labelColumnName",
    "numFeatures",
    "vectorType",
    "weightColumnName",
}


def input_columns(
    settings: Mapping[str, Any], schema: StructType, *, needs_label: bool
) -> RowColumns:
    """Return the columns that are staged, checked.

    Parameters
    ----------
    settings : mapping
        An estimator's service arguments by name.
    schema : StructType
        Of the DataFrame.
    needs_label : bool
        Whether rows without a label cannot be trained on.

    Raises
    ------
    ConfigurationError
        If an option is unknown or contradicts a parameter.
    InvalidDataError
        If a column is missing or of a wrong type.
    """
    options = settings["trainingSparkDataFormatOptions"] or {}
    for name in options:
        if name not in _OPTIONS:
            known = ", ".join(sorted(_OPTIONS))
            raise ConfigurationError(
                f"trainingSparkDataFormatOptions has no {name!r}: there are {known}"
            )
    projected = settings["trainingProjectedColumns"]
    if projected:
        for name in projected:
            column_type(schema, name)
        schema = StructType([schema[name] for name in projected])
    label = options.get("labelColumnName")
    if label is None and ("label" in schema.names or needs_label):
        label = "label"
    features = options.get("featuresColumnName", "features")
    return row_columns(schema, label, features, weight_column(settings))


@contextmanager
def read_once(dataset: DataFrame, *, wanted: bool) -> Iterator[None]:
    """Keep the rows of `dataset` inside, where `wanted`, so that its plan runs once.

    What a plan computes anew each time it runs, such as a random number in a Python function,
    would put a row into both of two filtered parts, or into none.
    """
    level = dataset.storageLevel
    if not wanted or level.useMemory or level.useDisk:
        yield
        return
    dataset.persist()
    try:
        yield
    finally:
        dataset.unpersist()


def weight_column(settings: Mapping[str, Any]) -> str | None:
    """Return the column of row weights, None where there is none.

    Raises
    ------
    ConfigurationError
        If ``weightCol`` and the predecessor's option name two columns.
    """
    given = settings["weightCol"]
    option: str | None = (settings["trainingSparkDataFormatOptions"] or {}).get("weightColumnName")
    if given and option and given != option:
        raise ConfigurationError(
            f"weightCol={given!r} and the option weightColumnName={option!r} name two columns: "
            "leave out one"
        )
    return given or option


def place_uri(
    place: S3Resource, job: str, clients: tuple[Any, Any], region: str, spark: SparkSession
) -> str:
    """Return the S3 URI of what a job stages or leaves at `place`, in a bucket that may be used.

    Parameters
    ----------
    place : S3Resource
    job : str
        The training job's name.
    clients : (boto3 S3 client, boto3 STS client)
    region : str
    spark : SparkSession
        Whose configuration may name the place.
    """
    s3, sts = clients
    if isinstance(place, S3PathFromConfig):
        place = place.place(configured(spark, place.configKey))
    if isinstance(place, S3DataPath):
        check_bucket(s3, place.bucket)
        folder = place.objectPath.strip("/")
        return f"s3://{place.bucket}/{folder}/{job}" if folder else f"s3://{place.bucket}/{job}"
    return f"s3://{auto_bucket(s3, sts, region)}/{job}"


def stage_rows(
    dataset: DataFrame,
    columns: RowColumns,
    uri: str,
    format: str,  # noqa: A002 (as in `stage`)
    settings: Mapping[str, Any],
    config: AwsConfig,
    *,
    allow_nan: bool,
) -> StagedDataset:
    """Stage the rows of one channel below `uri`, and report how many they are.

    Parameters
    ----------
    dataset : DataFrame
    columns : RowColumns
        What `input_columns` gave.
    uri, format : str
    settings : mapping
        An estimator's service arguments by name.
    config : AwsConfig
    allow_nan : bool
        Whether a feature may be NaN.
    """
    if settings["trainingProjectedColumns"]:
        dataset = dataset.select(*settings["trainingProjectedColumns"])
    features = columns.features
    report(f"staging rows as {format} below {uri}")
    staged = stage(
        dataset,
        uri,
        format,
        labelCol=columns.label,
        featuresCol=features if isinstance(features, str) else list(features),
        weightCol=columns.weight,
        allowNaN=allow_nan,
        kmsKeyId=settings["inputKmsKeyId"],
        config=config,
    )
    objects = len(staged.objects)
    report(f"staged {staged.rows:,} rows, {staged.bytes:,} bytes, in {objects:,} objects")
    return staged

"""What a staging tells of the labels, from tasks that each saw a part of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from sparkml_sm.catalog.data import LabelStats
from sparkml_sm.staging.staged import stage


@pytest.mark.parametrize(
    ("label", "stats"),
    [
        ("id", LabelStats(0.0, 2.0, True)),
        ("id / 2 - 1", LabelStats(-1.0, 0.0, False)),
        (None, None),
    ],
)
def test_all_partitions_count_and_empty_ones_do_not(
    spark: SparkSession, tmp_path: Path, label: str | None, stats: LabelStats | None
) -> None:
    df = spark.range(0, 3, numPartitions=4).selectExpr(
        f"{label or 0} as label", "array(1D, 2D) as features"
    )
    staged = stage(df, tmp_path.as_uri(), "csv", labelCol=label and "label")
    assert staged.rows == 3
    assert staged.labels == stats

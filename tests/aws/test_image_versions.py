"""A version of an image that AWS has not is told before anything is spent."""

from __future__ import annotations

import pytest

from sparkml_sm import ConfigurationError, XGBoostSageMakerEstimator
from sparkml_sm.aws.images import image_uri
from sparkml_sm.catalog.xgboost import XGBOOST

# Every version of XGBoost that AWS names, and so what users of older ones may go on with.
XGBOOST_VERSIONS = [
    "0.90-1",
    "0.90-2",
    "1.0-1",
    "1.2-1",
    "1.2-2",
    "1.3-1",
    "1.5-1",
    "1.7-1",
    "3.0-5",
    "3.2-0",
]


@pytest.mark.parametrize("version", [*XGBOOST_VERSIONS, "1.7-1-cpu-py3", "1", "latest"])
def test_every_version_of_xgboost_has_an_image(version: str) -> None:
    assert f"xgboost:{version}" in image_uri(XGBOOST.repository, version, "us-east-1")


@pytest.mark.parametrize(
    ("repository", "version", "known"),
    [
        (XGBOOST.repository, "3.2-1", XGBOOST_VERSIONS),
        (XGBOOST.repository, "1.7", XGBOOST_VERSIONS),
        ("kmeans", "2", ["1", "latest"]),
        ("lda", "1.7-1", ["1", "latest"]),
    ],
)
def test_an_unknown_version_is_refused_with_the_known_ones(
    repository: str, version: str, known: list[str]
) -> None:
    with pytest.raises(ConfigurationError, match=f"{repository} .*'{version}'") as caught:
        image_uri(repository, version, "us-east-1")
    assert f"there are {', '.join(known)};" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_estimator_of_an_unknown_version_has_no_image() -> None:
    estimator = XGBoostSageMakerEstimator(
        "ml.m5.large", 1, imageVersion="3.3-0", region="us-east-1"
    )
    with pytest.raises(ConfigurationError, match=r"'3\.3-0'.*3\.2-0"):
        _ = estimator.trainingImage

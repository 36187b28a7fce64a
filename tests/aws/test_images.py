"""Image URIs of every partition."""

from __future__ import annotations

import re

import botocore.session
import pytest

from sparkml_sm.aws import images
from sparkml_sm.aws.images import image_uri
from sparkml_sm.catalog.xgboost import XGBOOST
from sparkml_sm.errors import ConfigurationError


@pytest.mark.parametrize(
    ("repository", "version", "region", "uri"),
    [
        (
            "sagemaker-xgboost",
            "3.2-0",
            "us-east-1",
            "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0",
        ),
        (
            "sagemaker-xgboost",
            "1.7-1-cpu-py3",
            "eu-west-1",
            "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:1.7-1-cpu-py3",
        ),
        (
            "sagemaker-xgboost",
            "0.90-2",
            "us-east-1",
            "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:0.90-2-cpu-py3",
        ),
        ("host/team/ranker", "2", "mars-1", "host/team/ranker:2"),
        # What the predecessor sent.
        (
            "sagemaker-xgboost",
            "1",
            "us-east-1",
            "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:1",
        ),
        (
            "xgboost",
            "latest",
            "us-west-2",
            "433757028032.dkr.ecr.us-west-2.amazonaws.com/xgboost:latest",
        ),
        ("kmeans", "1", "us-east-1", "382416733822.dkr.ecr.us-east-1.amazonaws.com/kmeans:1"),
        ("pca", "1", "us-east-1", "382416733822.dkr.ecr.us-east-1.amazonaws.com/pca:1"),
        ("lda", "1", "us-east-1", "766337827248.dkr.ecr.us-east-1.amazonaws.com/lda:1"),
        (
            "linear-learner",
            "1",
            "us-gov-west-1",
            "226302683700.dkr.ecr.us-gov-west-1.amazonaws.com/linear-learner:1",
        ),
        (
            "factorization-machines",
            "1",
            "us-iso-east-1",
            "490574956308.dkr.ecr.us-iso-east-1.c2s.ic.gov/factorization-machines:1",
        ),
        ("kmeans", "1", "cn-north-1", "390948362332.dkr.ecr.cn-north-1.amazonaws.com.cn/kmeans:1"),
        (
            "sagemaker-xgboost",
            "3.2-0",
            "us-isob-east-1",
            "281123927165.dkr.ecr.us-isob-east-1.sc2s.sgov.gov/sagemaker-xgboost:3.2-0",
        ),
        (
            "sagemaker-xgboost",
            "3.2-0",
            "us-isof-south-1",
            "124985052026.dkr.ecr.us-isof-south-1.csp.hci.ic.gov/sagemaker-xgboost:3.2-0",
        ),
    ],
)
def test_image_uri(repository: str, version: str, region: str, uri: str) -> None:
    assert image_uri(repository, version, region) == uri


@pytest.mark.parametrize("repository", images._REGISTRIES)
def test_every_row_is_an_account_in_a_region_of_aws(repository: str) -> None:
    partitions = botocore.session.get_session().get_data("partitions")["partitions"]
    version = images._REGISTRIES[repository].versions[-1]
    for region, account in images._REGISTRIES[repository].accounts.items():
        (suffix,) = (
            partition["outputs"]["dnsSuffix"]
            for partition in partitions
            if re.match(partition["regionRegex"], region)
        )
        uri = image_uri(repository, version, region)
        assert re.fullmatch(r"\d{12}", account)
        assert uri == f"{account}.dkr.ecr.{region}.{suffix}/{repository}:{version}"


@pytest.mark.parametrize(
    ("repository", "regions"),
    [
        ("kmeans", 37),
        ("pca", 37),
        ("linear-learner", 37),
        ("factorization-machines", 37),
        ("lda", 16),
        ("xgboost", 33),
        (XGBOOST.repository, 37),
    ],
)
def test_the_table_is_whole(repository: str, regions: int) -> None:
    assert len(images._REGISTRIES[repository].accounts) == regions


@pytest.mark.parametrize(
    ("repository", "version", "region", "words"),
    [
        ("sagemaker-xgboost", "3.2-0", "us-west-3", "region `us-west-3`.*did you mean `us-west-"),
        ("lda", "1", "af-south-1", "image lda:1 in region `af-south-1`"),
        ("kmeens", "1", "us-east-1", "no image repository `kmeens`.*did you mean `kmeans`"),
        ("kmeans", "1:2", "us-east-1", "'1:2' is no image version"),
        ("kmeans", "", "us-east-1", "'' is no image version"),
        ("kmeans", "7", "us-east-1", "no version '7' that is known: there are 1, latest"),
        ("sagemaker-xgboost", "3.20", "us-east-1", r"version '3.20'.* 3\.0-5, 3\.2-0; for a newer"),
    ],
)
def test_what_is_unknown_is_refused(repository: str, version: str, region: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        image_uri(repository, version, region)

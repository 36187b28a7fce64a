"""Where the images of SageMaker's algorithms lie: an account of AWS for every region.

The accounts were read on 2026-11-21 from the JSON files of ``sagemaker-core`` 2.27.0
(``sagemaker/core/image_uri_config``). A region that is missing here is a region in which AWS names
no account for the image.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sparkml_sm.errors import ConfigurationError
from sparkml_sm.hyperparameters import near_matches

__all__ = ["image_uri"]

# Registry hosts end as their partition does; source: the partitions of botocore 1.44.
_SUFFIXES = {
    "cn-": "amazonaws.com.cn",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "us-isof-": "csp.hci.ic.gov",
    "eu-isoe-": "cloud.adc-e.uk",
    "eusc-": "amazonaws.eu",
}

# kmeans, pca, linear-learner and factorization-machines share their accounts.
_ALGORITHMS = {
    "af-south-1": "455444449433",
    "ap-east-1": "286214385809",
    "ap-northeast-1": "351501993468",
    "ap-northeast-2": "835164637446",
    "ap-northeast-3": "867004704886",
    "ap-south-1": "991648021394",
    "ap-south-2": "628508329040",
    "ap-southeast-1": "475088953585",
    "ap-southeast-2": "712309505854",
    "ap-southeast-3": "951798379941",
    "ap-southeast-4": "106583098589",
    "ca-central-1": "469771592824",
    "ca-west-1": "190319476487",
    "cn-north-1": "390948362332",
    "cn-northwest-1": "387376663083",
    "eu-central-1": "664544806723",
    "eu-central-2": "680994064768",
    "eu-north-1": "669576153137",
    "eu-south-1": "257386234256",
    "eu-south-2": "104374241257",
    "eu-west-1": "438346466558",
    "eu-west-2": "644912444149",
    "eu-west-3": "749696950732",
    "il-central-1": "898809789911",
    "me-central-1": "272398656194",
    "me-south-1": "249704162688",
    "sa-east-1": "855470959533",
    "us-east-1": "382416733822",
    "us-east-2": "404615174143",
    "us-gov-east-1": "237065988967",
    "us-gov-west-1": "226302683700",
    "us-iso-east-1": "490574956308",
    "us-isob-east-1": "765400339828",
    "us-isof-east-1": "108575199400",
    "us-isof-south-1": "124985052026",
    "us-west-1": "632365934929",
    "us-west-2": "174872318107",
}

_LDA = {
    "ap-northeast-1": "258307448986",
    "ap-northeast-2": "293181348795",
    "ap-south-1": "991648021394",
    "ap-southeast-1": "475088953585",
    "ap-southeast-2": "297031611018",
    "ca-central-1": "469771592824",
    "eu-central-1": "353608530281",
    "eu-west-1": "999678624901",
    "eu-west-2": "644912444149",
    "us-east-1": "766337827248",
    "us-east-2": "999911452149",
    "us-gov-west-1": "226302683700",
    "us-iso-east-1": "490574956308",
    "us-isob-east-1": "765400339828",
    "us-west-1": "632365934929",
    "us-west-2": "266724342769",
}

_XGBOOST_1 = {
    "af-south-1": "455444449433",
    "ap-east-1": "286214385809",
    "ap-northeast-1": "501404015308",
    "ap-northeast-2": "306986355934",
    "ap-northeast-3": "867004704886",
    "ap-south-1": "991648021394",
    "ap-south-2": "628508329040",
    "ap-southeast-1": "475088953585",
    "ap-southeast-2": "544295431143",
    "ap-southeast-3": "951798379941",
    "ap-southeast-4": "106583098589",
    "ca-central-1": "469771592824",
    "cn-north-1": "390948362332",
    "cn-northwest-1": "387376663083",
    "eu-central-1": "813361260812",
    "eu-central-2": "680994064768",
    "eu-north-1": "669576153137",
    "eu-south-1": "257386234256",
    "eu-south-2": "104374241257",
    "eu-west-1": "685385470294",
    "eu-west-2": "644912444149",
    "eu-west-3": "749696950732",
    "me-central-1": "272398656194",
    "me-south-1": "249704162688",
    "sa-east-1": "855470959533",
    "us-east-1": "811284229777",
    "us-east-2": "825641698319",
    "us-gov-east-1": "237065988967",
    "us-gov-west-1": "226302683700",
    "us-iso-east-1": "490574956308",
    "us-isob-east-1": "765400339828",
    "us-west-1": "632365934929",
    "us-west-2": "433757028032",
}

_XGBOOST = {
    "af-south-1": "510948584623",
    "ap-east-1": "651117190479",
    "ap-northeast-1": "354813040037",
    "ap-northeast-2": "366743142698",
    "ap-northeast-3": "867004704886",
    "ap-south-1": "720646828776",
    "ap-south-2": "628508329040",
    "ap-southeast-1": "121021644041",
    "ap-southeast-2": "783357654285",
    "ap-southeast-3": "951798379941",
    "ap-southeast-4": "106583098589",
    "ca-central-1": "341280168497",
    "ca-west-1": "190319476487",
    "cn-north-1": "450853457545",
    "cn-northwest-1": "451049120500",
    "eu-central-1": "492215442770",
    "eu-central-2": "680994064768",
    "eu-north-1": "662702820516",
    "eu-south-1": "978288397137",
    "eu-south-2": "104374241257",
    "eu-west-1": "141502667606",
    "eu-west-2": "764974769150",
    "eu-west-3": "659782779980",
    "il-central-1": "898809789911",
    "me-central-1": "272398656194",
    "me-south-1": "801668240914",
    "sa-east-1": "737474898029",
    "us-east-1": "683313688378",
    "us-east-2": "257758044811",
    "us-gov-east-1": "237065988967",
    "us-gov-west-1": "414596584902",
    "us-iso-east-1": "833128469047",
    "us-isob-east-1": "281123927165",
    "us-isof-east-1": "108575199400",
    "us-isof-south-1": "124985052026",
    "us-west-1": "746614075791",
    "us-west-2": "246618743249",
}


@dataclass(frozen=True, slots=True)
class _Registry:
    """One image repository, the account that holds it in each region, and its versions."""

    repository: str
    accounts: Mapping[str, str]
    versions: tuple[str, ...] = ("1", "latest")


_XGBOOST_VERSIONS = (
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
)
_REGISTRIES = {
    "factorization-machines": _Registry("factorization-machines", _ALGORITHMS),
    "kmeans": _Registry("kmeans", _ALGORITHMS),
    "lda": _Registry("lda", _LDA),
    "linear-learner": _Registry("linear-learner", _ALGORITHMS),
    "pca": _Registry("pca", _ALGORITHMS),
    "sagemaker-xgboost": _Registry("sagemaker-xgboost", _XGBOOST, _XGBOOST_VERSIONS),
    "xgboost": _Registry("xgboost", _XGBOOST_1),
}
# The tags of XGBoost's first versions say what they are built for; the source names them so, too.
_LONG_TAGS = {version: f"{version}-cpu-py3" for version in ("0.90-1", "0.90-2", "1.0-1")}
# Version 1 of XGBoost, the predecessor's, has a repository and accounts of its own.
_FIRST_VERSIONS = {"sagemaker-xgboost": "xgboost"}


def image_uri(repository: str, version: str, region: str) -> str:
    """Return the URI of an algorithm's image.

    Parameters
    ----------
    repository : str
        As `sparkml_sm.catalog` names it, such as ``"sagemaker-xgboost"``. One with its registry,
        such as ``"123456789012.dkr.ecr.eu-west-1.amazonaws.com/mine"``, is the same in all regions.
    version : str
        The image's version or tag. Versions ``"1"`` and ``"latest"`` of ``"sagemaker-xgboost"``
        are the predecessor's image, which lies in the repository ``xgboost``.
    region : str
        An AWS region of any partition.

    Raises
    ------
    ConfigurationError
        The repository or version is unknown, the tag cannot be one, or AWS names no account for the
        region; near matches are listed.

    Examples
    --------
    >>> image_uri("sagemaker-xgboost", "3.2-0", "us-west-2")
    '246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:3.2-0'
    """
    if not re.fullmatch(r"\w[\w.-]{0,127}", version, re.ASCII):
        raise ConfigurationError(f"{version!r} is no image version; use one such as '3.2-0'")
    if "/" in repository:
        return f"{repository}:{version}"
    name = _FIRST_VERSIONS.get(repository, repository) if version in {"1", "latest"} else repository
    registry = _REGISTRIES.get(name)
    if registry is None:
        hint = near_matches(name, _REGISTRIES)
        raise ConfigurationError(f"no image repository `{name}` is known; pass an image URI{hint}")
    if version.partition("-cpu")[0] not in registry.versions:
        known = ", ".join(registry.versions)
        raise ConfigurationError(
            f"image {name} has no version {version!r} that is known: there are {known}; for a "
            "newer one use SageMakerEstimator with its trainingImage"
        )
    account = registry.accounts.get(region)
    if account is None:
        hint = near_matches(region, registry.accounts)
        raise ConfigurationError(
            f"no account is known for image {name}:{version} in region `{region}`; "
            f"use another region or pass an image URI{hint}"
        )
    tag = _LONG_TAGS.get(version, version)
    return f"{account}.dkr.ecr.{region}.{_suffix(region)}/{name}:{tag}"


def _suffix(region: str) -> str:
    for prefix, suffix in _SUFFIXES.items():
        if region.startswith(prefix):
            return suffix
    return "amazonaws.com"

"""The IAM role that SageMaker acts under."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyspark.sql import SparkSession

from sparkml_sm.errors import ConfigurationError
from sparkml_sm.stages.configuration import configured

__all__ = ["IAMRole", "IAMRoleFromConfig", "IAMRoleResource", "check_role", "role_arn"]

_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-/]+")
_NAME = re.compile(r"[a-zA-Z_0-9+=,.@\-]{1,64}")
_CONFIG_KEY = "com.amazonaws.services.sagemaker.sparksdk.sagemakerrole"


class IAMRoleResource:
    """Names the role that training jobs and endpoints act under."""

    def find(self, spark: SparkSession) -> str | None:
        """Return the role as the user named it, or None."""
        raise NotImplementedError(f"{type(self).__name__} must define find(spark)")


@dataclass(frozen=True, slots=True)
class IAMRole(IAMRoleResource):
    """A role by its ARN.

    Parameters
    ----------
    role : str
        Such as ``"arn:aws:iam::123456789012:role/SageMakerRole"``; checked when `fit` starts.
    """

    role: str

    def find(self, spark: SparkSession) -> str | None:  # noqa: ARG002 (the base's signature)
        """Return `role`."""
        return self.role


@dataclass(frozen=True, slots=True)
class IAMRoleFromConfig(IAMRoleResource):
    """A role whose ARN stands in Spark's configuration.

    Parameters
    ----------
    configKey : str
        The key, with or without ``spark.`` before it: spark-submit's ``--conf`` drops other keys.
    """

    configKey: str = _CONFIG_KEY

    def find(self, spark: SparkSession) -> str | None:
        """Return the configured role, or None where the key is not set."""
        return configured(spark, self.configKey)


def role_arn(role: IAMRoleResource, spark: SparkSession) -> str:
    """Return the ARN of `role`, or raise `ConfigurationError` saying how to name one."""
    found = role.find(spark)
    if not found:
        key = getattr(role, "configKey", _CONFIG_KEY)
        raise ConfigurationError(
            "no role for SageMaker: pass sagemakerRole=IAMRole('arn:aws:iam::...:role/...'), or "
            f"set spark.{key}"
        )
    problem = check_role(found)
    if problem:
        raise ConfigurationError(f"role {found!r} {problem}")
    return found


def check_role(value: object) -> str | None:
    """Return what is wrong with a role's ARN, or None.

    SageMaker takes no bare role name, and only IAM knows the path and the account that belong to
    one, so a name is not guessed at.
    """
    if isinstance(value, str) and _ARN.fullmatch(value):
        return None
    name = value if isinstance(value, str) and _NAME.fullmatch(value) else "<name>"
    return f"is no role ARN: write it as 'arn:aws:iam::<account>:role/{name}'"

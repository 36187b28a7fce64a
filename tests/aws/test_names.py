from __future__ import annotations

import pytest

from sparkml_sm.aws.names import NamePolicy, RandomNamePolicy, RandomNamePolicyFactory
from sparkml_sm.errors import ConfigurationError


def test_every_policy_has_names_of_its_own_and_one_suffix_for_all_four() -> None:
    first, second = (RandomNamePolicyFactory("spam-").createNamePolicy() for _ in range(2))
    assert first.modelName != second.modelName
    assert first.modelName.startswith("spam-model-")
    assert first.modelName.removeprefix("spam-model") == first.endpointName.removeprefix(
        "spam-endpoint"
    )


def test_a_prefix_of_twelve_characters_keeps_within_sagemakers_63() -> None:
    policy = RandomNamePolicy("x" * 11 + "-")
    policy.check()
    assert len(policy.endpointConfigName) == 63


@pytest.mark.parametrize("name", ["", "-a", "a-", "a_b", "ä", "x" * 64])
def test_a_name_that_sagemaker_refuses_is_named(name: str) -> None:
    with pytest.raises(ConfigurationError, match="modelName"):
        NamePolicy("job", name, "config", "endpoint").check()


def test_a_prefix_that_is_too_long_is_refused_before_anything_is_created() -> None:
    with pytest.raises(ConfigurationError, match="endpointConfigName"):
        RandomNamePolicy("x" * 12 + "-").check()

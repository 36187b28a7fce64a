from __future__ import annotations

import re
import time

import pytest

from sparkml_sm.aws.names import (
    CustomNamePolicy,
    CustomNamePolicyFactory,
    CustomNamePolicyWithTimeStampSuffix,
    CustomNamePolicyWithTimeStampSuffixFactory,
    NamePolicy,
    NamePolicyFactory,
    RandomNamePolicy,
    RandomNamePolicyFactory,
)
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


def test_given_names_stay_as_they_are() -> None:
    policy = CustomNamePolicyFactory("job", "m", "c", "e").createNamePolicy()
    assert policy == CustomNamePolicy("job", "m", "c", "e")
    policy.check()


def test_a_time_stamp_is_the_same_in_all_four_names_and_new_with_each_fit() -> None:
    factory = CustomNamePolicyWithTimeStampSuffixFactory("job", "m", "c", "e")
    first = factory.createNamePolicy()
    assert isinstance(first, CustomNamePolicyWithTimeStampSuffix)
    stamp = first.trainingJobName.removeprefix("job-")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}", stamp)
    assert list(vars(first).values()) == [f"{name}-{stamp}" for name in ("job", "m", "c", "e")]
    time.sleep(0.002)
    assert factory.createNamePolicy() != first


def test_a_name_of_39_characters_leaves_room_for_the_time() -> None:
    CustomNamePolicyWithTimeStampSuffix(*["x" * 39] * 4).check()
    with pytest.raises(ConfigurationError, match="trainingJobName"):
        CustomNamePolicyWithTimeStampSuffix(*["x" * 40] * 4).check()


def test_a_factory_without_a_way_to_make_names_says_so() -> None:
    with pytest.raises(NotImplementedError, match="NamePolicyFactory must define createNamePolicy"):
        NamePolicyFactory().createNamePolicy()


@pytest.mark.parametrize("name", ["", "-a", "a-", "a_b", "ä", "x" * 64])
def test_a_name_that_sagemaker_refuses_is_named(name: str) -> None:
    with pytest.raises(ConfigurationError, match="modelName"):
        NamePolicy("job", name, "config", "endpoint").check()


def test_a_prefix_that_is_too_long_is_refused_before_anything_is_created() -> None:
    with pytest.raises(ConfigurationError, match="endpointConfigName"):
        RandomNamePolicy("x" * 12 + "-").check()

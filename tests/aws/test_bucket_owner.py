"""A bucket whose name can be guessed is used after S3 has said whose it is."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from sparkml_sm.aws.s3 import auto_bucket
from sparkml_sm.errors import AccessDeniedError

ACCOUNT = "123456789012"
BUCKET = f"{ACCOUNT}-sagemaker-eu-west-1"
KEYS = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}


def _stubbed(service: str) -> tuple[Any, Stubber]:
    client = boto3.client(service, "eu-west-1", **KEYS)
    stubber = Stubber(client)
    stubber.activate()
    return client, stubber


@pytest.mark.parametrize("taken", ["BucketAlreadyOwnedByYou", "BucketAlreadyExists"])
def test_the_owner_of_the_accounts_bucket_is_asked_for(taken: str) -> None:
    """The stranger's bucket may be open to all: the owner alone tells it from one's own."""
    s3, of_s3 = _stubbed("s3")
    sts, of_sts = _stubbed("sts")
    place = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    asked = {"Bucket": BUCKET, "ExpectedBucketOwner": ACCOUNT}
    of_sts.add_response("get_caller_identity", {"Account": ACCOUNT})
    of_s3.add_client_error("create_bucket", taken, expected_params={"Bucket": BUCKET, **place})
    if taken == "BucketAlreadyOwnedByYou":
        of_s3.add_response("head_bucket", {}, asked)
        assert auto_bucket(s3, sts, "eu-west-1") == BUCKET
    else:
        of_s3.add_client_error("head_bucket", "403", http_status_code=403, expected_params=asked)
        with pytest.raises(AccessDeniedError, match=f"{BUCKET}.*account {ACCOUNT}.*belongs to an"):
            auto_bucket(s3, sts, "eu-west-1")
    of_s3.assert_no_pending_responses()

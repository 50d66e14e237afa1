"""Every refusal that a deployment is known to meet has its hint, and no name in the table is misspelt."""

from __future__ import annotations

import botocore.exceptions
import pytest

from musicdiff_job.store.s3_hints import HINTS, hint_for, read_denied

BOTO3 = [name for name in HINTS if (name.endswith("Error") and name != "InternalError") or name == "ProfileNotFound"]


@pytest.mark.parametrize("name", BOTO3)
def test_boto3_knows_these_exceptions(name: str) -> None:
    assert issubclass(getattr(botocore.exceptions, name), Exception)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (botocore.exceptions.NoCredentialsError(), "AWS_ACCESS_KEY_ID"),
        (botocore.exceptions.PartialCredentialsError(provider="env", cred_var="x"), "AWS_ACCESS_KEY_ID"),
        (botocore.exceptions.UnauthorizedSSOTokenError(), "AWS_PROFILE, or a role"),
        (botocore.exceptions.ProfileNotFound(profile="x"), "~/.aws"),
        (botocore.exceptions.EndpointConnectionError(endpoint_url="x", error="y"), "look at the network"),
        (botocore.exceptions.ReadTimeoutError(endpoint_url="x", error="y"), "look at the network"),
        (botocore.exceptions.SSLError(endpoint_url="x", error="y"), "AWS_CA_BUNDLE"),
        (botocore.exceptions.EndpointResolutionError(msg="x"), "AWS_ENDPOINT_URL_S3"),
    ],
)
def test_what_to_do_by_what_boto3_says(error: Exception, told: str) -> None:
    assert told in hint_for(error)


def test_a_code_decides_and_what_is_unknown_has_no_hint() -> None:
    error = botocore.exceptions.NoCredentialsError()
    assert "create the bucket" in hint_for(error, "NoSuchBucket")
    assert hint_for(error, "ImATeapot") == ""
    assert hint_for(ValueError()) == ""


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Access Denied", "there may be none yet"),
        ("", "there may be none yet"),
        ("not authorized to perform: s3:ListBucket on", "probably no checkpoint yet"),
        ("not authorized to perform: s3:GetObject on", "allow s3:GetObject on it"),
        ("not authorized to perform: kms:Decrypt on", "allow kms:Decrypt and kms:GenerateDataKey"),
    ],
)
def test_a_denied_read_is_told_by_the_permission_that_s3_names(message: str, told: str) -> None:
    assert told in read_denied(message)

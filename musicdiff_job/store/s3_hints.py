"""What a refusal of S3, or of boto3 before it reached S3, means for a checkpoint, and what to do about it.

Foreign messages are never passed on, because some of them quote the request, its signature or an address with a
password in it. What is told is the error code that S3 gave, or the name of boto3's exception.
"""

from __future__ import annotations

import re

_CREDENTIALS = (
    "give boto3 credentials that are valid now: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or a role"
)
_REGION = "set AWS_REGION to the region in which the bucket is"
_AWS_SETTINGS = "look at AWS_PROFILE, AWS_CONFIG_FILE and the files in ~/.aws"
_UNREACHABLE = (
    "nothing to do if it passes: the next run goes on. Else look at the network, AWS_REGION and AWS_ENDPOINT_URL_S3"
)
_LATER = "nothing to do: the next run goes on"
_KEY = "allow kms:Decrypt and kms:GenerateDataKey on the key that encrypts the bucket"

HINTS: dict[str, str] = {
    # S3's error codes
    "AccessDenied": "allow s3:GetObject and s3:PutObject on the object and those named after it; see docs/s3.md",
    "AllAccessDisabled": "the bucket's account is closed to requests; ask its owner",
    "AuthorizationHeaderMalformed": _REGION,
    "ExpiredToken": _CREDENTIALS,
    "IllegalLocationConstraintException": _REGION,
    "InternalError": _LATER,
    "InvalidAccessKeyId": _CREDENTIALS,
    "InvalidObjectState": "a lifecycle rule has archived the checkpoint; restore it and exempt it from that rule",
    "InvalidToken": _CREDENTIALS,
    "KMS.DisabledException": _KEY,
    "KMS.NotFoundException": _KEY,
    "NoSuchBucket": "create the bucket, or correct checkpoint.url",
    "NotImplemented": "this store does not know conditional writes (If-Match), without which runs overwrite each other",
    "PermanentRedirect": _REGION,
    "RequestTimeTooSkewed": "set this machine's clock",
    "ServiceUnavailable": _LATER,
    "SignatureDoesNotMatch": _CREDENTIALS,
    "SlowDown": _LATER,
    # boto3's exceptions; one that is not named here is looked up by what it is a kind of
    "ConfigParseError": _AWS_SETTINGS,
    "ConnectionError": _UNREACHABLE,
    "CredentialRetrievalError": _CREDENTIALS,
    "EndpointProviderError": "AWS_ENDPOINT_URL_S3 and AWS_REGION must be such that they make an address",
    "HTTPClientError": _UNREACHABLE,
    "LoginError": _CREDENTIALS,
    "NoAuthTokenError": _CREDENTIALS,
    "NoCredentialsError": _CREDENTIALS,
    "PartialCredentialsError": _CREDENTIALS,
    "ProfileNotFound": _AWS_SETTINGS,
    "SSOError": _CREDENTIALS,
    "SSLError": "S3's certificate is not trusted here; AWS_CA_BUNDLE names the file of those that are",
    "TokenRetrievalError": _CREDENTIALS,
}
"""What to do, by S3's error code or the name of boto3's exception."""

_NONE_YET = "`musicdiff-job checkpoint init` creates it"
_READABLE = "allow s3:GetObject on it"


def read_denied(message: str) -> str:
    """What to do when a read is denied. S3 denies the read of an object that does not exist as well, when it may not
    tell that it does not exist, which takes ``s3:ListBucket``; in its own account it names the missing permission."""
    action = re.search(r"\b(?:s3:ListBucket|s3:GetObject|kms:[A-Za-z]+)\b", message)
    match action[0] if action else "":
        case "s3:ListBucket":
            return f"S3 asks for s3:ListBucket, so there is probably no checkpoint yet: {_NONE_YET}"
        case "s3:GetObject":
            return f"S3 asks for s3:GetObject: {_READABLE}"
        case "":
            return (
                f"there may be none yet, which S3 only tells whom it allows s3:ListBucket: {_NONE_YET}. "
                f"If that says that there is one, {_READABLE}"
            )
        case _:
            return _KEY


def hint_for(error: BaseException, code: str = "") -> str:
    """What to do about S3's error ``code`` or, without one, about boto3's exception; "" when nothing is known."""
    if code:
        return HINTS.get(code, "")
    return next((HINTS[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in HINTS), "")

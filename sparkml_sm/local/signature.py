"""Refuses requests that are not signed with this run's keys, by botocore's own SigV4 signer."""

from __future__ import annotations

import hmac
import re
from urllib.parse import quote

from sparkml_sm.local.faults import AwsError
from sparkml_sm.local.protocol import HttpRequest
from sparkml_sm.local.s3 import Keys

__all__ = ["verify"]

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<key>[^/,\s]+)/(?P<date>\d{8})/(?P<region>[^/]+)/"
    r"(?P<service>[^/]+)/aws4_request,"
    r"\s*SignedHeaders=(?P<headers>[^,\s]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)


def verify(request: HttpRequest, keys: Keys) -> None:
    """Check the request's signature.

    Raises
    ------
    AwsError
        It has none, or another run's.
    """
    match = _AUTHORIZATION.fullmatch(request.headers.get("authorization", "").strip())
    if match is None:
        raise AwsError("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
    if match["key"] != keys.accessKey:
        raise AwsError(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
            403,
        )
    if not hmac.compare_digest(_signature(request, keys, match), match["signature"]):
        raise AwsError(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method.",
            403,
        )


def _signature(request: HttpRequest, keys: Keys, match: re.Match[str]) -> str:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    signed = {name: request.headers.get(name, "") for name in match["headers"].split(";")}
    url = f"http://{request.headers.get('host', '')}{quote(request.path, safe='/~%')}"
    if request.query:
        url += f"?{request.query}"
    rebuilt = AWSRequest(method=request.method, url=url, data=request.body, headers=signed)
    rebuilt.context["timestamp"] = request.headers.get("x-amz-date", "")
    signer = SigV4Auth(
        Credentials(keys.accessKey, keys.secretKey), match["service"], match["region"]
    )
    # The headers that the client signed; AWS's Java SDK signs some that botocore never does.
    signer.headers_to_sign = lambda request: request.headers
    text = signer.string_to_sign(rebuilt, signer.canonical_request(rebuilt))
    return str(signer.signature(text, rebuilt))

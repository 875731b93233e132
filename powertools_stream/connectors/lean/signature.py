"""Signature Version 4 of requests whose headers are known already (pure).

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256

__all__ = ["Signer"]

_ALGORITHM = "AWS4-HMAC-SHA256"


class Signer:
    """Signs the requests of an operation on an endpoint.

    Parameters
    ----------
    path
        The path of the URL, as it is signed.
    signed
        The names of the headers that are signed, in lower case and in order.
    constant
        Those of them that are the same in each request.
    scope
        Region and service: ``("eu-central-1", "dynamodb")``.
    """

    def __init__(self, path: str, signed: Sequence[str], constant: Mapping[str, str], scope: tuple[str, str]) -> None:
        self._scope = scope
        self._lines = [(name, _line(name, constant[name]) if name in constant else None) for name in signed]
        self._names = ";".join(signed)
        self._start = f"POST\n{path}\n\n"

    def authorization(
        self, access_key: str, secret_key: str, time: str, headers: Mapping[str, str], body: bytes
    ) -> str:
        """Return the header ``Authorization``.

        Parameters
        ----------
        access_key, secret_key
            The credentials.
        time
            As in ``X-Amz-Date``: ``"20261129T170000Z"``.
        headers
            Those that are signed and differ from request to request, by their names in lower case.
        body
            The body.
        """
        day = time[:8]
        scope = "/".join((day, *self._scope, "aws4_request"))
        lines = "".join([line or _line(name, headers[name]) for name, line in self._lines])
        request = f"{self._start}{lines}\n{self._names}\n{sha256(body).hexdigest()}"
        text = f"{_ALGORITHM}\n{time}\n{scope}\n{sha256(request.encode()).hexdigest()}"
        signature = hmac.digest(_signing_key(secret_key, day, *self._scope), text.encode(), "sha256").hex()
        return f"{_ALGORITHM} Credential={access_key}/{scope}, SignedHeaders={self._names}, Signature={signature}"


def _line(name: str, value: str) -> str:
    return f"{name}:{' '.join(value.split())}\n"


@lru_cache(maxsize=16)
def _signing_key(secret_key: str, day: str, region: str, service: str) -> bytes:
    """Return the key of a day, which takes longer than the signature itself."""
    key = f"AWS4{secret_key}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key

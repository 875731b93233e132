"""A request that botocore has made, as the template of others of the same operation on the same endpoint."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from botocore.handlers import add_recursion_detection_header
from botocore.utils import normalize_url_path

from powertools_stream.connectors.lean.signature import Signer
from powertools_stream.connectors.transport import WrittenHead

__all__ = ["Template", "template_of"]

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, "
    r"SignedHeaders=(?P<signed>[a-z0-9;-]+), Signature=[0-9a-f]{64}"
)
# The headers that are the same in each call of an operation on an endpoint, …
_CONSTANT = frozenset({"amz-sdk-request", "content-type", "user-agent", "x-amz-target", "x-amzn-query-mode"})
# … and those that are filled in. A request with another one, such as a checksum's, is no template.
_TRACE = "x-amzn-trace-id"
# URLs that neither urllib3 nor `http.client` writes in another way on the wire.
_PLAIN_URL = re.compile(
    r"https?://(?:[A-Za-z0-9-]+\.)*[A-Za-z0-9-]+(?::[0-9]+)?(?:/(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})*)?"
)
_FILLED_IN = frozenset(
    {"amz-sdk-invocation-id", "authorization", "content-length", "x-amz-date", "x-amz-security-token", _TRACE}
)


@dataclass(frozen=True, slots=True)
class Template:
    """What the requests of an operation on an endpoint have in common.

    Parameters
    ----------
    url
        Where they go.
    path
        The same without the host.
    host
        The host, and its port if that is not the scheme's own.
    constant
        The headers that are the same in all.
    signer
        Signs them.
    serialized
        What botocore's serializer makes of the parameters, the body aside.
    pool
        urllib3's pool of connections to the host.
    """

    url: str
    path: str
    host: str
    constant: Mapping[str, str]
    signer: Signer
    serialized: Mapping[str, Any]
    pool: Any

    def headers(self, body: bytes, credentials: Any, sent_at: str | None = None) -> dict[str, str]:
        """Return the headers of a request.

        Parameters
        ----------
        body
            The body.
        credentials
            botocore's frozen credentials.
        sent_at
            The time, as in ``X-Amz-Date``; default: now.
        """
        sent_at = sent_at or time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        filled = {"X-Amz-Date": sent_at}
        signed = {"x-amz-date": sent_at}
        if credentials.token:
            filled["X-Amz-Security-Token"] = signed["x-amz-security-token"] = credentials.token
        filled["Authorization"] = self.signer.authorization(
            credentials.access_key, credentials.secret_key, sent_at, signed, body
        )
        headers = {
            **self.constant,
            **filled,
            "amz-sdk-invocation-id": str(uuid.uuid4()),
            "Content-Length": str(len(body)),
        }
        # It tells Lambda of loops. Each invocation has another one, in the environment.
        add_recursion_detection_header({"headers": headers})
        return headers

    def written(self, headers: dict[str, str]) -> dict[str, str]:
        """Return headers with the head of the request that they make.

        If one would break its line, such as a token that holds an end of line, they come back as they are, for
        `http.client` to refuse them.
        """
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        if lines.count("\n") != len(headers) or lines.count("\r") != len(headers) or not lines.isascii():
            return headers
        # The first two are those that `http.client` adds.
        head = f"POST {self.path} HTTP/1.1\r\nHost: {self.host}\r\nAccept-Encoding: identity\r\n{lines}\r\n"
        return WrittenHead(headers, head.encode("ascii"))


def template_of(
    request: Any, body: bytes, serialized: Mapping[str, Any], credentials: Any, pool: Any
) -> Template | None:
    """Return the template that a request makes, if we would have made and signed the same request; else None.

    Parameters
    ----------
    request
        botocore's ``AWSPreparedRequest``, as it was sent.
    body
        Its body.
    serialized
        What botocore's serializer makes of the parameters, the body aside.
    credentials
        botocore's frozen credentials.
    pool
        urllib3's pool of connections to the host.
    """
    headers = {name: _text(value) for name, value in request.headers.items()}
    named = {name.lower(): value for name, value in headers.items()}
    authorization = _AUTHORIZATION.fullmatch(named.get("authorization", ""))
    url = urlsplit(request.url)
    is_usual = request.method == "POST" and _PLAIN_URL.fullmatch(request.url) and named.keys() <= _CONSTANT | _FILLED_IN
    if authorization is None or not is_usual:
        return None
    signed = tuple(authorization["signed"].split(";"))
    constants = {**{name: named[name] for name in _CONSTANT & named.keys()}, "host": _host(url)}
    template = Template(
        url=request.url,
        path=url.path or "/",
        host=constants["host"],
        constant={name: value for name, value in headers.items() if name.lower() in _CONSTANT},
        signer=Signer(_signed_path(url.path), signed, constants, (authorization["region"], authorization["service"])),
        serialized=serialized,
        pool=pool,
    )
    ours = template.headers(body, credentials, named.get("x-amz-date"))
    return template if _differences(ours, headers) <= {"amz-sdk-invocation-id", _TRACE} else None


def _differences(ours: Mapping[str, str], botocores: Mapping[str, str]) -> set[str]:
    return {name.lower() for name in ours.keys() | botocores.keys() if ours.get(name) != botocores.get(name)}


def _signed_path(path: str) -> str:
    # What is escaped in the URL is escaped again.
    return quote(normalize_url_path(path), safe="/~")


def _host(url: Any) -> str:
    """Return the host as it is signed: without a port that is the scheme's own, and without a user."""
    default = {"http": 80, "https": 443}.get(url.scheme)
    return str(url.hostname) if url.port in (None, default) else f"{url.hostname}:{url.port}"


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)

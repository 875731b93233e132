"""What an `HttpRequest` is on the wire. Pure: checked and encoded on the main thread, before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit, urlunsplit

from powertools_stream.errors import InvalidRequestError
from powertools_stream.payloads.json_text import to_json
from powertools_stream.requests import HttpRequest

__all__ = ["HttpCall", "address_of", "call_of", "origin_of"]

_PARAMS = frozenset({"body", "headers", "json", "method", "params", "url"})
_METHOD = re.compile(r"[A-Z]+")
# https://www.rfc-editor.org/rfc/rfc9110#name-tokens
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
# Of a backslash some readers, urllib3 among them, take the host to end there, and others, urllib.parse among them, not:
# `http://theirs\@ours/` must not pass for one of ours. https://url.spec.whatwg.org/#authority-state
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True, slots=True)
class HttpCall:
    """One call, ready to be sent.

    Parameters
    ----------
    method
        In upper case.
    url
        Whole, with the query string.
    origin
        ``https://host:port``, which limits go by.
    headers
        As they are sent.
    content
        What is sent; None: nothing.
    timeout
        Seconds; None: the connector's.
    """

    method: str
    url: str
    origin: str
    headers: Mapping[str, str]
    content: bytes | None
    timeout: float | None

    @property
    def name(self) -> str:
        """What the call is called in messages: without the query string, which may hold what is secret."""
        return f"{self.method} {self.url.partition('?')[0]}"


def call_of(request: HttpRequest) -> HttpCall:
    """Return the call that a request asks for.

    Raises
    ------
    InvalidRequestError
        A parameter that there is not, an address that is not http or https, or something that cannot be sent.
    """
    params = _checked(request.params)
    url = _url(params)
    headers = _headers(params.get("headers"))
    content, media_type = _content(params)
    if media_type is not None and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = media_type
    if request.timeout is not None and not request.timeout > 0:
        raise InvalidRequestError(f"Expected a time-out of some seconds, but found {request.timeout!r}.")
    _check_max_attempts(request.max_attempts)
    return HttpCall(_method(params, content), urlunsplit(url), origin_of(url), headers, content, request.timeout)


def address_of(url: Any) -> SplitResult:
    """Return the parts of an address that a call may go to; there is but one way to read it.

    Raises
    ------
    InvalidRequestError
        It is not one of http or https, or has a user.
    """
    # The query is not shown: it may hold a key.
    shown = re.sub(r"\?.*", "?…", url, flags=re.DOTALL) if isinstance(url, str) else url
    if not isinstance(url, str) or _UNSAFE.search(url):
        raise InvalidRequestError(
            f"Expected an address, 'https://…', without blanks and backslashes, but found {shown!r}."
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidRequestError(f"Expected an address, 'https://…', but found {shown!r}: {error}.") from error
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or port == 0:
        raise InvalidRequestError(f"Expected an address of http or https with a host, but found {shown!r}.")
    if "@" in parts.netloc:
        # Not shown: it is most often a password.
        raise InvalidRequestError(
            f"Expected an address without a user, but the one of {parts.hostname!r} has one. Put it into the header "
            "'Authorization'."
        )
    return parts._replace(path=parts.path or "/", fragment="")


def origin_of(url: SplitResult) -> str:
    """Return scheme, host and port of an address, spelled in one way."""
    scheme = url.scheme.lower()
    port = url.port or (443 if scheme == "https" else 80)
    host = (url.hostname or "").lower()
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _check_max_attempts(given: Any) -> None:
    if given is not None and not (isinstance(given, int) and given >= 1):
        raise InvalidRequestError(f"Expected max_attempts to be a whole number, 1 or more, but found {given!r}.")


def _checked(params: Any) -> Mapping[str, Any]:
    if not isinstance(params, Mapping):
        raise InvalidRequestError(f"Expected HttpRequest to get a mapping with a 'url', but found {params!r}.")
    if unknown := sorted(map(str, params.keys() - _PARAMS)):
        raise InvalidRequestError(
            f"Expected HttpRequest to get {', '.join(sorted(_PARAMS))}, but found {', '.join(map(repr, unknown))}."
        )
    if params.get("url") is None:
        raise InvalidRequestError(
            f"Expected HttpRequest to get {{'url': 'https://…'}}, but found only {sorted(params)}."
        )
    if params.get("json") is not None and params.get("body") is not None:
        raise InvalidRequestError("Expected HttpRequest to get 'json' or 'body', but found both.")
    return params


def _method(params: Mapping[str, Any], content: bytes | None) -> str:
    method = params.get("method") or ("GET" if content is None else "POST")
    if not isinstance(method, str) or not _METHOD.fullmatch(method.upper()):
        raise InvalidRequestError(f"Expected an HTTP method, such as 'POST', but found {method!r}.")
    return method.upper()


def _url(params: Mapping[str, Any]) -> SplitResult:
    url = address_of(params.get("url"))
    return url._replace(query="&".join(filter(None, (url.query, _query(params.get("params"))))))


def _query(params: Any) -> str:
    if not params:
        return ""
    pairs = params.items() if isinstance(params, Mapping) else params
    try:
        return urlencode([(name, _text(value)) for name, values in pairs for value in _listed(values)])
    except (TypeError, ValueError) as error:
        raise InvalidRequestError(
            f"Expected 'params' to be a mapping or pairs, but found a {type(params).__name__}: {error}."
        ) from error


def _listed(values: Any) -> Iterable[Any]:
    if values is None:
        return ()
    return values if isinstance(values, list | tuple) else (values,)


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _headers(headers: Any) -> dict[str, str]:
    if headers is not None and not isinstance(headers, Mapping):
        raise InvalidRequestError(f"Expected 'headers' to be a mapping, but found a {type(headers).__name__}.")
    given = {str(name): str(_text(value)) for name, value in (headers or {}).items() if value is not None}
    for name, value in given.items():
        if not _HEADER_NAME.fullmatch(name):
            raise InvalidRequestError(f"Expected the name of a header, but found {name!r}.")
        # Not shown: a header may hold a key.
        if "\r" in value or "\n" in value or "\0" in value or not _is_latin_1(value):
            raise InvalidRequestError(f"Expected the header {name!r} to be one line of Latin-1, but it is not.")
    return given


def _is_latin_1(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def _content(params: Mapping[str, Any]) -> tuple[bytes | None, str | None]:
    """Return what is sent, and its media type."""
    if (body := params.get("body")) is not None:
        if isinstance(body, str):
            return body.encode(), "text/plain; charset=utf-8"
        if isinstance(body, bytes | bytearray):
            return bytes(body), "application/octet-stream"
        raise InvalidRequestError(
            f"Expected 'body' to be text or bytes, but found a {type(body).__name__}. A value that is to be sent as "
            "JSON goes into 'json'."
        )
    # A `json` of None is what stands for no content in most clients, so it is that here too.
    return (None, None) if params.get("json") is None else (to_json(params["json"]).encode(), "application/json")

"""Any HTTP service: `HttpRequest`, a call each."""

from __future__ import annotations

import contextlib
import math
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult, urljoin

from powertools_stream.call_options import Pacer, Rate
from powertools_stream.connectors.base import Entry, Operation
from powertools_stream.connectors.clients import Clients
from powertools_stream.connectors.http.calls import HttpCall, address_of, call_of, origin_of
from powertools_stream.connectors.http.pacers import HostPacers
from powertools_stream.connectors.http.pools import Answer, HttpPools
from powertools_stream.connectors.statuses import REDIRECTS, is_success, status_error
from powertools_stream.errors import RequestFailedError
from powertools_stream.payloads.json_text import from_json
from powertools_stream.requests import HttpRequest, HttpResponse, Request

__all__ = ["HttpConnector"]

_MAX_REDIRECTS = 5
# What belongs to the host that the request named, and to no other.
_OWN_HEADERS = frozenset({"authorization", "cookie", "host", "proxy-authorization", "x-api-key"})
# A host that asks for more than this is called again all the same: a record waits no longer than its invocation.
_LONGEST_RETRY_AFTER = 60.0
_CHARSET = re.compile(r"charset=\"?([\w.:-]+)", re.IGNORECASE)


class HttpConnector:
    """Makes HTTP calls, over connections that are kept.

    Parameters
    ----------
    clients
        Not used: no call goes through boto3.
    timeout
        Seconds to wait for an answer to begin, and for each further part of it.
    connect_timeout
        Seconds to wait for a connection.
    max_per_host
        How many calls to one host (scheme, name and port) are under way at most; others wait for their turn. It holds
        for the hundred hosts that were called last, whose connections are kept.
    max_response_bytes
        How long an answer may be.
    follow_redirects
        Whether an answer may send a call that only reads on to another host. To the same host it always may.
    rate
        ``(10, 1)``: at most ten calls a second to one host, evenly spaced.

    Raises
    ------
    TypeError, ValueError
        The rate is none.
    """

    requests: tuple[type[Request], ...] = (HttpRequest,)

    def __init__(
        self,
        clients: Clients | None = None,
        *,
        timeout: float = 10.0,
        connect_timeout: float = 2.0,
        max_per_host: int = 8,
        max_response_bytes: int = 10 * 1024 * 1024,
        follow_redirects: bool = False,
        rate: Rate | None = None,
    ) -> None:
        self._pools = HttpPools(timeout, connect_timeout, max_per_host, max_response_bytes)
        self._follow_redirects = follow_redirects
        given = (math.inf, 1) if rate is None else rate
        Pacer(*given)  # a wrong rate is an error here, and not of each request
        self._pacers = HostPacers(given)

    def entries(self, request: HttpRequest) -> Sequence[Entry]:
        """Return one entry.

        Raises
        ------
        InvalidRequestError
            The request names no http or https address, or holds what cannot be sent.
        """
        call = call_of(request)
        pacers = (self._pacers.of(call.origin),)
        operation = Operation("http", call.method, call.origin, max_attempts=request.max_attempts, pacers=pacers)
        return (Entry(operation, call),)

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        """Make the call; a status of 400 or more, or a redirect that is not followed, is a `StatusError`."""
        (entry,) = entries
        return [self._fetch(entry.payload)]

    def answer(self, request: HttpRequest, responses: Sequence[Any]) -> Any:
        """Return the `HttpResponse`."""
        return responses[0]

    def close(self) -> None:
        """Cut the connections."""
        self._pools.close()

    def _fetch(self, call: HttpCall) -> HttpResponse:
        for _ in range(_MAX_REDIRECTS + 1):
            answer = self._pools.exchange(call)
            target = _redirect_target(call, answer)
            if target is None or not self._may_follow(call, target):
                return self._response(call, answer)
            call = _redirected(call, target)
        raise RequestFailedError("TooManyRedirects", f"{call.name}: redirected more than {_MAX_REDIRECTS} times.")

    def _may_follow(self, call: HttpCall, target: SplitResult) -> bool:
        # A write goes to the address that the request names, or nowhere.
        if call.method not in ("GET", "HEAD"):
            return False
        origin = origin_of(target)
        is_downgrade = call.origin.startswith("https:") and not origin.startswith("https:")
        return origin == call.origin or (self._follow_redirects and not is_downgrade)

    def _response(self, call: HttpCall, answer: Answer) -> HttpResponse:
        if is_success(answer.status):
            return HttpResponse(answer.status, answer.headers, _body(answer, call))
        if (seconds := _retry_after(answer)) is not None:
            self._pacers.of(call.origin).hold(time.monotonic() + min(seconds, _LONGEST_RETRY_AFTER))
        outcome = _outcome_text(answer)
        raise status_error(
            str(answer.status), f"{call.name}{outcome}", answer.status, answer.headers, _any_body(answer)
        )


def _redirect_target(call: HttpCall, answer: Answer) -> SplitResult | None:
    location = answer.headers.get("location")
    if answer.status not in REDIRECTS or not location:
        return None
    with contextlib.suppress(ValueError):  # an address that is none leads nowhere
        return address_of(urljoin(call.url, location))
    return None


def _redirected(call: HttpCall, target: SplitResult) -> HttpCall:
    origin = origin_of(target)
    headers = call.headers
    if origin != call.origin:
        headers = {name: text for name, text in headers.items() if name.lower() not in _OWN_HEADERS}
    return replace(call, url=target.geturl(), origin=origin, headers=headers)


def _retry_after(answer: Answer) -> float | None:
    """Return the seconds after which the host wants to be asked again; None: it does not say.

    https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
    """
    value = answer.headers.get("retry-after", "").strip()
    if answer.status not in (429, 503) or not value:
        return None
    if value.isdecimal():
        return float(value)
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    return None


def _outcome_text(answer: Answer) -> str:
    if answer.status in REDIRECTS and (location := answer.headers.get("location")):
        return f" redirects to {location!r}, which is not followed. Name that address, if it is the right one."
    text = _text(answer)
    head = text[:200] if isinstance(text, str) else ""
    return f" answered: {head}" if head else " answered without a word."


def _body(answer: Answer, call: HttpCall) -> Any:
    if answer.content and _is_json(answer):
        try:
            return from_json(answer.content)
        except ValueError as error:
            raise RequestFailedError("MalformedResponse", f"{call.name} answered what is not JSON: {error}") from error
    return _text(answer)


def _any_body(answer: Answer) -> Any:
    """Return the content of an error, which need not be what it says that it is."""
    if answer.content and _is_json(answer):
        with contextlib.suppress(ValueError):
            return from_json(answer.content)
    return _text(answer)


def _is_json(answer: Answer) -> bool:
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")


def _text(answer: Answer) -> str | bytes | None:
    if not answer.content:
        return None
    charset = _CHARSET.search(answer.headers.get("content-type", ""))
    try:
        return answer.content.decode(charset[1] if charset else "utf-8")
    except (UnicodeDecodeError, LookupError):
        return answer.content  # no text, such as an image

"""The request for any HTTP service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from powertools_stream.requests.permissions import Permission
from powertools_stream.requests.request import Request

__all__ = ["HttpRequest", "HttpResponse"]


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What an HTTP service answered.

    Parameters
    ----------
    status
        The status code.
    headers
        The headers, their names in lower case.
    body
        The content: of a JSON media type what it holds, else text; bytes if it is no text; None if there is none.
    """

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class HttpRequest(Request):
    """Make one HTTP call. Answers an `HttpResponse` if the status is below 400; else the request fails.

    The error is a `RequestFailedError` whose code is the status, ``"404"``; it has ``status``, ``headers`` and ``body``
    as well. The statuses 408, 425, 429 and from 500 on are passing ones, so that the call is made again; 401, 403 and
    407 are configuration errors; any other is a fault.

    Parameters
    ----------
    params
        ``{"method": "POST", "url": …}``, and, if needed, ``headers``, ``params`` (of the query string), ``json`` (a
        value that is sent as JSON) or ``body`` (text or bytes). The method is ``GET`` if there is no content, else
        ``POST``.
    timeout
        Seconds to wait for the answer to begin, and for each further part of it; default: the connector's.
    max_attempts
        How often the call is made at most in one invocation, if it fails in passing; default: as the processor
        says. 1 for a service that must not get a call twice, as far as that can be helped: Lambda may send the record
        again.
    """

    permissions: ClassVar[tuple[Permission, ...]] = ()

    params: Mapping[str, Any]
    timeout: float | None = field(default=None, kw_only=True)
    max_attempts: int | None = field(default=None, kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer the status 200 without content."""
        return HttpResponse(200, {}, None)

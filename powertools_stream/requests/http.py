"""The request for any HTTP service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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
        The content: of a JSON media type what it holds, else text; None where there is none.
    """

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class HttpRequest(Request):
    """Make one HTTP call. Answers an `HttpResponse` where the status is below 400; else the request fails.

    Parameters
    ----------
    params
        ``{"method": "POST", "url": …}``, and perhaps ``headers``, ``params`` (of the query string), ``json`` (a value
        that is sent as JSON) or ``body`` (text or bytes). The method is ``GET`` where there is no content, else
        ``POST``.
    timeout
        Seconds for the whole call; default: the connector's.
    """

    params: Mapping[str, Any]
    timeout: float | None = field(default=None, kw_only=True)

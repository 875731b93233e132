"""Errors of services that speak plain HTTP: the status says what has happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from powertools_stream.errors import RequestFailedError, RetryableError

__all__ = ["REDIRECTS", "PassingStatusError", "StatusError", "is_passing", "is_success", "status_error"]

REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""The statuses that name another address."""

# https://www.rfc-editor.org/rfc/rfc9110#name-client-error-4xx, https://www.rfc-editor.org/rfc/rfc6585#section-4 and
# https://www.rfc-editor.org/rfc/rfc8470#section-5.2
_NOT_NOW = frozenset({408, 425, 429})


class StatusError(RequestFailedError):
    """A service answered a call, or a part of one, with a status of 300 or more.

    Parameters
    ----------
    code
        The code that the service gave; the status itself, ``"404"``, if the service has no codes.
    message
        What was asked, and what the service said.
    status
        The HTTP status.
    headers
        Those of the answer, their names in lower case.
    body
        The content of the answer, read as that of an `HttpResponse`.
    """

    def __init__(
        self, code: str, message: str, status: int, headers: Mapping[str, str] | None = None, body: Any = None
    ) -> None:
        super().__init__(code, message)
        self.status = status
        self.headers = dict(headers or {})
        self.body = body


class PassingStatusError(StatusError, RetryableError):
    """A status that may pass with another attempt: 408, 425, 429, 500 and above."""


def is_success(status: int) -> bool:
    """Tell whether a status means that the call did what it was made for."""
    return status < 400 and status not in REDIRECTS


def is_passing(status: int) -> bool:
    """Tell whether a status may pass with another attempt."""
    return status in _NOT_NOW or status >= 500


def status_error(
    code: str, message: str, status: int, headers: Mapping[str, str] | None = None, body: Any = None
) -> StatusError:
    """Make the error of a status: a `PassingStatusError`, if another attempt may help."""
    kind = PassingStatusError if is_passing(status) else StatusError
    return kind(code, message, status, headers, body)

"""Naming what comes without a name: Lambda hands over some events that have neither an id nor a time."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid4, uuid5

__all__ = [
    "content_of",
    "earlier_invocation",
    "invocation_id",
    "invocation_name",
    "invocation_time",
    "name_of",
    "trace_id",
]

# The trace header, which Lambda sets anew for each invocation, whether it is traced or not. An invocation that Lambda
# repeats has the same root. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
_TRACE = "_X_AMZN_TRACE_ID"
_ROOT = re.compile(r"Root=1-([0-9a-f]{8})-[0-9a-f]{24}")


class _Invocation(NamedTuple):
    request_id: str
    sent: int | None


_EARLIER: ContextVar[_Invocation | None] = ContextVar("earlier invocation", default=None)


@contextmanager
def earlier_invocation(request_id: str, sent: int | None) -> Iterator[None]:
    """Name what another invocation brought by that one, not by the one that reads it now, of which there may be many.

    Parameters
    ----------
    request_id
        The id of its request.
    sent
        Its time, in ms; None: that of this one.
    """
    token = _EARLIER.set(_Invocation(request_id, sent))
    try:
        yield
    finally:
        _EARLIER.reset(token)


def invocation_id(content: str) -> str:
    """Return an id for what this invocation brought: the same when it is asked for again, another next time.

    Parameters
    ----------
    content
        What tells it from others of the same trace.
    """
    return invocation_name(content) if trace_id() else str(uuid4())


def invocation_name(content: str) -> str:
    """Return a name for logs and fault events: as `invocation_id`, but without a trace the same for equal content.

    A record is asked for its name more than once, and must not have another each time.
    """
    return name_of(f"{trace_id()}/{content}")


def name_of(text: str) -> str:
    """Return a name made of a text: always the same, another of another text."""
    # Half a surrogate pair has no bytes in UTF-8.
    return str(uuid5(NAMESPACE_URL, text.encode(errors="backslashreplace").decode()))


def content_of(record: Any) -> str:
    """Return a text for what a record holds, to be made a name of; of one nested too deep, only its fields' names."""
    try:
        return json.dumps(record, sort_keys=True)
    except RecursionError:
        return json.dumps(sorted(record))


def invocation_time() -> int:
    """Return when this invocation was asked for, in ms; to the second if the trace says it."""
    if (earlier := _EARLIER.get()) is not None and earlier.sent is not None:
        return earlier.sent
    # https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids
    root = _ROOT.search(os.environ.get(_TRACE, ""))
    return int(root[1], 16) * 1000 if root else round(time.time() * 1000)


def trace_id() -> str | None:
    """Return the trace's ``Root=1-…``; None outside of Lambda, as in a test. Of an earlier invocation, its request."""
    if (earlier := _EARLIER.get()) is not None:
        return earlier.request_id
    root = _ROOT.search(os.environ.get(_TRACE, ""))
    return root[0] if root else None

"""Naming what comes without a name: Lambda hands over some events that have neither an id nor a time."""

from __future__ import annotations

import os
import re
import time
from uuid import NAMESPACE_URL, uuid4, uuid5

__all__ = ["invocation_id", "invocation_time"]

# The trace header, which Lambda sets anew for each invocation, whether it is traced or not. An invocation that Lambda
# repeats has the same root. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
_TRACE = "_X_AMZN_TRACE_ID"
_ROOT = re.compile(r"Root=1-([0-9a-f]{8})-[0-9a-f]{24}")


def invocation_id(content: str) -> str:
    """Return an id for what this invocation brought: the same when it is asked for again, another next time.

    Parameters
    ----------
    content
        What tells it from others of the same trace.
    """
    root = _ROOT.search(os.environ.get(_TRACE, ""))
    return str(uuid5(NAMESPACE_URL, f"{root[0]}/{content}") if root else uuid4())


def invocation_time() -> int:
    """Return when this invocation was asked for, in ms; in seconds' steps, where the trace says it."""
    # https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids
    root = _ROOT.search(os.environ.get(_TRACE, ""))
    return int(root[1], 16) * 1000 if root else round(time.time() * 1000)

"""X-Ray's stack of subsegments, which is one per thread: each generator and each coroutine has one of its own here.

Else one that is suspended inside of ``@tracer.capture_method`` would end the subsegment of another, which then fails.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

__all__ = ["TraceStacks"]


class TraceStacks:
    """Puts the stack of whoever runs now in the place of the thread's.

    Parameters
    ----------
    local
        Where X-Ray keeps the stack of a thread, as ``entities``.
    """

    def __init__(self, local: Any) -> None:
        self._local = local
        self._own: dict[int, list[Any]] = {}

    @classmethod
    def in_use(cls) -> TraceStacks | None:
        """Return the stacks of a batch; None if X-Ray is not in use."""
        core = sys.modules.get("aws_xray_sdk.core")
        if core is None:
            return None
        # Reaches into the SDK: its public setter replaces the stack by a single entity.
        local = getattr(getattr(getattr(core, "xray_recorder", None), "context", None), "_local", None)
        # One that is local to a task, of the SDK's `AsyncContext`, needs no help.
        return cls(local) if isinstance(local, threading.local) else None

    def step(self, owner: object, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function with its owner's stack, as the last step has left it; at first a copy of the thread's."""
        local = self._local
        # In Lambda it is empty, or not there yet, until a subsegment is opened: the segment is Lambda's own.
        of_thread = getattr(local, "entities", None) or []
        local.entities = self._own.pop(id(owner), None) or list(of_thread)
        try:
            return function(*args)
        finally:
            self._own[id(owner)] = getattr(local, "entities", None) or []
            local.entities = of_thread

    def forget(self, owner: object) -> None:
        """Forget the stack of one that has ended."""
        self._own.pop(id(owner), None)

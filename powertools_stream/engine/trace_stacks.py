"""X-Ray's stack of subsegments, which is one per thread: each generator and each coroutine has one of its own here.

Else one that is suspended inside of ``@tracer.capture_method`` would end the subsegment of another, which then fails.
"""

from __future__ import annotations

import sys
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
        """Return the stacks of a batch; None if nothing is traced."""
        core = sys.modules.get("aws_xray_sdk.core")
        if core is None:
            return None
        # Reaches into the SDK: its public setter replaces the stack by a single entity.
        local = getattr(getattr(getattr(core, "xray_recorder", None), "context", None), "_local", None)
        return cls(local) if getattr(local, "entities", None) else None

    def step(self, owner: object, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function with its owner's stack, as the last step has left it; at first a copy of the thread's."""
        local = self._local
        of_thread = local.entities
        local.entities = self._own.pop(id(owner), None) or list(of_thread)
        try:
            return function(*args)
        finally:
            self._own[id(owner)] = local.entities
            local.entities = of_thread

    def forget(self, owner: object) -> None:
        """Forget the stack of one that has ended."""
        self._own.pop(id(owner), None)

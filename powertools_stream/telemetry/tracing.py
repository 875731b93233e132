"""What is traced: a batch, as a subsegment."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

__all__ = ["traced"]

_UNTRACED: AbstractContextManager[None] = nullcontext()


def traced(tracer: Any, name: str) -> AbstractContextManager[Any]:
    """Put what happens inside into a subsegment of Powertools' Tracer; without a tracer, do nothing."""
    if tracer is None:
        return _UNTRACED
    subsegment: AbstractContextManager[Any] = tracer.provider.in_subsegment(name=f"## {name}")
    return subsegment

"""Blocks of code in which a context variable has another value."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Generic, TypeVar

__all__ = ["InContext"]

T = TypeVar("T")


class InContext(Generic[T]):
    """Inside of it, on this thread, a context variable has a value; then it has its old one again.

    A class, since each batch has several: a generator of `contextlib` takes three times as long.

    Parameters
    ----------
    variable
        The variable.
    value
        Its value.
    """

    __slots__ = ("_token", "_value", "_variable")

    def __init__(self, variable: ContextVar[T], value: T) -> None:
        self._variable = variable
        self._value = value

    def __enter__(self) -> None:
        self._token = self._variable.set(self._value)

    def __exit__(self, *exception: object) -> None:
        self._variable.reset(self._token)

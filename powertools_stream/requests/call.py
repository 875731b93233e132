"""The requests that no service carries out: blocking code of the user's own, and the time that is left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from powertools_stream.requests.permissions import Permission
from powertools_stream.requests.request import Request

__all__ = ["Call", "RemainingTime"]


@dataclass(frozen=True, slots=True, init=False)
class Call(Request):
    """Run blocking code on a worker thread; never retried. Answers what the function returns.

    Examples
    --------
    >>> Call(round, 2.5, ndigits=0)
    Call(function=<built-in function round>, args=(2.5,), kwargs={'ndigits': 0})
    """

    permissions: ClassVar[tuple[Permission, ...]] = ()

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    def __init__(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
        object.__setattr__(self, "function", function)
        object.__setattr__(self, "args", args)
        object.__setattr__(self, "kwargs", kwargs)

    def sample_answer(self, n: int) -> Any:
        """Run the function."""
        return self.function(*self.args, **self.kwargs)


@dataclass(frozen=True, slots=True)
class RemainingTime(Request):
    """Ask how much time there is left, for work that can stop in good time. No call is made.

    Answers the seconds until the batch's deadline, when whatever has not finished is cut off; ``math.inf`` if the
    invocation has none.
    """

    permissions: ClassVar[tuple[Permission, ...]] = ()

"""What every request has in common."""

from __future__ import annotations

from typing import ClassVar

__all__ = ["Asks", "Request"]


class Request:
    """What every request has in common. Derive a frozen dataclass from it to make a request of your own."""

    __slots__ = ()

    reads: ClassVar[bool] = False
    """Whether the request only reads: equal reads in flight are asked once."""


Asks = tuple[type[Request], ...]
"""The requests that a flavor makes, in the order in which it makes them; empty: it does not say."""

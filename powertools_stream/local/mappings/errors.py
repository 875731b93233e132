"""The error of a mapping that cannot be made."""

from __future__ import annotations

from powertools_stream.errors import StreamError

__all__ = ["MappingError"]


class MappingError(StreamError, ValueError):
    """An event source mapping is not valid, or has no counterpart on this machine."""

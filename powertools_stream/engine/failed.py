"""An error as a value."""

from __future__ import annotations

__all__ = ["Failed"]


class Failed:
    """An error as a value: an answer that is raised where the request was yielded."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error

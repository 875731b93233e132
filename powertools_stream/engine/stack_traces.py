"""Stack traces as text, for fault events."""

from __future__ import annotations

import traceback
from types import CodeType, TracebackType

from powertools_stream.errors import CutOffError

__all__ = ["StackTraces"]

_CAUSED = "\nThe above exception was the direct cause of the following exception:\n\n"
_MEANWHILE = "\nDuring handling of the above exception, another exception occurred:\n\n"

# How many places in the code are known at a time.
_KEPT = 256


class StackTraces:
    """Formats stack traces. Most errors of a batch are raised in the same few lines, which are looked up once."""

    def __init__(self) -> None:
        self._frames: dict[tuple[tuple[CodeType, int], ...], str] = {}

    def text(self, error: BaseException) -> str:
        """Return the stack trace of an error, and of those that led to it; of a broken error, its type."""
        try:
            return self._chain(error)
        except (CutOffError, KeyboardInterrupt):
            raise
        except BaseException:
            return f"{type(error).__name__}: its stack trace cannot be shown\n"

    def _chain(self, error: BaseException) -> str:
        parts = [self._one(error)]
        seen = {id(error)}
        last: BaseException = error
        while not hasattr(last, "exceptions"):
            if last.__cause__ is not None:
                link, before = _CAUSED, last.__cause__
            elif last.__context__ is not None and not last.__suppress_context__:
                link, before = _MEANWHILE, last.__context__
            else:
                break
            if id(before) in seen:
                break
            seen.add(id(before))
            parts += (link, self._one(before))
            last = before
        return "".join(reversed(parts))

    def _one(self, error: BaseException) -> str:
        if hasattr(error, "exceptions"):  # a group, which has a tree of its own
            return "".join(traceback.format_exception(type(error), error, error.__traceback__))
        said = "".join(traceback.format_exception_only(type(error), error))
        if error.__traceback__ is None:
            return said
        key = _places(error.__traceback__)
        if key not in self._frames:
            if len(self._frames) >= _KEPT:
                self._frames.clear()
            self._frames[key] = "".join(traceback.format_tb(error.__traceback__))
        return f"Traceback (most recent call last):\n{self._frames[key]}{said}"


def _places(tb: TracebackType | None) -> tuple[tuple[CodeType, int], ...]:
    places = []
    while tb is not None:
        places.append((tb.tb_frame.f_code, tb.tb_lasti))
        tb = tb.tb_next
    return tuple(places)

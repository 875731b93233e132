"""Operations with the options of a rule: what is called in another role, or at another rate, goes in other calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from powertools_stream.call_options import DEFAULT_CALL_OPTIONS, Pacer

if TYPE_CHECKING:
    from powertools_stream.call_options import CallOptions, Rate
    from powertools_stream.connectors.base import Entry, Operation
    from powertools_stream.requests import Request

__all__ = ["OperationsWithOptions"]

# More than a function calls at a time. One that was dropped is made again, and equal to what it was: it is the pacers
# in it that must be the same, and they are those of the connector and of the rule.
_MAX_KNOWN = 1024


class OperationsWithOptions:
    """Gives entries operations of their own, the same one for the same options.

    Parameters
    ----------
    rates
        How fast the calls may follow each other that carry requests of a type, whichever rules they are for.
    """

    def __init__(self, rates: Mapping[type[Request], Rate]) -> None:
        self._pacers = {request_type: Pacer(*rate) for request_type, rate in rates.items()}
        self.have_rates = bool(self._pacers)
        self._operation = lru_cache(maxsize=_MAX_KNOWN)(_operation)

    def applied(
        self, entries: Sequence[Entry], request_type: type[Request], options: CallOptions | None
    ) -> Sequence[Entry]:
        """Return the entries of a request as the rule that made it, and the rate of its type, want them to be sent."""
        pacer = self._pacers.get(request_type)
        if options is None and pacer is None:
            return entries
        options = options or DEFAULT_CALL_OPTIONS
        return [replace(entry, operation=self._operation(entry.operation, options, pacer)) for entry in entries]


def _operation(operation: Operation, options: CallOptions, pacer: Pacer | None) -> Operation:
    pacers = tuple(p for p in (options.pacer, pacer) if p is not None)
    return replace(operation, role_arn=options.role_arn, pacers=operation.pacers + pacers)

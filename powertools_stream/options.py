"""What the options of the processor take, checked when it is made: a mistake shows at import of the function.

Else it would show with the first event that needs the option: a large one, one of another source, a throttled call.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from aws_lambda_powertools.utilities.batch import EventType

from powertools_stream.call_options import Pacer
from powertools_stream.engine.dispatch.chunk_call import RetryPolicy
from powertools_stream.errors import SettingError
from powertools_stream.outcomes import FaultPolicy
from powertools_stream.requests import Request
from powertools_stream.sources import Source, source_of_event_type

__all__ = ["check", "fault_policy", "given_sources", "worker_count"]

_KINDS: Mapping[str, tuple[type, str]] = {
    "rates": (Mapping, "rates by type of request, {HttpRequest: (10, 1)}"),
    "retry": (RetryPolicy, "RetryPolicy(max_attempts=…)"),
}
_LISTS: Mapping[str, str] = {
    "connectors": "a list of connectors that are made already, [GeocodingConnector()]",
    "observers": "a list of observers that are made already",
}
_NUMBERS: Mapping[str, tuple[str, float]] = {
    "max_workers": ("a number of calls, 1 or more", 1),
    "timeout_margin": ("seconds, 0 or more", 0),
}


def check(**options: Any) -> None:
    """Check the options that the processor hands on as they are.

    Raises
    ------
    TypeError, ValueError
        One holds what it does not take.
    """
    for name, (kind, takes) in _KINDS.items():
        if options[name] is not None and not isinstance(options[name], kind):
            raise _mistake(name, takes, options[name])
    _check_kinds_loaded_late(options)
    for name, takes in _LISTS.items():
        if not _are_made(options[name]):
            raise _mistake(name, takes, options[name])
    for request_type, rate in (options["rates"] or {}).items():
        _check_rate(request_type, rate)
    for name, (takes, least) in _NUMBERS.items():
        if not _is_number(options[name]) or not options[name] >= least:
            raise _mistake(name, takes, options[name], ValueError)


def _check_kinds_loaded_late(options: Mapping[str, Any]) -> None:
    """Check what a function that does not use it need not load."""
    if options["claim_checks"] is not None:
        from powertools_stream.payloads.claim_checks import ClaimChecks

        if not isinstance(options["claim_checks"], ClaimChecks):
            raise _mistake("claim_checks", 'ClaimChecks({"<bucket>": "<account id>"})', options["claim_checks"])
    if options["compression"] is not None:
        from powertools_stream.payloads.compression import Compression

        if not isinstance(options["compression"], Compression):
            raise _mistake("compression", "Compression()", options["compression"])


def given_sources(source: Source | Sequence[Source] | None, event_type: EventType | None) -> Sequence[Source]:
    """Return the sources that are tried before the built-in ones."""
    if source is None:
        return () if event_type is None else (source_of_event_type(event_type),)
    sources = source if isinstance(source, list | tuple) else (source,)
    for one in sources:
        if not isinstance(one, Source):
            raise _mistake("source", "a source that is made already, SQSSource(), or a list of such", one)
    return tuple(sources)


def worker_count(given: int | None) -> int:
    """Return how many calls are under way at a time: what was given, else ``PARALLEL``, else 8."""
    if given is not None:
        return given
    value = os.environ.get("PARALLEL") or "8"
    if not value.isdecimal() or int(value) < 1:
        raise SettingError(f"Expected PARALLEL to be a number of calls, 1 or more, but found {value!r}.")
    return int(value)


def fault_policy(given: FaultPolicy | str) -> FaultPolicy:
    """Return the policy; its value as text is taken as well."""
    try:
        return FaultPolicy(given)
    except ValueError:
        raise _mistake("on_fault", " or ".join(map(str, FaultPolicy)), given, ValueError) from None


def _check_rate(request_type: Any, rate: Any) -> None:
    if not (isinstance(request_type, type) and issubclass(request_type, Request)):
        raise _mistake("rates", "types of requests, {HttpRequest: (10, 1)}", request_type)
    try:
        Pacer(*rate)
    except (TypeError, ValueError):
        takes = f"(calls, seconds) for {request_type.__name__}, both above 0, e.g. (10, 1)"
        raise _mistake("rates", takes, rate, ValueError) from None


def _are_made(values: Any) -> bool:
    """Tell whether these are several objects, none of them a class that somebody forgot to call."""
    return isinstance(values, list | tuple) and not any(isinstance(value, type) for value in values)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _mistake(name: str, takes: str, found: Any, error: type[Exception] = TypeError) -> Exception:
    from powertools_stream.rules.diagnostics import shown

    return error(f"StreamProcessor({name}=…) takes {takes}; got {shown(found)}.")

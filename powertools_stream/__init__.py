"""Event-driven functions on AWS Lambda: a batch runs through rules, and nothing is lost.

All names but Powertools' own are resolved when they are first used, so that a function pays for what it uses only.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

# First of all: where pydantic is loaded before it, Powertools' batch utility loads all models of its parser as well,
# and a cold start takes 50 ms longer.
from aws_lambda_powertools.utilities.batch import EventType

if TYPE_CHECKING:
    from powertools_stream.claim_checks import ClaimChecks
    from powertools_stream.compression import Compression
    from powertools_stream.decorator import stream_processor
    from powertools_stream.errors import RetryableError, StreamError
    from powertools_stream.outcomes import Fault, FaultPolicy, RuleResult
    from powertools_stream.processor import StreamProcessor
    from powertools_stream.registry import RuleRegistry
    from powertools_stream.rules import Rule, flavor
    from powertools_stream.uow import UnitOfWork

__all__ = [
    # The processor
    "ClaimChecks",
    "Compression",
    "EventType",
    "StreamProcessor",
    "stream_processor",
    # Rules
    "Rule",
    "RuleRegistry",
    "UnitOfWork",
    "flavor",
    # What becomes of a record
    "Fault",
    "FaultPolicy",
    "RetryableError",
    "RuleResult",
    "StreamError",
]

_HOMES = {
    "ClaimChecks": "powertools_stream.claim_checks",
    "Compression": "powertools_stream.compression",
    "Fault": "powertools_stream.outcomes",
    "FaultPolicy": "powertools_stream.outcomes",
    "RetryableError": "powertools_stream.errors",
    "Rule": "powertools_stream.rules",
    "RuleRegistry": "powertools_stream.registry",
    "RuleResult": "powertools_stream.outcomes",
    "StreamError": "powertools_stream.errors",
    "StreamProcessor": "powertools_stream.processor",
    "UnitOfWork": "powertools_stream.uow",
    "flavor": "powertools_stream.rules",
    "stream_processor": "powertools_stream.decorator",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

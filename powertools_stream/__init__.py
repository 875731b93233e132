"""Event-driven functions on AWS Lambda: a batch runs through rules, and nothing is lost.

All names but Powertools' own are resolved when they are first used, so that a function pays for what it uses only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

# First of all: where pydantic is loaded before it, Powertools' batch utility loads all models of its parser as well,
# and a cold start takes 50 ms longer.
from aws_lambda_powertools.utilities.batch import EventType

from powertools_stream.late_names import late_names

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
    "ClaimChecks": "claim_checks",
    "Compression": "compression",
    "Fault": "outcomes",
    "FaultPolicy": "outcomes",
    "RetryableError": "errors",
    "Rule": "rules",
    "RuleRegistry": "registry",
    "RuleResult": "outcomes",
    "StreamError": "errors",
    "StreamProcessor": "processor",
    "UnitOfWork": "uow",
    "flavor": "rules",
    "stream_processor": "decorator",
}

__getattr__ = late_names(__name__, globals(), _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""Event-driven functions on AWS Lambda: a batch runs through rules, and nothing is lost.

Names other than Powertools' own are imported on first use, so a function pays only for what it uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

# This import comes first: if pydantic is loaded before it, Powertools' batch utility also loads all models of its
# parser, which adds 50 ms to a cold start.
from aws_lambda_powertools.utilities.batch import EventType as EventType

from powertools_stream._lazy import export

__version__ = "0.1.0"

if TYPE_CHECKING:
    from powertools_stream.call_options import Pacer as Pacer, RetryPolicy as RetryPolicy
    from powertools_stream.decorator import stream_processor as stream_processor
    from powertools_stream.errors import RetryableError as RetryableError, StreamError as StreamError
    from powertools_stream.options import (
        AnyMetrics as AnyMetrics,
        AnyTracer as AnyTracer,
        ProcessorOptions as ProcessorOptions,
    )
    from powertools_stream.outcomes import (
        Fault as Fault,
        FaultPolicy as FaultPolicy,
        Observer as Observer,
        RuleResult as RuleResult,
    )
    from powertools_stream.payloads.claim_checks import ClaimChecks as ClaimChecks
    from powertools_stream.payloads.compression import Compression as Compression
    from powertools_stream.payloads.field_encryption import FieldEncryption as FieldEncryption
    from powertools_stream.processor import StreamProcessor as StreamProcessor
    from powertools_stream.rules.compact import Compact as Compact
    from powertools_stream.rules.registry import RuleRegistry as RuleRegistry
    from powertools_stream.rules.rule import Rule as Rule, flavor as flavor
    from powertools_stream.uow import UnitOfWork as UnitOfWork

__all__ = [
    "__version__",
    "EventType",
    *export(
        __name__,
        {
            # The processor
            "decorator": ("stream_processor",),
            "processor": ("StreamProcessor",),
            "options": ("AnyMetrics", "AnyTracer", "ProcessorOptions"),
            "call_options": ("Pacer", "RetryPolicy"),
            "payloads.claim_checks": ("ClaimChecks",),
            "payloads.compression": ("Compression",),
            "payloads.field_encryption": ("FieldEncryption",),
            # Rules
            "rules.rule": ("Rule", "flavor"),
            "rules.compact": ("Compact",),
            "rules.registry": ("RuleRegistry",),
            "uow": ("UnitOfWork",),
            # Outcomes and errors
            "outcomes": ("Fault", "FaultPolicy", "Observer", "RuleResult"),
            "errors": ("RetryableError", "StreamError"),
        },
    ),
]

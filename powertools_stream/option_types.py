"""What type checkers see of `stream_processor`: the options of the processor.

Made by `make signatures`: to change it, change the models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from aws_lambda_powertools.utilities.batch import EventType
from typing_extensions import TypedDict

from powertools_stream.call_options import Rate, RetryPolicy
from powertools_stream.checkpoints.store import CheckpointStore
from powertools_stream.classification.reasons import Retryable
from powertools_stream.connectors.base import Connector
from powertools_stream.options import AnyLogger, AnyMetrics, AnyTracer
from powertools_stream.outcomes import FaultPolicy, Observer
from powertools_stream.payloads.claim_checks import ClaimChecks
from powertools_stream.payloads.compression import Compression
from powertools_stream.payloads.decoding import Decoder
from powertools_stream.payloads.field_encryption import FieldEncryption
from powertools_stream.requests.request import Request
from powertools_stream.sources.source import Source

__all__ = ["Options"]


class Options(TypedDict, total=False):
    """The options of the processor, without its rules."""

    event_type: EventType | None
    model: Any
    raise_on_entire_batch_failure: bool
    logger: AnyLogger | None
    source: Source | Sequence[Source] | None
    on_fault: FaultPolicy | None
    retryable: Retryable
    skip_group_on_error: bool
    max_workers: int | None
    timeout_margin: float
    bus_name: str | None
    fault_bus_name: str | None
    boto3_session: Any
    boto_config: Any
    connectors: Sequence[Connector]
    retry: RetryPolicy | None
    rates: Mapping[type[Request], Rate] | None
    claim_checks: ClaimChecks | None
    compression: Compression | None
    redact: Sequence[str]
    keep_record: bool
    encrypt: FieldEncryption | Mapping[str, Any] | None
    tracer: AnyTracer | None
    metrics: AnyMetrics | None
    metrics_per: Literal["function", "rule"]
    observers: Sequence[Observer]
    decoder: Decoder | None
    checkpoint: CheckpointStore | None
    checkpoint_key: Literal["record", "event"]
    idempotency_store: Any
    keep_results: bool
    on_unmatched: Literal["ignore", "fault"]
    exit_if_stuck: bool
    lean_calls: bool

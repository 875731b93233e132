"""What type checkers see of flavors, and of the fields of their rules: it types ``RuleRegistry.register`` and ``add``.

Made by `make signatures`: to change it, change the models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, overload

from pydantic import BaseModel
from typing_extensions import Required, TypedDict, Unpack

from powertools_stream.call_options import Rate
from powertools_stream.flavors.cdc import CdcRule
from powertools_stream.flavors.circuit_breaker import CircuitBreakerRule
from powertools_stream.flavors.collect import CollectRule
from powertools_stream.flavors.correlate import CorrelateRule
from powertools_stream.flavors.evaluate import EvaluateRule
from powertools_stream.flavors.expired import ExpiredRule
from powertools_stream.flavors.firehose_drop import FirehoseDropRule
from powertools_stream.flavors.firehose_transform import FirehoseTransformRule
from powertools_stream.flavors.job import JobRule
from powertools_stream.flavors.materialize import MaterializeRule
from powertools_stream.flavors.opensearch import OpenSearchRule
from powertools_stream.flavors.s3 import S3Rule
from powertools_stream.flavors.sns import SnsRule
from powertools_stream.flavors.sqs import SqsRule
from powertools_stream.flavors.stream_failover import StreamFailoverRule
from powertools_stream.flavors.task import TaskRule
from powertools_stream.flavors.update import UpdateRule
from powertools_stream.matching.event_types import EventTypes
from powertools_stream.outcomes import FaultPolicy
from powertools_stream.requests.dynamodb import OnConditionFailed
from powertools_stream.rules.binding import UserFunction
from powertools_stream.rules.compact import Compact
from powertools_stream.rules.once import AnyIdempotencyConfig
from powertools_stream.rules.rule import Declared, Rule
from powertools_stream.uow import UnitOfWork

__all__ = [
    "cdc",
    "circuit_breaker",
    "collect",
    "correlate",
    "elasticsearch",
    "evaluate",
    "expired",
    "firehose_drop",
    "firehose_transform",
    "job",
    "materialize",
    "opensearch",
    "s3",
    "sns",
    "sqs",
    "stream_failover",
    "task",
    "update",
]


class PlainFlavor(Protocol):
    """A flavor without a model of its own: its rules may have any fields."""

    def __call__(self, uow: UnitOfWork, rule: Rule, /) -> Any: ...


class RuleFields(TypedDict, total=False):
    """The fields that every rule may have."""

    event_type: EventTypes | None
    filters: Sequence[UserFunction]
    event_pattern: dict[str, Any] | None
    record_pattern: dict[str, Any] | None
    event_model: type[BaseModel] | None
    compact: bool | Compact | Mapping[str, str | UserFunction]
    ordered: bool | None
    on_fault: FaultPolicy | None
    idempotent: bool | AnyIdempotencyConfig | None
    rate: Rate | None
    role_arn: str | None
    encrypt: Any
    params: dict[str, Any]


class TaskFields(RuleFields, total=False):
    """The fields of a `TaskRule`, without `execute`."""

    bus_name: str | UserFunction | None
    source: str | None
    emit: str | UserFunction | None
    result_key: str


class TaskFlavor(Protocol):
    """A flavor with rules of the model `TaskRule`."""

    def __call__(self, uow: UnitOfWork, rule: TaskRule, /) -> Any: ...
    def _registers(self, *, id: str = ..., **fields: Unpack[TaskFields]) -> Any: ...


class CollectFields(RuleFields, total=False):
    """The fields of a `CollectRule`, without `correlation_key`."""

    table_name: str | None
    ttl: int | float | UserFunction | None
    expire: bool | str | None
    include_raw: bool
    to_put_request: UserFunction | None
    on_condition_failed: OnConditionFailed


class CollectFlavor(Protocol):
    """A flavor with rules of the model `CollectRule`."""

    def __call__(self, uow: UnitOfWork, rule: CollectRule, /) -> Any: ...
    def _registers(self, *, id: str = ..., **fields: Unpack[CollectFields]) -> Any: ...


class CorrelateFields(RuleFields, total=False):
    """The fields of a `CorrelateRule`, without `correlation_key`."""

    table_name: str | None
    ttl: int | float | UserFunction | None
    expire: bool | str | None
    correlation_key_suffix: str | None


class CorrelateFlavor(Protocol):
    """A flavor with rules of the model `CorrelateRule`."""

    def __call__(self, uow: UnitOfWork, rule: CorrelateRule, /) -> Any: ...
    def _registers(self, *, id: str = ..., **fields: Unpack[CorrelateFields]) -> Any: ...


class EvaluateFields(RuleFields, total=False):
    """The fields of a `EvaluateRule`, without `expression`."""

    table_name: str | None
    bus_name: str | UserFunction | None
    source: str | None
    emit: Required[str | UserFunction]
    correlation_key_suffix: str | None
    index: str


class EvaluateFlavor(Protocol):
    """A flavor with rules of the model `EvaluateRule`."""

    def __call__(self, uow: UnitOfWork, rule: EvaluateRule, /) -> Any: ...
    def _registers(self, *, id: str = ..., **fields: Unpack[EvaluateFields]) -> Any: ...


class ExpiredFields(RuleFields, total=False):
    """The fields of a `ExpiredRule`."""

    bus_name: str | UserFunction | None
    source: str | None


class ExpiredFlavor(Protocol):
    """A flavor with rules of the model `ExpiredRule`."""

    def __call__(self, uow: UnitOfWork, rule: ExpiredRule, /) -> Any: ...


class MaterializeFields(RuleFields, total=False):
    """The fields of a `MaterializeRule`, without `to_update_request`."""

    table_name: str | None
    to_fallback_update_request: UserFunction | None
    on_condition_failed: OnConditionFailed
    split_on: str | UserFunction | None
    split_target_field: str


class MaterializeFlavor(Protocol):
    """A flavor with rules of the model `MaterializeRule`."""

    def __call__(self, uow: UnitOfWork, rule: MaterializeRule, /) -> Any: ...
    def _registers(self, *, id: str = ..., **fields: Unpack[MaterializeFields]) -> Any: ...


class UpdateFields(RuleFields, total=False):
    """The fields of a `UpdateRule`, without `to_update_request`."""

    table_name: str | None
    latched: Literal["skip", "process"]
    to_fallback_update_request: UserFunction | None
    on_condition_failed: OnConditionFailed
    split_on: str | UserFunction | None
    split_target_field: str
    to_query_request: UserFunction | None
    to_get_request: UserFunction | None


class UpdateFlavor(Protocol):
    """A flavor with rules of the model `UpdateRule`."""

    def __call__(self, uow: UnitOfWork, rule: UpdateRule, /) -> Any: ...
    def _registers(self, *, id: str = ..., **fields: Unpack[UpdateFields]) -> Any: ...


class CdcFields(RuleFields, total=False):
    """The fields of a `CdcRule`, without `to_event`."""

    table_name: str | None
    bus_name: str | UserFunction | None
    source: str | None
    to_query_request: UserFunction | None
    query_related: bool
    pk: str
    to_get_request: UserFunction | None
    include_raw: bool


class CdcFlavor(Protocol):
    """A flavor with rules of the model `CdcRule`."""

    def __call__(self, uow: UnitOfWork, rule: CdcRule, /) -> Any: ...
    def _registers(self, *, id: str = ..., **fields: Unpack[CdcFields]) -> Any: ...


class JobFields(RuleFields, total=False):
    """The fields of a `JobRule`, without `to_event`."""

    table_name: str | None
    to_update_request: UserFunction | None
    to_fallback_update_request: UserFunction | None
    on_condition_failed: OnConditionFailed
    split_on: str | UserFunction | None
    split_target_field: str
    bus_name: str | UserFunction | None
    source: str | None
    job_filters: Sequence[UserFunction]
    to_scan_request: UserFunction | None
    to_query_split_request: UserFunction | None
    to_query_request: UserFunction | None
    to_get_request: UserFunction | None
    to_cursor_update_request: UserFunction | None


class JobFlavor(Protocol):
    """A flavor with rules of the model `JobRule`."""

    def __call__(self, uow: UnitOfWork, rule: JobRule, /) -> Any: ...
    def _registers(self, *, id: str = ..., **fields: Unpack[JobFields]) -> Any: ...


class S3Fields(RuleFields, total=False):
    """The fields of a `S3Rule`, without `to_s3`."""

    to_get_request: UserFunction | None
    to_copy_request: UserFunction | None
    to_delete_request: UserFunction | None
    bucket_name: str | None
    split_on: str | UserFunction | None
    split_target_field: str
    on_condition_failed: OnConditionFailed


class S3Flavor(Protocol):
    """A flavor with rules of the model `S3Rule`."""

    def __call__(self, uow: UnitOfWork, rule: S3Rule, /) -> Any: ...
    def _registers(self, *, id: str = ..., **fields: Unpack[S3Fields]) -> Any: ...


class SnsFields(RuleFields, total=False):
    """The fields of a `SnsRule`, without `to_sns`."""

    table_name: str | None
    to_query_request: UserFunction | None
    to_get_request: UserFunction | None
    topic_arn: str | UserFunction | None


class SnsFlavor(Protocol):
    """A flavor with rules of the model `SnsRule`."""

    def __call__(self, uow: UnitOfWork, rule: SnsRule, /) -> Any: ...
    def _registers(self, *, id: str = ..., **fields: Unpack[SnsFields]) -> Any: ...


class SqsFields(RuleFields, total=False):
    """The fields of a `SqsRule`, without `to_sqs`."""

    table_name: str | None
    latched: Literal["skip", "process"]
    to_query_request: UserFunction | None
    to_get_request: UserFunction | None
    queue_url: str | UserFunction | None


class SqsFlavor(Protocol):
    """A flavor with rules of the model `SqsRule`."""

    def __call__(self, uow: UnitOfWork, rule: SqsRule, /) -> Any: ...
    def _registers(self, *, id: str = ..., **fields: Unpack[SqsFields]) -> Any: ...


class OpenSearchFields(RuleFields, total=False):
    """The fields of a `OpenSearchRule`, without `to_elasticsearch`."""

    split_on: str | UserFunction | None
    split_target_field: str
    domain_host: str | None
    on_condition_failed: OnConditionFailed


class OpenSearchFlavor(Protocol):
    """A flavor with rules of the model `OpenSearchRule`."""

    def __call__(self, uow: UnitOfWork, rule: OpenSearchRule, /) -> Any: ...
    def _registers(self, *, id: str = ..., **fields: Unpack[OpenSearchFields]) -> Any: ...


class FirehoseTransformFields(RuleFields, total=False):
    """The fields of a `FirehoseTransformRule`, without `transform`."""

    metadata: UserFunction | None


class FirehoseTransformFlavor(Protocol):
    """A flavor with rules of the model `FirehoseTransformRule`."""

    def __call__(self, uow: UnitOfWork, rule: FirehoseTransformRule, /) -> Any: ...
    def _registers(self, *, id: str = ..., **fields: Unpack[FirehoseTransformFields]) -> Any: ...


class FirehoseDropFields(RuleFields, total=False):
    """The fields of a `FirehoseDropRule`."""


class FirehoseDropFlavor(Protocol):
    """A flavor with rules of the model `FirehoseDropRule`."""

    def __call__(self, uow: UnitOfWork, rule: FirehoseDropRule, /) -> Any: ...


class CircuitBreakerFields(RuleFields, total=False):
    """The fields of a `CircuitBreakerRule`."""

    uuid: str | None
    max_batch_size: int | None


class CircuitBreakerFlavor(Protocol):
    """A flavor with rules of the model `CircuitBreakerRule`."""

    def __call__(self, uow: UnitOfWork, rule: CircuitBreakerRule, /) -> Any: ...


class StreamFailoverFields(RuleFields, total=False):
    """The fields of a `StreamFailoverRule`, without `to_create_request`."""

    failover_region: str | None
    function_name: str | None
    stream_arn: str | None
    backoff: int | None


class StreamFailoverFlavor(Protocol):
    """A flavor with rules of the model `StreamFailoverRule`."""

    def __call__(self, uow: UnitOfWork, rule: StreamFailoverRule, /) -> Any: ...
    def _registers(self, *, id: str = ..., **fields: Unpack[StreamFailoverFields]) -> Any: ...


class Add(Protocol):
    """What ``RuleRegistry.add`` takes: a rule, or its flavor and fields."""

    @overload
    def __call__(self, rule: Rule | Mapping[str, Any], /) -> Rule: ...
    @overload
    def __call__(self, *, id: str, flavor: PlainFlavor, **fields: Any) -> Rule: ...
    @overload
    def __call__(
        self, *, id: str, flavor: TaskFlavor, execute: UserFunction | None = ..., **fields: Unpack[TaskFields]
    ) -> Rule: ...
    @overload
    def __call__(
        self,
        *,
        id: str,
        flavor: CollectFlavor,
        correlation_key: str | UserFunction | None = ...,
        **fields: Unpack[CollectFields],
    ) -> Rule: ...
    @overload
    def __call__(
        self,
        *,
        id: str,
        flavor: CorrelateFlavor,
        correlation_key: str | UserFunction,
        **fields: Unpack[CorrelateFields],
    ) -> Rule: ...
    @overload
    def __call__(
        self,
        *,
        id: str,
        flavor: EvaluateFlavor,
        expression: UserFunction | None = ...,
        **fields: Unpack[EvaluateFields],
    ) -> Rule: ...
    @overload
    def __call__(self, *, id: str, flavor: ExpiredFlavor, **fields: Unpack[ExpiredFields]) -> Rule: ...
    @overload
    def __call__(
        self,
        *,
        id: str,
        flavor: MaterializeFlavor,
        to_update_request: UserFunction,
        **fields: Unpack[MaterializeFields],
    ) -> Rule: ...
    @overload
    def __call__(
        self, *, id: str, flavor: UpdateFlavor, to_update_request: UserFunction, **fields: Unpack[UpdateFields]
    ) -> Rule: ...
    @overload
    def __call__(
        self, *, id: str, flavor: CdcFlavor, to_event: UserFunction | None = ..., **fields: Unpack[CdcFields]
    ) -> Rule: ...
    @overload
    def __call__(
        self, *, id: str, flavor: JobFlavor, to_event: UserFunction | None = ..., **fields: Unpack[JobFields]
    ) -> Rule: ...
    @overload
    def __call__(
        self, *, id: str, flavor: S3Flavor, to_s3: UserFunction | None = ..., **fields: Unpack[S3Fields]
    ) -> Rule: ...
    @overload
    def __call__(self, *, id: str, flavor: SnsFlavor, to_sns: UserFunction, **fields: Unpack[SnsFields]) -> Rule: ...
    @overload
    def __call__(self, *, id: str, flavor: SqsFlavor, to_sqs: UserFunction, **fields: Unpack[SqsFields]) -> Rule: ...
    @overload
    def __call__(
        self, *, id: str, flavor: OpenSearchFlavor, to_elasticsearch: UserFunction, **fields: Unpack[OpenSearchFields]
    ) -> Rule: ...
    @overload
    def __call__(
        self,
        *,
        id: str,
        flavor: FirehoseTransformFlavor,
        transform: UserFunction | None = ...,
        **fields: Unpack[FirehoseTransformFields],
    ) -> Rule: ...
    @overload
    def __call__(self, *, id: str, flavor: FirehoseDropFlavor, **fields: Unpack[FirehoseDropFields]) -> Rule: ...
    @overload
    def __call__(self, *, id: str, flavor: CircuitBreakerFlavor, **fields: Unpack[CircuitBreakerFields]) -> Rule: ...
    @overload
    def __call__(
        self,
        *,
        id: str,
        flavor: StreamFailoverFlavor,
        to_create_request: UserFunction | None = ...,
        **fields: Unpack[StreamFailoverFields],
    ) -> Rule: ...
    @overload
    def __call__(self, *, id: str, flavor: Declared[..., Any], **fields: Any) -> Rule: ...


task: TaskFlavor
collect: CollectFlavor
correlate: CorrelateFlavor
evaluate: EvaluateFlavor
expired: ExpiredFlavor
materialize: MaterializeFlavor
update: UpdateFlavor
cdc: CdcFlavor
job: JobFlavor
s3: S3Flavor
sns: SnsFlavor
sqs: SqsFlavor
elasticsearch: OpenSearchFlavor
opensearch: OpenSearchFlavor
firehose_transform: FirehoseTransformFlavor
firehose_drop: FirehoseDropFlavor
circuit_breaker: CircuitBreakerFlavor
stream_failover: StreamFailoverFlavor

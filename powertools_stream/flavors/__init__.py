"""Flavors: what a rule does. A flavor asks for I/O by yielding requests, and the engine carries them out.

Each is imported on first use, so that a function pays only for the flavors of its rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from powertools_stream._lazy import export

if TYPE_CHECKING:
    from powertools_stream.flavors.cdc import CdcRule as CdcRule
    from powertools_stream.flavors.circuit_breaker import CircuitBreakerRule as CircuitBreakerRule
    from powertools_stream.flavors.collect import CollectRule as CollectRule
    from powertools_stream.flavors.correlate import CorrelateRule as CorrelateRule
    from powertools_stream.flavors.evaluate import EvaluateRule as EvaluateRule
    from powertools_stream.flavors.expired import ExpiredRule as ExpiredRule
    from powertools_stream.flavors.firehose_drop import FirehoseDropRule as FirehoseDropRule
    from powertools_stream.flavors.firehose_transform import FirehoseTransformRule as FirehoseTransformRule
    from powertools_stream.flavors.job import JobRule as JobRule
    from powertools_stream.flavors.materialize import MaterializeRule as MaterializeRule
    from powertools_stream.flavors.opensearch import OpenSearchRule as OpenSearchRule
    from powertools_stream.flavors.s3 import S3Rule as S3Rule
    from powertools_stream.flavors.signatures import *
    from powertools_stream.flavors.sns import SnsRule as SnsRule
    from powertools_stream.flavors.sqs import SqsRule as SqsRule
    from powertools_stream.flavors.steps.alarms import Alarm as Alarm, alarm_of as alarm_of
    from powertools_stream.flavors.steps.calling import (
        call as call,
        get_items as get_items,
        split as split,
    )
    from powertools_stream.flavors.steps.event_table import CollectingRule as CollectingRule
    from powertools_stream.flavors.steps.messaging import MessagingRule as MessagingRule
    from powertools_stream.flavors.steps.publishing import (
        PublishingRule as PublishingRule,
        emitted as emitted,
        publish as publish,
        publish_all as publish_all,
    )
    from powertools_stream.flavors.steps.tables import (
        SplittingRule as SplittingRule,
        TableRule as TableRule,
        UpdatingRule as UpdatingRule,
    )
    from powertools_stream.flavors.stream_failover import StreamFailoverRule as StreamFailoverRule
    from powertools_stream.flavors.task import TaskRule as TaskRule
    from powertools_stream.flavors.update import UpdateRule as UpdateRule

__all__ = export(
    __name__,
    {
        # Flavors, each with the model of its rules
        "task": ("TaskRule", "task"),
        "collect": ("CollectRule", "collect"),
        "correlate": ("CorrelateRule", "correlate"),
        "evaluate": ("EvaluateRule", "evaluate"),
        "expired": ("ExpiredRule", "expired"),
        "materialize": ("MaterializeRule", "materialize"),
        "update": ("UpdateRule", "update"),
        "cdc": ("CdcRule", "cdc"),
        "job": ("JobRule", "job"),
        "s3": ("S3Rule", "s3"),
        "sns": ("SnsRule", "sns"),
        "sqs": ("SqsRule", "sqs"),
        "opensearch": ("OpenSearchRule", "elasticsearch", "opensearch"),
        "firehose_transform": ("FirehoseTransformRule", "firehose_transform"),
        "firehose_drop": ("FirehoseDropRule", "firehose_drop"),
        "circuit_breaker": ("CircuitBreakerRule", "circuit_breaker"),
        "stream_failover": ("StreamFailoverRule", "stream_failover"),
        # The steps that they are built from, for flavors of your own
        "steps.alarms": ("Alarm", "alarm_of"),
        "steps.calling": ("call", "get_items", "split"),
        "steps.event_table": ("CollectingRule",),
        "steps.messaging": ("MessagingRule",),
        "steps.publishing": ("PublishingRule", "emitted", "publish", "publish_all"),
        "steps.tables": ("SplittingRule", "TableRule", "UpdatingRule"),
    },
)

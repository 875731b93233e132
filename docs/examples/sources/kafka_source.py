from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.expressions import update_expression
from powertools_stream.flavors import materialize, task
from powertools_stream.requests import DeleteItem
from powertools_stream.sources import KafkaSource

rules = RuleRegistry()


def is_tombstone(uow: UnitOfWork) -> bool:
    return uow.record.get("value") is None


# --8<-- [start:handler]
@rules.register(materialize, event_type="customer-changed", table_name="customers")
def keep_customer(uow: UnitOfWork) -> dict[str, Any]:
    key = {"pk": uow.event["partition_key"], "sk": "customer"}
    return {"Key": key, **update_expression(uow.event["customer"])}


@rules.register(task, event_type="", filters=[is_tombstone])
def forget_customer(uow: UnitOfWork) -> Any:
    yield DeleteItem(
        {"Key": {"pk": uow.event["partition_key"], "sk": "customer"}},
        table_name="customers",
    )


@stream_processor(rules=rules)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """The decorator returns the response to Lambda."""


# --8<-- [end:handler]


# --8<-- [start:whole]
class WholeBatchKafkaSource(KafkaSource):
    """For a mapping that does not accept partial responses."""

    reports_partially = False


@stream_processor(rules=rules, source=WholeBatchKafkaSource())
def handler_without_partial_responses(
    event: dict[str, Any], context: LambdaContext
) -> None: ...


# --8<-- [end:whole]

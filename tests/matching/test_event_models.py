from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, field_validator

from powertools_stream import RuleRegistry
from powertools_stream.errors import InvalidEventError, RuleError
from powertools_stream.flavors import evaluate, task
from powertools_stream.outcomes import Reason
from powertools_stream.testing import run, to_dynamodb_records, to_sqs_records


class Line(BaseModel):
    sku: str
    price: float = Field(gt=0)


class OrderCreated(BaseModel):
    id: str
    timestamp: int
    lines: list[Line]
    token: UUID | None = None
    coupon: str | None = None

    @field_validator("coupon")
    @classmethod
    def _check_coupon(cls, coupon: str | None) -> str | None:
        if coupon is not None and not coupon.startswith("C"):
            raise ValueError(f"{coupon} is no coupon")
        return coupon


def order(**fields: Any) -> dict[str, Any]:
    return {"id": "e-1", "type": "order-created", "timestamp": 5, "lines": [{"sku": "a", "price": 2}], **fields}


def rules(seen: list[Any], **fields: Any) -> RuleRegistry:
    registry = RuleRegistry()
    registry.add(
        id="total", flavor=task, event_model=OrderCreated, execute=lambda uow: seen.append(uow.model), **fields
    )
    return registry


def test_the_event_is_there_as_an_instance_of_its_model() -> None:
    seen: list[Any] = []

    outcome = run(rules(seen), to_sqs_records([order()]))

    (model,) = seen
    assert isinstance(model, OrderCreated)
    assert model.lines[0].price == 2.0
    assert outcome.results[0].uow.model is model


def test_an_event_that_does_not_fit_is_a_fault_that_names_the_fields_but_not_their_values() -> None:
    secret = "4012-8888-8888-1881"
    lines = [{"sku": secret, "price": "free"}, {"price": -7777}]
    event = order(lines=lines, coupon=secret, token=secret)

    outcome = run(rules([]), to_sqs_records([event, order(id="e-2")]))

    (fault,) = outcome.faults
    assert isinstance(fault.error, InvalidEventError)
    assert (fault.rule_id, fault.reason) == ("total", Reason.FAULT)
    message = str(fault.error)
    for part in (
        "'order-created'",
        "'e-1'",
        "OrderCreated",
        "'total'",
        "lines.0.price: Input should be",
        "lines.1.sku",
    ):
        assert part in message
    for path in ("coupon", "token"):
        assert path in message
    assert fault.event is not None
    told = message + fault.event["err"]["stack"]
    assert secret not in told
    assert "7777" not in told
    assert "free" not in told


def test_a_message_does_not_name_fields_without_end() -> None:
    outcome = run(rules([]), to_sqs_records([order(lines=[{"sku": 1}] * 50)]))

    (fault,) = outcome.faults
    assert str(fault.error).count("lines.") == 10
    assert "and 90 more" in str(fault.error)


def test_only_events_that_the_rule_is_for_have_to_fit() -> None:
    seen: list[Any] = []
    registry = rules(seen, event_type="order-created", filters=[lambda uow: "lines" in uow.event])
    events = [order(type="other", lines=5), {"id": "x", "type": "order-created", "timestamp": 5}, order()]

    outcome = run(registry, to_sqs_records(events))

    assert outcome.faults == []
    assert len(seen) == 1


def test_other_rules_get_the_event_without_a_model() -> None:
    registry = rules([])
    registry.add(id="plain", flavor=task, execute=lambda uow: "model" in uow)

    outcome = run(registry, to_sqs_records([order()]))

    assert [result.uow["result"] for result in outcome.results if result.rule_id == "plain"] == [False]


def test_the_model_is_that_of_the_event_that_a_row_holds() -> None:
    registry = RuleRegistry()
    registry.add(
        id="e", flavor=evaluate, event_model=OrderCreated, emit=lambda uow, template: {"type": uow.model.lines[0].sku}
    )
    row = {"pk": "e-1", "sk": "EVENT", "discriminator": "EVENT", "data": "o-1", "event": order()}

    outcome = run(registry, to_dynamodb_records([{"new_image": row}]))

    assert [event["type"] for event in outcome.events] == ["a"]


@pytest.mark.parametrize("model", ["OrderCreated", dict, 5])
def test_what_is_no_model_is_told_when_the_rule_is_made(model: Any) -> None:
    registry = RuleRegistry()

    with pytest.raises(RuleError, match="'event_model' takes a pydantic model"):
        registry.add(id="r", flavor=task, execute=print, event_model=model)

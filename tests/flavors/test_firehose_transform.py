from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import Generator
from decimal import Decimal
from typing import Any

import pytest

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.errors import RuleError
from powertools_stream.flavors import FirehoseDropRule, FirehoseTransformRule, firehose_drop, firehose_transform
from powertools_stream.requests import GetItems
from powertools_stream.testing import drive, run, to_sqs_records
from powertools_stream.testing.firehose import read_firehose_answer, to_firehose_records

EVENT = {"id": "1", "type": "order-created", "customer": "c-1", "total": 42}


def result_of(transform: Any, metadata: Any = None, responses: Any = ()) -> UnitOfWork:
    rule = FirehoseTransformRule(id="t", transform=transform, metadata=metadata)
    (result,) = drive(firehose_transform, {"event": EVENT}, rule, responses).results
    return result


@pytest.mark.parametrize(
    ("returned", "data"),
    [
        ({"total": Decimal("4.5")}, b'{"total":4.5}\n'),
        ("as it is", b"as it is"),
        ("ä", "ä".encode()),
        (b"\xff", b"\xff"),
        (bytearray(b"x"), b"x"),
        (42, b"42\n"),
        ([{"n": 1}, {"n": 2}], b'{"n":1}\n{"n":2}\n'),
        (({"n": 1}, "text\n", b"x"), b'{"n":1}\ntext\nx'),
        ("", b""),
    ],
)
def test_what_transform_returns_is_delivered(returned: Any, data: bytes) -> None:
    result = result_of(lambda uow: returned)

    assert result["transformed"] == returned
    assert result["firehose_record"]["result"] == "Ok"
    assert b64decode(result["firehose_record"]["data"]) == data
    assert "metadata" not in result["firehose_record"]


def test_an_empty_list_drops_the_record() -> None:
    assert result_of(lambda uow: [])["firehose_record"] == {"result": "Dropped"}


def test_none_is_no_transformation() -> None:
    with pytest.raises(TypeError, match=r"Rule 't': transform returns what is to be delivered; got None"):
        result_of(lambda uow: None)


def test_what_json_cannot_hold_is_an_error_of_the_record() -> None:
    with pytest.raises(ValueError, match="NaN"):
        result_of(lambda uow: {"n": float("nan")})


def test_a_transformation_may_be_async() -> None:
    async def transform(uow: UnitOfWork) -> str:
        await asyncio.sleep(0)
        return "done"

    assert result_of(transform)["transformed"] == "done"


def test_a_transformation_may_ask_for_something() -> None:
    def transform(uow: UnitOfWork) -> Generator[Any, Any, dict[str, Any]]:
        answer = yield GetItems({"Keys": [{"pk": uow.event["customer"]}]}, table_name="customers")
        return {"name": answer["Responses"]["customers"][0]["name"]}

    result = result_of(transform, responses=[{"Responses": {"customers": [{"name": "Ada"}]}}])

    assert result["transformed"] == {"name": "Ada"}


def test_metadata_is_told_as_texts_and_may_use_what_was_transformed() -> None:
    def metadata(uow: UnitOfWork) -> dict[str, Any]:
        return {"partitionKeys": {"customer": uow["transformed"]["customer"], "year": 2026}}

    result = result_of(lambda uow: {"customer": uow.event["customer"]}, metadata)

    assert result["firehose_record"]["metadata"] == {"partitionKeys": {"customer": "c-1", "year": "2026"}}


def test_metadata_may_be_async_behind_an_async_transformation() -> None:
    async def transform(uow: UnitOfWork) -> str:
        return "x"

    async def metadata(uow: UnitOfWork) -> dict[str, Any]:
        return {"otfMetadata": {"destinationTableName": "orders", "operation": "insert"}}

    assert result_of(transform, metadata)["firehose_record"]["metadata"] == {
        "otfMetadata": {"destinationTableName": "orders", "operation": "insert"}
    }


def test_metadata_alone_leaves_the_data_as_it_is() -> None:
    result = result_of(None, lambda uow: {"partitionKeys": {"customer": uow.event["customer"]}})

    assert result["firehose_record"] == {"result": "Ok", "metadata": {"partitionKeys": {"customer": "c-1"}}}
    assert "transformed" not in result


def test_there_may_be_no_metadata() -> None:
    assert "metadata" not in result_of(lambda uow: "x", lambda uow: None)["firehose_record"]


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"customer": "c-1"}, r"a mapping with partitionKeys or otfMetadata; got \['customer'\]"),
        (["customer"], "got a list"),
        ({"partitionKeys": ["c-1"]}, "a mapping under 'partitionKeys'; got a list"),
        ({"partitionKeys": {"customer": None}}, "'customer' has none"),
        ({"partitionKeys": {"customer": ""}}, "'customer' has none"),
    ],
)
def test_metadata_that_firehose_would_not_understand_is_an_error_of_the_record(metadata: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        result_of(lambda uow: "x", lambda uow: metadata)


def test_a_dropped_record_says_so() -> None:
    outcome = drive(firehose_drop, {"event": EVENT}, FirehoseDropRule(id="d"), [])

    assert outcome.requests == ()
    assert outcome.results[0]["firehose_record"] == {"result": "Dropped"}


def test_a_transformation_needs_something_to_do() -> None:
    with pytest.raises(RuleError, match="it needs 'transform', 'metadata' or both"):
        FirehoseTransformRule(id="t")


@pytest.mark.parametrize("model", [FirehoseTransformRule, FirehoseDropRule])
def test_every_record_is_answered_so_none_are_compacted(model: Any) -> None:
    fields = {"transform": len} if model is FirehoseTransformRule else {}

    with pytest.raises(RuleError, match="compact"):
        model(id="t", compact=True, **fields)


def test_a_drop_takes_no_function() -> None:
    with pytest.raises(RuleError, match="transform"):
        RuleRegistry().add(id="d", flavor=firehose_drop, transform=lambda uow: "x")  # type: ignore[call-overload]


def test_metadata_reaches_firehose() -> None:
    rules = RuleRegistry()

    @rules.register(firehose_transform, metadata=lambda uow: {"partitionKeys": {"customer": uow.event["customer"]}})
    def total_only(uow: UnitOfWork) -> dict[str, Any]:
        return {"total": uow.event["total"]}

    response = run(rules, to_firehose_records([EVENT])).response

    assert read_firehose_answer(response) == [("Ok", b'{"total":42}\n')]
    assert response["records"][0]["metadata"] == {"partitionKeys": {"customer": "c-1"}}


@pytest.mark.parametrize(
    "rule", [{"flavor": firehose_drop}, {"flavor": firehose_transform, "transform": lambda uow: uow.event}]
)
def test_a_record_of_another_source_is_a_fault_and_not_lost(rule: dict[str, Any]) -> None:
    outcome = run([{"id": "f", **rule}], to_sqs_records([EVENT]))

    (fault,) = outcome.faults
    assert "Rule 'f': expected a record from Firehose, but found one from another source" in str(fault.error)
    assert len(outcome.response["batchItemFailures"]) == 1


def test_a_thousand_records_are_answered_and_what_they_ask_for_is_asked_together() -> None:
    def transform(uow: UnitOfWork) -> Generator[Any, Any, dict[str, Any]]:
        yield GetItems({"Keys": [{"pk": uow.event["id"]}]}, table_name="customers")
        return {"id": uow.event["id"]}

    batch = to_firehose_records([{"id": str(n)} for n in range(1_000)])

    outcome = run([{"id": "t", "flavor": firehose_transform, "transform": transform}], batch)

    assert len(outcome.requests) == 1_000
    assert read_firehose_answer(outcome.response) == [("Ok", b'{"id":"%d"}\n' % n) for n in range(1_000)]

"""Fields are encrypted on their way out and decrypted on their way in, with one data key for a batch."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel, field_validator

from powertools_stream import (
    ClaimChecks,
    Compression,
    FaultPolicy,
    FieldEncryption,
    RuleRegistry,
    StreamProcessor,
    UnitOfWork,
)
from powertools_stream.errors import InvalidRequestError, RequestFailedError
from powertools_stream.expressions import timestamp_condition, update_expression
from powertools_stream.flavors import cdc, collect, evaluate, materialize, task
from powertools_stream.outcomes import Reason
from powertools_stream.payloads.field_encryption import DecryptionError, envelope_of
from powertools_stream.requests import (
    GetItems,
    PutEvent,
    PutItem,
    PutObject,
    PutRecord,
    Query,
    Request,
    SendMessage,
    UpdateItem,
)
from powertools_stream.requests.kms import DecryptDataKey, EncryptDataKey, GenerateDataKey
from powertools_stream.testing import run, to_dynamodb_records, to_kinesis_records, to_sqs_records
from powertools_stream.testing.endpoint import ScriptedEndpoint
from tests.conftest import Aws

EMAIL = "ann@example.com"
EVENT = {"id": "1", "type": "x", "partition_key": "k", "customer": {"id": "c-7", "email": EMAIL}}
ENCRYPT = FieldEncryption(("email",), "alias/orders")
SAMPLE_KEY = bytes(range(32))


def rules_of(execute: Callable[[UnitOfWork], Any], event_type: str = "x", **fields: Any) -> RuleRegistry:
    rules = RuleRegistry()
    rules.add(id="r", flavor=task, event_type=event_type, execute=execute, **fields)
    return rules


def forward(uow: UnitOfWork) -> dict[str, Any]:
    return {"customer": uow.event["customer"]}


def sent(*requests: Request, encrypt: Any = ENCRYPT, **options: Any) -> Any:
    return run(rules_of(lambda uow: list(requests)), to_sqs_records([EVENT]), encrypt=encrypt, **options)


def opened(value: Any) -> Any:
    found = envelope_of(value)
    assert found is not None
    return found.decrypted(SAMPLE_KEY)


def of_type(outcome: Any, kind: type[Request]) -> list[Any]:
    return [request for request in outcome.requests if isinstance(request, kind)]


def encrypted_event(**fields: Any) -> dict[str, Any]:
    """Return an event as another service has published it."""
    outcome = run(rules_of(forward, emit="y"), to_sqs_records([{**EVENT, **fields}]), encrypt=ENCRYPT)
    event: dict[str, Any] = json.loads(json.dumps(outcome.events[0]))
    assert EMAIL not in json.dumps(event)
    return event


# -- What goes out -----------------------------------------------------------------------------------------------------


def test_a_field_of_what_is_published_is_encrypted_and_nothing_else() -> None:
    outcome = run(rules_of(forward, emit="y"), to_sqs_records([EVENT]), encrypt=ENCRYPT)

    (event,) = outcome.events
    assert event["customer"]["id"] == "c-7"
    assert EMAIL not in json.dumps(event)
    assert event["eem"]["masterKeyAlias"] == "alias/orders"
    assert opened(event)["customer"]["email"] == EMAIL


def test_a_batch_takes_one_data_key() -> None:
    records = to_sqs_records([{**EVENT, "id": str(n)} for n in range(50)])

    outcome = run(rules_of(forward, emit="y"), records, encrypt={"fields": ["email"], "key_alias": "alias/orders"})

    assert len(of_type(outcome, GenerateDataKey)) >= 1
    assert len(outcome.events) == 50
    assert len({json.dumps(event["eem"]) for event in outcome.events}) == 1


def test_nothing_is_asked_of_kms_if_there_is_nothing_to_encrypt() -> None:
    outcome = sent(PutEvent({"type": "y", "id": "1", "name": "Ann"}), PutEvent({"type": "y", "id": "2", "email": None}))

    assert of_type(outcome, GenerateDataKey) == []
    assert all("eem" not in event for event in outcome.events)


@pytest.mark.parametrize(
    ("request_", "content"),
    [
        (PutEvent({"type": "y", "id": "1", "email": EMAIL}), lambda request: request.event),
        (SendMessage({"MessageBody": {"id": "1", "email": EMAIL}}), lambda request: request.params["MessageBody"]),
        (PutRecord({"Data": {"id": "1", "email": EMAIL}}), lambda request: request.params["Data"]),
        (PutItem({"Item": {"pk": "1", "email": EMAIL}}), lambda request: request.params["Item"]),
        (PutItem({"Item": {"pk": "1", "event": {"email": EMAIL}}}), lambda request: request.params["Item"]["event"]),
    ],
)
def test_whatever_carries_an_event_or_a_row_is_encrypted(
    request_: Any, content: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("QUEUE_URL", "STREAM_NAME", "ENTITY_TABLE_NAME"):
        monkeypatch.setenv(name, "http://queue")

    (done,) = of_type(sent(request_), type(request_))

    assert opened(content(done))["email"] == EMAIL


def test_the_fields_of_models_and_dataclasses_are_encrypted_as_well() -> None:
    class Customer(BaseModel):
        email: str

    @dataclass
    class Order:
        customer: Customer
        tags: frozenset[str]

    outcome = sent(PutEvent({"type": "y", "id": "1", "order": Order(Customer(email=EMAIL), frozenset({"a"}))}))

    (event,) = json.loads(json.dumps(outcome.events, default=list))
    assert EMAIL not in json.dumps(event)
    assert opened(event)["order"] == {"customer": {"email": EMAIL}, "tags": ["a"]}


def test_the_order_of_what_is_published_stays() -> None:
    plain = PutRecord({"Data": {"id": "2", "name": "Ann"}, "PartitionKey": "k"})
    secret = PutRecord({"Data": {"id": "1", "email": EMAIL}, "PartitionKey": "k"})

    outcome = sent(secret, plain)

    assert [request.params["Data"]["id"] for request in of_type(outcome, PutRecord)] == ["1", "2"]


def test_a_rule_says_otherwise_than_the_processor() -> None:
    rules = rules_of(lambda uow: PutEvent({"type": "y", "id": "1", "email": EMAIL, "card": 1}))
    rules.add(
        id="own",
        flavor=task,
        event_type="x",
        execute=lambda uow: PutEvent({"type": "z", "id": "2", "email": EMAIL, "card": 1}),
        encrypt={"fields": ["card"], "key_alias": "alias/cards"},
    )

    outcome = run(rules, to_sqs_records([EVENT]), encrypt=ENCRYPT)

    by_type = {event["type"]: event for event in outcome.events}
    assert by_type["y"]["card"] == 1
    assert by_type["y"]["email"] != EMAIL
    assert by_type["z"]["email"] == EMAIL
    assert by_type["z"]["eem"] == {**by_type["y"]["eem"], "fields": ["card"], "masterKeyAlias": "alias/cards"}


def test_data_keys_are_asked_for_in_the_functions_own_role(endpoint: ScriptedEndpoint) -> None:
    asked: list[str] = []

    def answer(operation: str, body: Any) -> Any:
        asked.append(operation)
        if operation == "GenerateDataKey":
            return 200, {"Plaintext": b64encode(SAMPLE_KEY).decode(), "CiphertextBlob": "QUFB"}
        return None

    endpoint.script = answer
    rules = rules_of(forward, emit="y", role_arn="arn:aws:iam::123456789012:role/other")
    StreamProcessor(rules=rules, bus_name="bus", encrypt=ENCRYPT, raise_on_entire_batch_failure=False).process_event(
        to_sqs_records([EVENT])
    )

    assert asked[0] == "GenerateDataKey"  # before the role is assumed, in which the event would be published
    assert "PutEvents" not in asked


def test_a_rule_may_encrypt_without_the_processor() -> None:
    outcome = run(rules_of(forward, emit="y", encrypt=ENCRYPT), to_sqs_records([EVENT]))

    assert opened(outcome.events[0])["customer"]["email"] == EMAIL


def test_the_data_key_is_encrypted_in_the_other_regions() -> None:
    outcome = sent(
        PutEvent({"type": "y", "id": "1", "email": EMAIL}),
        encrypt=FieldEncryption(("email",), "alias/a", ("us-east-1", "us-west-2")),
    )

    assert {request.region_name for request in of_type(outcome, EncryptDataKey)} == {"us-east-1", "us-west-2"}
    assert outcome.events[0]["eem"]["dataKeys"].keys() == {"us-east-1", "us-west-2", "eu-central-1"}


def test_a_region_that_is_away_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    outcome = sent(
        PutEvent({"type": "y", "id": "1", "email": EMAIL}),
        encrypt=FieldEncryption(("email",), "alias/a", ("us-east-1",)),
        responses={EncryptDataKey: ConnectionError("away")},
    )

    assert outcome.events[0]["eem"]["dataKeys"].keys() == {"eu-central-1"}
    assert "could not be encrypted in us-east-1" in caplog.text


def test_nothing_goes_out_without_a_key() -> None:
    outcome = sent(
        PutEvent({"type": "y", "id": "1", "email": EMAIL}),
        responses={GenerateDataKey: RequestFailedError("DisabledException", "the key is disabled")},
        raise_on_entire_batch_failure=False,
    )

    assert outcome.events == []
    assert isinstance(outcome.faults[0].error, RequestFailedError)


def test_what_is_encrypted_may_be_compressed_and_left_at_s3_as_well() -> None:
    event = {"type": "y", "id": "1", "email": EMAIL * 1_000, "more": ["…" * 10] * 100_000}

    compressed = sent(PutEvent(event), compression=Compression()).events[0]
    left = sent(PutEvent(event), claim_checks=ClaimChecks({"bucket": "111122223333"}, "bucket"))

    assert compressed["email"].startswith("COMPRESSED")
    assert EMAIL not in of_type(left, PutObject)[0].params["Body"]
    read = run(rules_of(lambda uow: uow.event["email"], "y"), to_sqs_records([compressed]), encrypt=ENCRYPT)
    assert read.results[0].uow["result"] == event["email"]


def test_what_is_encrypted_already_is_left_as_it_is() -> None:
    event = encrypted_event()

    assert of_type(sent(PutEvent(event)), PutEvent)[0].event == event


# -- Updates -----------------------------------------------------------------------------------------------------------


def updated(fields: dict[str, Any], encrypt: Any = ENCRYPT, **params: Any) -> Any:
    request = UpdateItem({"Key": {"pk": "1"}, **update_expression(fields), **params}, table_name="t")
    return sent(request, encrypt=encrypt, raise_on_entire_batch_failure=False)


def test_an_update_encrypts_what_it_sets() -> None:
    outcome = updated({"email": EMAIL, "status": "NEW", "timestamp": 1, "note": None}, **timestamp_condition())

    params = of_type(outcome, UpdateItem)[0].params
    assert params["UpdateExpression"].startswith("SET #eem = :eem, #email = :email, #status = :status")
    assert params["UpdateExpression"].endswith(" REMOVE #note")
    values = params["ExpressionAttributeValues"]
    assert values[":status"] == "NEW"
    assert opened({"email": values[":email"], "eem": values[":eem"]}) == {"email": EMAIL}


def test_the_answer_to_an_update_is_decrypted() -> None:
    def ask(uow: UnitOfWork) -> Any:
        answer = yield UpdateItem({"Key": {"pk": "1"}, **update_expression({"email": EMAIL})}, table_name="t")
        return answer["Attributes"]

    def stored(request: UpdateItem) -> Any:
        values = request.params["ExpressionAttributeValues"]
        return {"Attributes": {"pk": "1", "email": values[":email"], "eem": values[":eem"]}}

    outcome = run(rules_of(ask), to_sqs_records([EVENT]), encrypt=ENCRYPT, responses={UpdateItem: stored})

    assert outcome.results[0].uow["result"] == {"pk": "1", "email": EMAIL}
    assert of_type(outcome, DecryptDataKey) == []  # it is the key of this batch


def test_an_update_with_an_envelope_of_its_own_is_left_as_it_is() -> None:
    fields = {"email": "U2FsdGVkX1", "eem": {"fields": ["email"]}}

    assert of_type(updated(fields), UpdateItem)[0].params["ExpressionAttributeValues"][":email"] == "U2FsdGVkX1"


def test_an_update_encrypts_what_stands_deeper_too() -> None:
    values = of_type(updated({"customer": {"email": EMAIL}}), UpdateItem)[0].params["ExpressionAttributeValues"]

    assert opened({"customer": values[":customer"], "eem": values[":eem"]}) == {"customer": {"email": EMAIL}}


@pytest.mark.parametrize("fields", [{"status": "NEW"}, {"email": None, "status": "NEW"}])
def test_an_update_that_encrypts_nothing_is_left_as_it_is(fields: dict[str, Any]) -> None:
    params = of_type(updated(fields), UpdateItem)[0].params

    assert ":eem" not in params["ExpressionAttributeValues"]


@pytest.mark.parametrize(
    ("fields", "params"),
    [
        ({"email": EMAIL}, {}),
        ({"email": {"a", "b"}, "card": 1}, {}),
        (
            {"email": EMAIL, "card": 1},
            {"UpdateExpression": "SET #email = if_not_exists(#email, :email), #card = :card"},
        ),
    ],
)
def test_an_update_that_would_leave_fields_of_two_data_keys_or_a_plain_one_is_refused(
    fields: dict[str, Any], params: dict[str, Any]
) -> None:
    outcome = updated(fields, FieldEncryption(("email", "card"), "alias/a"), **params)

    assert isinstance(outcome.faults[0].error, InvalidRequestError)
    assert of_type(outcome, UpdateItem) == []


# -- What comes in -----------------------------------------------------------------------------------------------------


def read(event: Any, rules: RuleRegistry | None = None, **options: Any) -> Any:
    options = {"encrypt": FieldEncryption(), "raise_on_entire_batch_failure": False, **options}
    return run(rules or rules_of(lambda uow: uow.event["customer"]["email"], "y"), event, **options)


@pytest.mark.parametrize("to_records", [to_sqs_records, to_kinesis_records])
def test_an_event_is_decrypted_before_matching(to_records: Any) -> None:
    rules = rules_of(
        lambda uow: uow.event["customer"]["email"], "y", filters=[lambda uow: uow.event["customer"]["email"] == EMAIL]
    )

    outcome = read(to_records([encrypted_event()]), rules)

    assert outcome.results[0].uow["result"] == EMAIL
    assert "eem" not in outcome.results[0].uow["event"]


def test_a_data_key_is_decrypted_once_for_a_batch() -> None:
    event = encrypted_event()

    outcome = read(to_sqs_records([{**event, "id": str(n)} for n in range(20)]))

    assert len(outcome.results) == 20
    assert {request.ciphertext for request in of_type(outcome, DecryptDataKey)} == {
        envelope_of(event).data_keys["eu-central-1"]  # type: ignore[union-attr]
    }


def test_events_that_no_rule_is_for_are_not_decrypted() -> None:
    outcome = read(to_sqs_records([{**encrypted_event(), "type": "other"}]))

    assert of_type(outcome, DecryptDataKey) == []
    assert outcome.response == {"batchItemFailures": []}


def test_without_the_option_an_event_comes_as_it_is() -> None:
    rules = rules_of(lambda uow: uow.event["eem"], "y")

    assert run(rules, to_sqs_records([encrypted_event()])).results[0].uow["result"]["fields"] == ["email"]


def test_both_images_of_a_change_are_decrypted() -> None:
    (row,) = of_type(sent(PutItem({"Item": {"pk": "1", "sk": "x", "email": EMAIL}}, table_name="t")), PutItem)
    item = {**row.params["Item"], "discriminator": "thing"}
    event = to_dynamodb_records([{"new_image": item, "old_image": {**item, "status": "OLD"}}])
    rules = RuleRegistry()
    rules.add(
        id="r", flavor=cdc, event_type="thing-updated", to_event=lambda uow: {"was": uow.event["raw"]["old"]["email"]}
    )

    outcome = read(event, rules)

    (published,) = outcome.events
    assert published["was"] == EMAIL
    assert published["raw"]["new"]["email"] == EMAIL  # it has no fields of its own to encrypt


def test_rows_that_are_read_are_decrypted() -> None:
    (row,) = of_type(sent(PutItem({"Item": {"pk": "1", "email": EMAIL}}, table_name="t")), PutItem)
    item = row.params["Item"]

    def ask(uow: UnitOfWork) -> Any:
        page = yield Query({}, table_name="t", page=True)
        every = yield Query({}, table_name="t")
        some = yield GetItems({"Keys": [{"pk": "1"}]}, table_name="t")
        return [page["Items"][0], every[0], some["Responses"]["t"][0]]

    answers = {
        Query: lambda request: {"Items": [item]} if request.page else [item],
        GetItems: {"Responses": {"t": [item]}},
    }
    outcome = read(to_sqs_records([EVENT]), rules_of(ask), responses=answers)

    assert [found["email"] for found in outcome.results[0].uow["result"]] == [EMAIL] * 3


def test_events_are_stored_encrypted_and_evaluated_decrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-west-2")  # rows that come from another Region are left to that one
    rules = RuleRegistry()
    rules.add(id="c", flavor=collect, event_type="x", correlation_key="partition_key", table_name="t")
    stored = run(rules, to_sqs_records([EVENT]), encrypt=ENCRYPT)
    row = of_type(stored, PutItem)[0].params["Item"]
    assert EMAIL not in json.dumps(row, default=str)

    higher = RuleRegistry()
    higher.add(
        id="e",
        flavor=evaluate,
        event_type="x",
        table_name="t",
        expression=lambda uow: [one["customer"]["email"] for one in uow["correlated"]] == [EMAIL],
        emit="done",
    )
    outcome = run(
        higher, to_dynamodb_records([{"new_image": row}]), encrypt=FieldEncryption(), responses={Query: [row]}
    )

    assert [event["type"] for event in outcome.events] == ["done"]


def test_another_region_is_asked_if_the_own_one_fails() -> None:
    asked: list[Any] = []

    def decrypt(request: DecryptDataKey) -> Any:
        asked.append(request.region_name)
        if request.region_name is None:
            raise ConnectionError("away")
        return {"Plaintext": SAMPLE_KEY}

    event = encrypted_event()
    event["eem"]["dataKeys"]["us-east-1"] = "QUFB"

    outcome = read(to_sqs_records([event]), responses={DecryptDataKey: decrypt})

    assert outcome.results[0].uow["result"] == EMAIL
    assert (asked[0], asked[-1]) == (None, "us-east-1")


@pytest.mark.parametrize(("error", "reason"), [(ConnectionError("away"), Reason.RETRYABLE)])
def test_what_cannot_be_decrypted_now_comes_again(error: Exception, reason: Reason) -> None:
    outcome = read(to_sqs_records([encrypted_event()]), responses={DecryptDataKey: error})

    assert outcome.faults[0].reason is reason


def test_a_broken_field_is_a_fault_of_its_record_only() -> None:
    event = encrypted_event()
    broken = {**event, "id": "2", "customer": {"email": "no ciphertext"}}

    outcome = read(to_sqs_records([broken, event]))

    assert isinstance(outcome.faults[0].error, DecryptionError)
    assert len(outcome.results) == 1


# -- Fault events ------------------------------------------------------------------------------------------------------


def test_a_fault_event_holds_the_ciphertext() -> None:
    event = encrypted_event()

    def refuse(uow: UnitOfWork) -> None:
        uow["who"] = f"<{uow.event['customer']['email']}>"
        raise ValueError(f"{uow.event['customer']['email']} has opted out")

    outcome = read(to_sqs_records([event]), rules_of(refuse, "y"), encrypt=ENCRYPT, on_fault=FaultPolicy.PUBLISH)

    fault = outcome.faults[0].event
    assert EMAIL not in json.dumps(fault)
    assert fault["uow"]["event"]["customer"] == event["customer"]
    assert fault["uow"]["event"]["eem"] == event["eem"]
    assert fault["uow"]["who"] == "<*****>"
    assert fault["err"]["message"] == "***** has opted out"
    assert "eem" not in fault
    assert outcome.response == {"batchItemFailures": []}


def test_the_log_does_not_tell_what_was_decrypted(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(uow: UnitOfWork) -> None:
        raise ValueError(f"{uow.event['customer']['email']} has opted out")

    with caplog.at_level(logging.DEBUG):
        read(to_sqs_records([encrypted_event()]), rules_of(refuse, "y"))

    assert EMAIL not in caplog.text
    assert "***** has opted out" in caplog.text


def test_what_a_model_makes_of_what_was_decrypted_is_masked_as_well() -> None:
    class Customer(BaseModel):
        email: str

        @field_validator("email")
        @classmethod
        def upper(cls, value: str) -> str:
            return value.upper()

    class Order(BaseModel):
        customer: Customer

    def refuse(uow: UnitOfWork) -> None:
        raise ValueError(f"{uow.model.customer.email} has opted out")

    rules = RuleRegistry([{"id": "r", "flavor": task, "execute": refuse, "event_model": Order}])
    (fault,) = read(to_sqs_records([encrypted_event()]), rules).faults

    assert fault.event is not None
    assert fault.event["err"]["message"] == "***** has opted out"
    assert fault.event["uow"]["model"] == {"customer": {"email": "*****"}}


def test_what_a_rule_has_read_is_masked_as_well() -> None:
    (row,) = of_type(sent(PutItem({"Item": {"pk": "1", "email": EMAIL}}, table_name="t")), PutItem)

    def ask(uow: UnitOfWork) -> Any:
        found = yield Query({}, table_name="t")
        raise ValueError(f"no: {found}")

    outcome = read(to_sqs_records([EVENT | {"customer": {}}]), rules_of(ask), responses={Query: [row.params["Item"]]})

    assert EMAIL not in json.dumps(outcome.faults[0].event)


# -- KMS over HTTP -----------------------------------------------------------------------------------------------------


def test_fields_travel_encrypted_through_kms_and_eventbridge(aws: Aws) -> None:
    bus = aws.create_bus()
    kms = aws.client("kms")
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/orders", TargetKeyId=key_id)
    processor = StreamProcessor(rules=rules_of(forward, emit="y"), bus_name=bus, encrypt=ENCRYPT)
    processor.process_event(to_sqs_records([{**EVENT, "id": str(n)} for n in range(5)]))
    events = [event["detail"] for event in aws.events()]
    assert len(events) == 5
    assert EMAIL not in json.dumps(events)

    listener = StreamProcessor(rules=rules_of(lambda uow: uow.event["customer"]["email"], "y"), encrypt=ENCRYPT)
    response = listener.process_event(to_sqs_records(events))

    assert response == {"batchItemFailures": []}
    assert [result.uow["result"] for result in listener.results] == [EMAIL] * 5


def test_a_batch_makes_one_call_for_its_key(endpoint: ScriptedEndpoint) -> None:
    asked: list[str] = []

    def answer(operation: str, body: Any) -> Any:
        asked.append(operation)
        if operation == "GenerateDataKey":
            return 200, {"Plaintext": b64encode(SAMPLE_KEY).decode(), "CiphertextBlob": "QUFB"}
        return None

    endpoint.script = answer
    processor = StreamProcessor(rules=rules_of(forward, emit="y"), bus_name="bus", encrypt=ENCRYPT)

    for _ in range(2):
        response = processor.process_event(to_sqs_records([{**EVENT, "id": str(n)} for n in range(100)]))
        assert response == {"batchItemFailures": []}

    assert asked.count("GenerateDataKey") == 2  # one for each batch
    assert asked.count("PutEvents") == 20


def test_a_view_is_stored_and_read_through_dynamodb(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENTITY_TABLE_NAME", aws.create_table())
    aws.client("kms").create_alias(
        AliasName="alias/orders", TargetKeyId=aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    )
    rules = RuleRegistry()
    rules.add(
        id="m",
        flavor=materialize,
        event_type="x",
        to_update_request=lambda uow: {
            "Key": {"pk": "1", "sk": "customer"},
            **update_expression({"email": uow.event["customer"]["email"], "status": "NEW"}),
        },
    )
    processor = StreamProcessor(rules=rules, encrypt=ENCRYPT)

    assert processor.process_event(to_sqs_records([EVENT])) == {"batchItemFailures": []}

    (item,) = aws.client("dynamodb").scan(TableName="table")["Items"]
    assert item["status"] == {"S": "NEW"}
    assert item["email"]["S"].startswith("U2FsdGVkX1")

    def ask(uow: UnitOfWork) -> Any:
        found = yield GetItems({"Keys": [{"pk": "1", "sk": "customer"}]})
        return found["Responses"]["table"][0]["email"]

    reader = StreamProcessor(rules=rules_of(ask), encrypt=FieldEncryption())
    reader.process_event(to_sqs_records([EVENT]))

    assert reader.results[0].uow["result"] == EMAIL

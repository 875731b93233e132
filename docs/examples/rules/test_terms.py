from __future__ import annotations

import time
from typing import Any

from docs.examples.rules.terms import WRITER, rules
from powertools_stream.local import EmbeddedAWS, LambdaContext
from powertools_stream.outcomes import Reason
from powertools_stream.requests import HttpRequest, HttpResponse
from powertools_stream.testing import run, to_kinesis_records, to_sqs_records

PAID = {"type": "order-paid", "order": {"total": 42}}


# --8<-- [start:rate]
def test_the_partner_gets_no_more_than_ten_calls_in_a_second() -> None:
    calls: list[float] = []

    def answer(request: HttpRequest) -> HttpResponse:
        calls.append(time.monotonic())
        return HttpResponse(202, {}, None)

    outcome = run(rules, to_sqs_records([PAID] * 4), responses={HttpRequest: answer})

    assert [result.uow["result"] for result in outcome.results] == [202] * 4
    assert calls[-1] - calls[0] > 0.25


# --8<-- [end:rate]


# --8<-- [start:time]
def test_what_there_is_no_time_for_comes_again() -> None:
    context: Any = LambdaContext("partner", timeout=30)

    outcome = run(
        rules, to_sqs_records([PAID] * 3), rates={HttpRequest: (1, 60)}, context=context
    )

    assert len(outcome.requests) == 1
    assert [fault.reason for fault in outcome.faults] == [Reason.UNFINISHED] * 2
    assert len(outcome.response["batchItemFailures"]) == 2


# --8<-- [end:time]


def test_the_view_of_another_account_is_written_in_its_role() -> None:
    from boto3.session import Session

    from powertools_stream import StreamProcessor

    shipped = {"type": "order-shipped", "partition_key": "o-1"}
    with EmbeddedAWS() as aws:
        theirs = aws.client("sts").assume_role(RoleArn=WRITER, RoleSessionName="test")[
            "Credentials"
        ]
        keys = (
            theirs["AccessKeyId"],
            theirs["SecretAccessKey"],
            theirs["SessionToken"],
        )
        dynamodb = Session(*keys, region_name=aws.region).client(
            "dynamodb", endpoint_url=aws.url
        )
        dynamodb.create_table(
            TableName="orders",
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        response = StreamProcessor(rules=rules).process_event(
            to_kinesis_records([shipped])
        )
        items = dynamodb.scan(TableName="orders")["Items"]
        dynamodb.close()

    assert response == {"batchItemFailures": []}
    assert [item["status"] for item in items] == [{"S": "SHIPPED"}]

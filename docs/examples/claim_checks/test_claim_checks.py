from __future__ import annotations

import json
from typing import Any

import pytest

from docs.examples.claim_checks import compressing, listener, publisher
from powertools_stream import ClaimChecks, Compression, StreamProcessor
from powertools_stream.errors import MalformedRecordError, SettingError
from powertools_stream.local import EmbeddedAWS
from powertools_stream.outcomes import Reason
from powertools_stream.requests import GetObject
from powertools_stream.testing import run, to_sqs_records

NOON = 1_767_268_800_000  # 2026-01-01T12:00:00Z
REQUESTED = {
    "id": "r-1",
    "type": "report-requested",
    "timestamp": NOON,
    "length": 300_000,
}


def test_an_event_too_large_for_the_bus_is_left_at_s3() -> None:
    with EmbeddedAWS() as aws:
        aws.client("s3").create_bucket(Bucket="shop-claim-checks")
        aws.client("events").create_event_bus(Name="shop")
        # In the embedded AWS, buckets belong to another account.
        owned = ClaimChecks({"shop-claim-checks": "123456789012"}, "shop-claim-checks")
        processor = StreamProcessor(
            rules=publisher.rules, bus_name="shop", claim_checks=owned
        )

        response = processor.process_event(to_sqs_records([REQUESTED]))

        (found,) = aws.client("s3").list_objects_v2(Bucket="shop-claim-checks")[
            "Contents"
        ]
        left = json.loads(
            aws.client("s3")
            .get_object(Bucket="shop-claim-checks", Key=found["Key"])["Body"]
            .read()
        )
    assert response == {"batchItemFailures": []}
    assert found["Key"].startswith(
        "us-east-1/claimchecks/2026/01/01/12/r-1.make_report/"
    )
    assert (left["type"], len(left["lines"])) == ("report-made", 300_000)


# --8<-- [start:listener]
def claim_check(bucket: str) -> dict[str, Any]:
    """What arrives instead of the event."""
    folder = "eu-central-1/claimchecks/2026/01/01/12/r-1.make_report"
    place = {"bucket": bucket, "key": f"{folder}/0f3a5b7c9d1e2f40"}
    return {
        "id": "r-1.make_report",
        "type": "report-made",
        "timestamp": NOON,
        "tags": {},
        "s3": place,
    }


def test_a_claim_check_is_redeemed_before_the_rules_match() -> None:
    whole = {"id": "r-1.make_report", "type": "report-made", "lines": ["…", "…"]}

    outcome = run(
        listener.rules,
        to_sqs_records([claim_check("shop-claim-checks")]),
        claim_checks=listener.checks,
        responses={GetObject: {"Body": json.dumps(whole).encode()}},
    )

    assert outcome.results[0].uow["result"] == 2
    assert outcome.requests[0].params["ExpectedBucketOwner"] == "111122223333"


def test_an_event_cannot_point_the_function_anywhere() -> None:
    outcome = run(
        listener.rules,
        to_sqs_records([claim_check("secrets")]),
        claim_checks=listener.checks,
    )

    assert outcome.requests == []
    (fault,) = outcome.faults
    assert isinstance(fault.error, MalformedRecordError)
    assert fault.reason is Reason.FAULT


# --8<-- [end:listener]


# --8<-- [start:compression]
def test_large_fields_travel_compressed_and_are_read_as_they_were() -> None:
    outcome = run(
        compressing.rules,
        to_sqs_records([REQUESTED]),
        compression=Compression(threshold=1_000, ignore=("summary",)),
    )

    (event,) = outcome.events
    assert event["title"] == "2026"
    assert event["lines"].startswith("COMPRESSED")
    assert event["summary"].startswith("…")
    read = run(listener.rules, to_sqs_records([event]))
    assert read.results[0].uow["result"] == 300_000


# --8<-- [end:compression]


def test_a_bucket_needs_an_owner() -> None:
    with pytest.raises(
        SettingError, match="to have an owner, but 'elsewhere' has none"
    ):
        ClaimChecks({"shop-claim-checks": "111122223333"}, "elsewhere")

from __future__ import annotations

from contextlib import closing

import pytest

from powertools_stream.cli.lake import ClaimError, Selection, objects as module, open_lake
from powertools_stream.cli.lake.moments import HOUR
from powertools_stream.cli.status import CannotRunError
from tests.cli.lake.events import AT, HERE, enveloped, event, fault, ids_in, lines
from tests.conftest import Aws


def fill(aws: Aws, objects: dict[str, bytes], bucket: str = "lake") -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    for key, content in objects.items():
        s3.put_object(Bucket=bucket, Key=key, Body=content)


def test_a_lake_as_firehose_writes_it(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AHEAD", 300)
    fill(
        aws,
        {
            "faults/2025/11/20/22/1.gz": lines([enveloped(fault("old"))], zipped=True),
            "faults/2025/11/29/21/2.gz": lines([enveloped(fault("2a")), enveloped(fault("2b"))], "", zipped=True),
            "faults/2025/11/29/22/3": lines([enveloped(fault("3")), enveloped(fault("late", at=AT - HOUR))]),
            "faults/2025/11/29/22/": b"",
            "faults/2025/12/24/00/4": lines([fault("much later"), fault("4", at=AT + 20 * 24 * HOUR)]),
            "faults-archive/1": lines([fault("other")]),
            "faults.jsonl": lines([fault("single")]),
        },
    )
    everything = ["old", "2a", "2b", "3", "late", "much later", "4"]
    assert ids_in("s3://lake/faults") == ids_in("s3://lake/faults/") == everything
    assert ids_in("s3://lake") == ["other", "single", *everything]
    assert ids_in("s3://lake/faults.jsonl") == ["single"]
    assert ids_in("s3://lake/faults-*") == ["other"]
    assert ids_in("s3://lake/faults", since=AT, until=AT + HOUR) == ["2a", "2b", "3"]
    assert ids_in("s3://lake/faults", since=AT, until=AT + HOUR, late=60 * 24 * HOUR) == ["2a", "2b", "3", "much later"]
    assert ids_in("s3://lake/faults", since=AT - HOUR) == ["2a", "2b", "3", "late", "much later", "4"]
    assert ids_in("s3://lake/none") == []


def test_places_and_what_is_not_read(aws: Aws) -> None:
    fill(aws, {"2025/11/29/22/1": lines([event("1"), event("2")]), "2025/11/20/22/1": lines([event("3")])})
    lake = open_lake("s3://lake", HERE)
    assert [stored.place for stored in lake.events(Selection(since=AT))] == [
        "s3://lake/2025/11/29/22/1:1",
        "s3://lake/2025/11/29/22/1:2",
    ]
    assert lake.reading.files == 1
    # What was written before is not read, wherever it lies.
    lake = open_lake("s3://lake", HERE)
    assert list(lake.events(Selection(since=4_000_000_000_000))) == []
    assert lake.reading.files == 0


def test_objects_are_fetched_ahead_and_come_in_order(aws: Aws) -> None:
    fill(aws, {f"{number:03}": lines([event(str(number))]) for number in range(60)})
    assert ids_in("s3://lake") == list(map(str, range(60)))
    with closing(open_lake("s3://lake", HERE).events(Selection())) as events:
        assert next(events).event["id"] == "0"


def test_an_object_that_cannot_be_had_is_told(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    fill(aws, {"1": lines([event("1")]), "2": lines([event("2")]), "3": lines([event("3")])})
    s3 = aws.client("s3")
    s3.put_object(Bucket="lake", Key="2", Body=lines([event("2")]), StorageClass="GLACIER")
    lake = open_lake("s3://lake", HERE)
    assert [stored.event["id"] for stored in lake.events(Selection())] == ["1", "3"]
    assert lake.reading.problems == 1
    assert "warning: s3://lake/2: GetObject was refused: InvalidObjectState" in capsys.readouterr().err


def test_a_bucket_that_is_none(aws: Aws) -> None:
    with pytest.raises(CannotRunError, match="NoSuchBucket"):
        list(open_lake("s3://lake", HERE).events(Selection()))


# -- Claim checks ------------------------------------------------------------------------------------------------------

KEY = "eu-central-1/claimchecks/2025/11/29/22/f-1/0f3a5b7c9d1e2f40"


def claim(**s3: str) -> dict[str, object]:
    return {**fault("f-1"), "uow": None, "s3": {"bucket": "claims", "key": KEY, **s3}}


def test_a_fault_that_was_too_large_is_redeemed(aws: Aws) -> None:
    deep = fault("f-1", uow={"record": {"body": {"<json>": "[[1]]"}}, "event": event("o-1", "order-paid")})
    fill(aws, {KEY: lines([deep])}, "claims")
    fill(aws, {"1": lines([enveloped(claim())])})
    lake = open_lake("s3://lake", HERE)
    (stored,) = lake.events(Selection())
    whole = lake.whole(stored)
    assert whole.place == stored.place
    assert whole.event["uow"] == {"record": {"body": [[1]]}, "event": event("o-1", "order-paid")}
    assert whole.event["s3"] == {"bucket": "claims", "key": KEY}
    assert ids_in("s3://lake", failed_types=("order-paid",)) == ["f-1"]
    assert ids_in("s3://lake", failed_types=("order-shipped",)) == []


def test_only_what_may_be_redeemed_is(aws: Aws) -> None:
    fill(aws, {KEY: lines([fault("f-2")])}, "claims")
    fill(aws, {"1": lines([claim(), claim(key="claimchecks/../secret"), claim(bucket="others")])})
    lake = open_lake("s3://lake", HERE)
    for stored, why in zip(
        lake.events(Selection()),
        ("Expected event 'f-1' behind", "without dot segments", "in a bucket of account 123456789012: GetObject was"),
        strict=True,
    ):
        with pytest.raises(ClaimError, match=why):
            lake.whole(stored)


def test_a_field_of_an_event_that_looks_like_depths_stays_as_it_is(aws: Aws) -> None:
    fill(aws, {"1": lines([event("1", payload={"<json>": "[1]"}), fault("2", uow={"x": {"<json>": "["}})])})
    lake = open_lake("s3://lake", HERE)
    plain, broken = lake.events(Selection())
    assert lake.whole(plain) == plain
    with pytest.raises(ClaimError, match="Expected JSON in the values that lay too deep"):
        lake.whole(broken)

from __future__ import annotations

from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.errors import MalformedRecordError
from powertools_stream.flavors import task
from powertools_stream.sources import S3Source
from powertools_stream.testing import run
from powertools_stream.testing.notifications import to_s3_records
from powertools_stream.testing.source_suite import SourceSuite
from powertools_stream.uow import Record

# As on the page "Event message structure".
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
DOCUMENTED: Record = {
    "eventVersion": "2.2",
    "eventSource": "aws:s3",
    "awsRegion": "us-west-2",
    "eventTime": "1970-01-01T00:00:00.000Z",
    "eventName": "ObjectRestore:Completed",
    "userIdentity": {"principalId": "AIDAJDPLRKLG7UEXAMPLE"},
    "requestParameters": {"sourceIPAddress": "127.0.0.1"},
    "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5W"},
    "s3": {
        "s3SchemaVersion": "1.0",
        "configurationId": "testConfigRule",
        "bucket": {
            "name": "amzn-s3-demo-bucket",
            "ownerIdentity": {"principalId": "A3NL1KOZZKExample"},
            "arn": "arn:aws:s3:::amzn-s3-demo-bucket",
        },
        "object": {"key": "HappyFace.jpg", "size": 1024, "eTag": "d41d8cd98f00b204e9800998ecf8427e", "versionId": "v1"},
    },
    "glacierEventData": {
        "restoreEventData": {
            "lifecycleRestorationExpiryTime": "1970-01-01T00:00:00.000Z",
            "lifecycleRestoreStorageClass": "GLACIER",
        }
    },
}


def record(changed: Any) -> Record:
    built: Record = to_s3_records([changed])["Records"][0]
    return built


class TestS3Source(SourceSuite):
    def source(self) -> S3Source:
        return S3Source()

    def event(self) -> dict[str, Any]:
        return to_s3_records(["a.json", {"key": "a.json", "event_name": "ObjectRemoved:Delete"}, "b.json"])

    def malformed_record(self) -> Record:
        broken = record("a.json")
        del broken["s3"]["object"]["key"]
        return broken


def test_an_event_is_the_record_with_its_key_decoded() -> None:
    given = record({"key": "2026/grüße an c++ (1).json", "timestamp": 1545084650987})

    event = S3Source().read(given)

    assert given["s3"]["object"]["key"] == "2026/gr%C3%BC%C3%9Fe+an+c%2B%2B+%281%29.json"
    assert event == {
        **given,
        "id": event["id"],
        "type": "object-created",
        "timestamp": 1545084650987,
        "partition_key": "2026/grüße an c++ (1).json",
        "tags": {"region": "us-west-2"},
        "s3": {**given["s3"], "object": {**given["s3"]["object"], "key": "2026/grüße an c++ (1).json"}},
    }


def test_what_s3_documents_is_read() -> None:
    event = S3Source().read(DOCUMENTED)

    assert (event["type"], event["timestamp"], event["partition_key"]) == ("object-restore", 0, "HappyFace.jpg")
    assert event["glacierEventData"] == DOCUMENTED["glacierEventData"]
    assert event["s3"] == DOCUMENTED["s3"]


# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ObjectCreated:Put", "object-created"),
        ("ObjectCreated:CompleteMultipartUpload", "object-created"),
        ("ObjectRemoved:Delete", "object-removed"),
        ("ObjectRemoved:DeleteMarkerCreated", "object-removed"),
        ("ObjectRestore:Post", "object-restore"),
        ("ObjectRestore:Delete", "object-restore"),
        ("ReducedRedundancyLostObject", "reduced-redundancy-lost-object"),
        ("Replication:OperationFailedReplication", "replication"),
        ("LifecycleExpiration:Delete", "lifecycle-expiration"),
        ("LifecycleTransition", "lifecycle-transition"),
        ("IntelligentTiering", "intelligent-tiering"),
        ("ObjectTagging:Put", "object-tagging"),
        ("ObjectAcl:Put", "object-acl"),
        ("s3:ObjectCreated:Copy", "object-created"),
    ],
)
def test_the_type_is_the_family_of_the_event_name(name: str, kind: str) -> None:
    event = S3Source().read(record({"key": "a.json", "event_name": name}))

    assert (event["type"], event["eventName"]) == (kind, name)


def test_the_id_tells_changes_apart_and_repetitions_not() -> None:
    first = record({"key": "a.json", "sequencer": "01"})
    again = {**record({"key": "a.json", "sequencer": "01"}), "responseElements": {}}
    others = [
        record({"key": "a.json", "sequencer": "02"}),
        record({"key": "b.json", "sequencer": "01"}),
        record({"key": "a.json", "sequencer": "01", "bucket": "sales"}),
        record({"key": "a.json", "sequencer": "01", "event_name": "ObjectRemoved:Delete"}),
    ]

    assert S3Source().read(first)["id"] == S3Source().read(again)["id"]
    assert len({S3Source().read(one)["id"] for one in (first, *others)}) == 5


def test_without_a_sequencer_the_time_and_the_version_tell_changes_apart() -> None:
    one, two = ({**DOCUMENTED, "eventTime": f"2026-01-01T00:00:0{n}.000Z"} for n in (1, 2))

    assert S3Source().read(one)["id"] != S3Source().read(two)["id"]


def test_an_object_that_was_tiered_is_read_under_the_name_that_it_has_there() -> None:
    given = record({"key": "a b.json", "event_name": "IntelligentTiering"})
    given["s3"]["get_object"] = given["s3"].pop("object")

    event = S3Source().read(given)

    assert event["partition_key"] == event["s3"]["get_object"]["key"] == "a b.json"


@pytest.mark.parametrize("broken", [{}, {"s3": None}, {"s3": {"object": {"key": "a"}}}, {"eventName": None}])
def test_a_record_that_names_no_object_is_malformed(broken: dict[str, Any]) -> None:
    given = {**record("a.json"), **broken} if broken else {"eventSource": "aws:s3"}

    with pytest.raises(MalformedRecordError, match=r"Expected a record of S3 with s3\.bucket\.name"):
        S3Source().read(given)


def test_a_record_is_named_and_ordered_by_its_object() -> None:
    given = record({"key": "a b.json", "sequencer": "0A"})

    assert S3Source().identifier(given) == "orders/a+b.json/0A"
    assert S3Source().order_key(given) == ("orders", "a+b.json")
    assert S3Source().identifier({"responseElements": {"x-amz-request-id": "C3D"}}) == "C3D"
    assert S3Source().order_key({}) is None
    assert S3Source().record_id({"responseElements": {}}) == "undefined"
    with pytest.raises(MalformedRecordError):
        S3Source().identifier({})


def test_a_failure_fails_the_invocation_so_that_lambda_repeats_it() -> None:
    rules = RuleRegistry()

    @rules.register(task, event_type="object-created")
    def check(uow: UnitOfWork) -> None:
        if uow.event["s3"]["object"]["key"] == "b.json":
            raise ValueError("not this one")

    assert run(rules, to_s3_records(["a.json"])).response == {"batchItemFailures": []}
    with pytest.raises(BatchProcessingError, match="1 of 2 records failed"):
        run(rules, to_s3_records(["a.json", "b.json"]))

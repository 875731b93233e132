from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest

from powertools_stream.errors import MalformedRecordError, SettingError
from powertools_stream.sources import DynamoDBSource
from powertools_stream.testing.records import to_dynamodb_records
from powertools_stream.testing.source_suite import SourceSuite
from powertools_stream.uow import Event, Record

ORDER = {"pk": "o-1", "sk": "order", "total": 42}


def record(change: dict[str, Any], **options: Any) -> Record:
    built: Record = to_dynamodb_records([change], **options)["Records"][0]
    return built


def read(change: dict[str, Any], source: DynamoDBSource | None = None, **options: Any) -> Event:
    event = (source or DynamoDBSource()).read(record(change, **options))
    assert event is not None
    return event


class TestDynamoDBSource(SourceSuite):
    def source(self) -> DynamoDBSource:
        return DynamoDBSource()

    def event(self) -> dict[str, Any]:
        return to_dynamodb_records([
            {"new_image": ORDER},
            {"old_image": ORDER, "new_image": {**ORDER, "total": 43}},
            {"old_image": ORDER},
        ])  # fmt: skip

    def malformed_record(self) -> Record:
        broken = record({"new_image": ORDER})
        broken["dynamodb"]["NewImage"]["total"] = {"N": "much"}
        return broken


def test_a_change_is_an_event_with_its_images_as_plain_values() -> None:
    change = record(
        {"new_image": {**ORDER, "rate": Decimal("0.1"), "tags": {"a"}, "blob": b"\x00"}, "timestamp": 1600000000.123}
    )

    assert DynamoDBSource().read(change) == {
        "id": change["eventID"],
        "type": "order-created",
        "timestamp": 1600000000123,
        "partition_key": "o-1",
        "tags": {"region": "us-west-2"},
        "raw": {"new": {**ORDER, "rate": Decimal("0.1"), "tags": {"a"}, "blob": b"\x00"}, "old": None},
    }


@pytest.mark.parametrize(
    ("old", "new", "suffix"),
    [
        (None, {}, "created"),
        ({}, {}, "updated"),
        ({}, None, "deleted"),
        (None, {"deleted": True}, "deleted"),
        ({}, {"deleted": True}, "deleted"),
        ({"deleted": False}, {"deleted": True}, "deleted"),
        ({"deleted": True}, {"deleted": True}, "updated"),
        ({"deleted": True}, {"deleted": False}, "undeleted"),
        ({"deleted": True}, {}, "undeleted"),
        ({"deleted": True}, None, "deleted"),
        ({}, {"deleted": "true"}, "updated"),
        ({"deleted": 1}, {}, "updated"),
    ],
)
def test_the_suffix_says_what_happened(old: dict[str, Any] | None, new: dict[str, Any] | None, suffix: str) -> None:
    change = {name: {**ORDER, **image} for name, image in (("old_image", old), ("new_image", new)) if image is not None}

    assert read(change)["type"] == f"order-{suffix}"


def test_a_stream_of_old_images_does_not_tell_of_an_undeletion() -> None:
    change = {"old_image": {**ORDER, "deleted": True}, "new_image": ORDER}

    assert read(change, view_type="OLD_IMAGE")["type"] == "order-updated"


@pytest.mark.parametrize(
    ("item", "prefix"),
    [
        ({"discriminator": "invoice", "sk": "order"}, "invoice"),
        ({"discriminator": "", "sk": "order"}, "order"),
        ({"discriminator": 5, "sk": "order"}, "order"),
        ({"sk": 5}, "sales"),
        ({}, "sales"),
    ],
)
def test_the_prefix_is_the_discriminator_else_the_sort_key_else_the_table(item: dict[str, Any], prefix: str) -> None:
    assert read({"new_image": {"pk": "o-1", **item}}, table="sales")["type"] == f"{prefix}-created"


def test_the_prefix_may_be_given_or_computed_from_the_item() -> None:
    item = {"site": "berlin", "date#event_type": "2026-01-01#visit", "count": 5}
    key = ("site", "date#event_type")

    by_text = DynamoDBSource(event_type_prefix="visit")
    by_function = DynamoDBSource(event_type_prefix=lambda item: str(item["date#event_type"].split("#")[1]))

    assert read({"new_image": item}, by_text, key=key)["type"] == "visit-created"
    assert read({"old_image": item}, by_function, key=key)["type"] == "visit-deleted"
    assert read({"new_image": item}, by_function, key=key, view_type="KEYS_ONLY")["type"] == "visit-created"
    assert read({"new_image": item}, DynamoDBSource(sk="site"), key=key)["type"] == "berlin-created"


def test_without_the_arn_of_a_table_the_prefix_is_undefined() -> None:
    change = record({"new_image": {"pk": "o-1"}})
    del change["eventSourceARN"]

    event = DynamoDBSource().read(change)

    assert event is not None
    assert event["type"] == "undefined-created"


@pytest.mark.parametrize(
    ("keys", "pk", "expected"),
    [
        ({"pk": "o-1", "sk": "order"}, None, "o-1"),
        ({"site": "berlin"}, None, "berlin"),
        ({"site": "berlin", "date#event_type": "2026#visit"}, "site", "berlin"),
        ({"site": "berlin", "date#event_type": "2026#visit"}, None, "2026#visit|berlin"),
        ({"number": 5}, None, "5"),
        ({"blob": b"\xff"}, None, "/w=="),
        ({"pk": "o-1", "number": Decimal("1.5")}, "number", "1.5"),
    ],
)
def test_the_partition_key_is_the_hash_key_of_any_name_and_type(
    keys: dict[str, Any], pk: str | None, expected: str
) -> None:
    assert read({"new_image": keys, "keys": keys}, DynamoDBSource(pk=pk))["partition_key"] == expected


def test_a_hash_key_that_the_table_does_not_have_is_an_error_of_the_setting() -> None:
    with pytest.raises(SettingError, match=r"Expected 'site' to be a key .* found the keys 'pk', 'sk'"):
        read({"new_image": ORDER}, DynamoDBSource(pk="site"))


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        ({"timestamp": 5}, None, 5),
        ({"timestamp": Decimal("5.5")}, None, 5),
        ({"timestamp": "5"}, None, 1600000000000),
        ({"timestamp": True}, None, 1600000000000),
        ({}, {"timestamp": 5}, 1600000000000),
        (None, {"timestamp": 5}, 5),
        ({}, None, 1600000000000),
    ],
)
def test_the_timestamp_is_the_images_if_it_is_a_number(
    new: dict[str, Any] | None, old: dict[str, Any] | None, expected: int
) -> None:
    images = {name: {**ORDER, **image} for name, image in (("new_image", new), ("old_image", old)) if image is not None}

    assert read({**images, "timestamp": 1600000000})["timestamp"] == expected


def test_the_timestamp_of_the_stream_may_be_preferred() -> None:
    source = DynamoDBSource(prefer_approximate_timestamp=True)

    assert (
        read({"new_image": {**ORDER, "timestamp": 5}, "timestamp": 1600000000.5}, source)["timestamp"] == 1600000000500
    )


@pytest.mark.parametrize("name", ["awsregion", "aws:rep:updateregion"])
def test_what_was_replicated_from_another_region_is_skipped(name: str) -> None:
    here, elsewhere = {"new_image": {**ORDER, name: "us-west-2"}}, {"new_image": {**ORDER, name: "eu-central-1"}}

    assert DynamoDBSource().read(record(here)) is not None
    assert DynamoDBSource().read(record(elsewhere)) is None
    assert DynamoDBSource().read(record({"old_image": elsewhere["new_image"]})) is None
    assert DynamoDBSource(ignore_replicas=False).read(record(elsewhere)) is not None


def test_the_change_that_adorns_an_item_with_its_region_is_skipped() -> None:
    change = record({"old_image": ORDER, "new_image": {**ORDER, "aws:rep:updateregion": "us-west-2"}})

    assert DynamoDBSource().read(change) is None
    assert DynamoDBSource(ignore_replicas=False).read(change) is not None


def test_removals_by_time_to_live_are_skipped_on_demand() -> None:
    source = DynamoDBSource(ignore_ttl_expired=True)

    assert DynamoDBSource().read(record({"old_image": ORDER, "ttl_expired": True})) is not None
    assert source.read(record({"old_image": ORDER, "ttl_expired": True})) is None
    assert source.read(record({"old_image": ORDER})) is not None


@pytest.mark.parametrize("view_type", ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE"])
def test_streams_without_all_images_are_read(view_type: str) -> None:
    event = read({"old_image": ORDER, "new_image": ORDER}, view_type=view_type)

    assert event["type"] == "order-updated"
    assert event["raw"] == {
        "new": ORDER if view_type == "NEW_IMAGE" else None,
        "old": ORDER if view_type == "OLD_IMAGE" else None,
    }


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"Keys": None},
        {"Keys": {"pk": "o-1"}},
        {"Keys": {"pk": {}}},
        {"Keys": {"pk": {"S": "1"}}, "NewImage": {"pk": "plain"}},
        {"Keys": {"pk": {"S": "1"}}, "NewImage": {"pk": {"street": "Main"}}},
        {"Keys": {"pk": {"S": "1"}}, "NewImage": {"pk": {"B": "%"}}},
        {"Keys": {"pk": {"S": "1"}}, "NewImage": {"pk": {"N": "1E+999999999"}}},
        {"Keys": {"pk": {"S": "1"}}, "NewImage": ["pk"]},
    ],
)
def test_a_change_that_is_not_made_of_attribute_values_is_malformed(change: dict[str, Any]) -> None:
    broken = {**record({"new_image": ORDER}), "dynamodb": {**change, "SequenceNumber": "7"}}

    with pytest.raises(MalformedRecordError, match="attribute values") as caught:
        DynamoDBSource().read(broken)

    assert caught.value.record_id == "7"
    assert DynamoDBSource().identifier(broken) == "7"
    hash(DynamoDBSource().order_key(broken))


@pytest.mark.parametrize("name", [None, "UPSERT", ["INSERT"]])
def test_an_unknown_kind_of_change_is_malformed(name: Any) -> None:
    with pytest.raises(MalformedRecordError, match="eventName among INSERT, MODIFY, REMOVE"):
        DynamoDBSource().read({**record({"new_image": ORDER}), "eventName": name})


def test_an_error_of_the_users_function_is_not_taken_for_a_malformed_record() -> None:
    with pytest.raises(KeyError, match="nothing"):
        read({"new_image": ORDER}, DynamoDBSource(event_type_prefix=lambda item: str(item["nothing"])))


def test_the_key_of_the_item_orders_changes_in_whatever_order_its_parts_come() -> None:
    one, other = record({"new_image": ORDER}), record({"new_image": {**ORDER, "total": 5}})
    turned = copy.deepcopy(one)
    turned["dynamodb"]["Keys"] = dict(reversed(turned["dynamodb"]["Keys"].items()))

    assert DynamoDBSource().order_key(one) == (("pk", "S", "o-1"), ("sk", "S", "order"))
    assert DynamoDBSource().order_key(one) == DynamoDBSource().order_key(other) == DynamoDBSource().order_key(turned)
    assert DynamoDBSource().order_key(one) != DynamoDBSource().order_key(record({"new_image": {**ORDER, "pk": "o-2"}}))
    assert DynamoDBSource().order_key({}) is None


def test_a_change_is_named_by_its_sequence_number() -> None:
    assert DynamoDBSource().identifier(record({"new_image": ORDER, "sequence_number": 7})) == "7"
    with pytest.raises(MalformedRecordError, match="SequenceNumber"):
        DynamoDBSource().identifier({})

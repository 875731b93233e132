from __future__ import annotations

from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import s3

rules = RuleRegistry()


# --8<-- [start:put]
@rules.register(s3, event_type="order-accepted", bucket_name="lake")
def keep_order(uow: UnitOfWork) -> dict[str, Any]:
    return {
        "Key": f"orders/{uow.event['partition_key']}/{uow.event['id']}.json",
        "Body": uow.event,
    }


# --8<-- [end:put]


# --8<-- [start:move]
def to_archive(uow: UnitOfWork) -> dict[str, Any]:
    key = uow.event["key"]
    return {
        "Bucket": "archive",
        "Key": key,
        "CopySource": {"Bucket": "inbox", "Key": key},
    }


def from_inbox(uow: UnitOfWork) -> dict[str, Any]:
    return {"Bucket": "inbox", "Key": uow.event["key"]}


rules.add(
    id="archive-file",
    flavor=s3,
    event_type="file-imported",
    to_copy_request=to_archive,
    to_delete_request=from_inbox,
)
# --8<-- [end:move]


# --8<-- [start:pages]
def uploaded(uow: UnitOfWork) -> dict[str, Any]:
    return {"Bucket": "inbox", "Key": uow.event["key"]}


@rules.register(
    s3, event_type="manual-uploaded", to_get_request=uploaded, bucket_name="site"
)
def publish_pages(uow: UnitOfWork) -> list[dict[str, Any]]:
    pages = uow["get_response"]["Body"].decode().split("\f")
    return [
        {"Key": f"manual/{n}.txt", "Body": page, "ContentType": "text/plain"}
        for n, page in enumerate(pages, start=1)
    ]


# --8<-- [end:pages]


# --8<-- [start:split]
@rules.register(
    s3,
    event_type="album-shared",
    split_on="event.photos",
    split_target_field="photo",
    bucket_name="site",
)
def describe_photo(uow: UnitOfWork) -> dict[str, Any]:
    return {"Key": f"photos/{uow['photo']['id']}.json", "Body": uow["photo"]}


# --8<-- [end:split]

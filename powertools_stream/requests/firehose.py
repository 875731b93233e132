"""The request for Data Firehose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from powertools_stream.requests.permissions import Permission, Place
from powertools_stream.requests.request import Request

__all__ = ["PutDeliveryRecord"]


STREAM = Place(
    "arn:${AWS::Partition}:firehose:${AWS::Region}:${AWS::AccountId}:deliverystream/{name}",
    "delivery_stream_name",
    "DeliveryStreamName",
    ("DELIVERY_STREAM_NAME",),
)


@dataclass(frozen=True, slots=True)
class PutDeliveryRecord(Request):
    """Put one record on a Firehose stream; batched into ``PutRecordBatch``. Answers its result: ``{"RecordId": …}``.

    Parameters
    ----------
    params
        What Firehose takes as one record: ``{"Data": …}``. ``Data`` that is neither text nor bytes is written as JSON
        with a line end, so that what is delivered is JSON Lines.
    delivery_stream_name
        Default: ``params["DeliveryStreamName"]``, then ``DELIVERY_STREAM_NAME``.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("firehose:PutRecordBatch", STREAM),)

    params: Mapping[str, Any]
    delivery_stream_name: str | None = field(default=None, kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer that the record was taken."""
        return {"RecordId": f"record-{n}"}

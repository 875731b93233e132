"""The orders service from the outside: its table, and what is in its queues."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from powertools_stream.local.emulator import Emulator
from powertools_stream.local.stack import Stack

__all__ = ["TEMPLATE", "OrdersService"]

TEMPLATE = Path(__file__).with_name("template.yaml")


@dataclass(frozen=True)
class OrdersService:
    """The deployed service. Resources are named by their logical ids.

    Parameters
    ----------
    stack
        The stack.
    emulator
        Where it is deployed.
    """

    stack: Stack
    emulator: Emulator

    def rows(self) -> list[str]:
        """Return the ids of the orders in the table."""
        table = self.stack.physical_ids["Table"]
        pages = (
            self.emulator.client("dynamodb")
            .get_paginator("scan")
            .paginate(TableName=table, ConsistentRead=True)
        )
        return [item["pk"]["S"] for page in pages for item in page["Items"]]

    def messages(self, queue: str) -> Iterator[dict[str, Any]]:
        """Take every message out of a queue."""
        sqs, url = self.emulator.client("sqs"), self.stack.physical_ids[queue]
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            entries = [
                {"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]}
                for n, each in enumerate(messages)
            ]
            sqs.delete_message_batch(QueueUrl=url, Entries=entries)
            yield from messages

    def events(self, queue: str) -> list[dict[str, Any]]:
        """Take every event out of a queue."""
        return [
            json.loads(message["Body"])["detail"] for message in self.messages(queue)
        ]

"""What the user functions of a rule share: where they note what they do, and the requests that they make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from powertools_stream.requests import GetItems, PutItem
from tests.soak.journal import Journal, stamp

__all__ = ["BUCKET", "BUS", "QUEUE", "STREAM", "TABLE", "TOPIC", "Crew"]

TABLE = "table"
QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/queue"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:topic"
STREAM = "stream"
BUCKET = "bucket"
BUS = "rules-bus"


class Crew:
    """What the user functions of one rule share.

    Parameters
    ----------
    seed
        The program's.
    rule_id
        The rule.
    journal
        Gets their notes.
    """

    def __init__(self, seed: int, rule_id: str, journal: Journal) -> None:
        self.rule_id = rule_id
        self._seed = seed
        self._journal = journal

    def stamp(self, uow: Mapping[str, Any], label: str = "0") -> str:
        return stamp(self._seed, uow, self.rule_id, label)

    def enter(self, uow: Mapping[str, Any], place: str = "code") -> None:
        self._journal.enter(uow, self.rule_id, place)

    async def enter_coroutine(self, uow: Mapping[str, Any]) -> None:
        await self._journal.enter_coroutine(uow, self.rule_id, "code")

    def enter_worker(self, uow: Mapping[str, Any]) -> None:
        self._journal.enter_worker(uow, self.rule_id)

    def step(self, uow: Mapping[str, Any], what: str) -> None:
        self._journal.step(uow, self.rule_id, what)

    def finish(self, uow: Mapping[str, Any]) -> None:
        self._journal.finish(uow, self.rule_id, "0")

    def expect(self, holds: bool, uow: Mapping[str, Any], what: str) -> None:
        self._journal.expect(holds, uow, self.rule_id, what)

    # -- Requests ------------------------------------------------------------------------------------------------------

    def put_item(self, uow: Mapping[str, Any], label: str = "0") -> PutItem:
        mark = self.stamp(uow, label)
        return PutItem({"Item": {"pk": mark, "sk": "item", "stamp": mark}}, table_name=TABLE)

    def update_params(self, uow: Mapping[str, Any], label: str = "0") -> dict[str, Any]:
        mark = self.stamp(uow, label)
        key = {"pk": mark.split(".", 2)[2], "sk": "view"}
        return {
            "Key": key,
            "UpdateExpression": "SET #s = :s",
            "ExpressionAttributeNames": {"#s": "stamp"},
            "ExpressionAttributeValues": {":s": mark},
        }

    def get_items(self, uow: Mapping[str, Any], label: str = "0") -> GetItems:
        return GetItems({"Keys": [{"pk": self.stamp(uow, label), "sk": "item"}]}, table_name=TABLE)

    def query_params(self, uow: Mapping[str, Any]) -> dict[str, Any]:
        return {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": self.stamp(uow, "query")}}

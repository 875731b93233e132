"""What rules do: each work is a rule of a flavor, with user functions that fail as planned, and its writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from powertools_stream import UnitOfWork
from powertools_stream.flavors import cdc, collect, materialize, s3, sns, sqs, task, update
from powertools_stream.requests import Call, PutEvent, PutRecord, Query, SendMessage, UpdateItem
from tests.soak.crew import BUCKET, BUS, QUEUE, STREAM, TABLE, TOPIC, Crew

__all__ = ["WORKS", "Work"]

Steps = Generator[Any, Any, Any]


@dataclass(frozen=True)
class Work:
    """One kind of work.

    Parameters
    ----------
    labels
        Its writes for one record, in the order in which they are made.
    fields
        The fields of the rule, but for what every rule has.
    ordered
        Whether its flavor is ordered by itself.
    takes_compact
        Whether its rules may be compacted.
    in_coroutine
        Whether its user function is a coroutine.
    on_worker
        Whether its user function runs on a worker thread.
    skips_latched
        Whether its flavor leaves out changes that a listener made.
    is_custom
        Whether its flavor is the user's own.
    """

    labels: tuple[str, ...]
    fields: Callable[[Crew], dict[str, Any]]
    ordered: bool = False
    takes_compact: bool = True
    in_coroutine: bool = False
    on_worker: bool = False
    skips_latched: bool = False
    is_custom: bool = False


# -- Works of `task` ---------------------------------------------------------------------------------------------------


def _result(crew: Crew) -> dict[str, Any]:
    def execute(uow: UnitOfWork) -> int:
        crew.enter(uow)
        crew.finish(uow)
        return 1

    return {"flavor": task, "execute": execute}


def _async_result(crew: Crew) -> dict[str, Any]:
    async def execute(uow: UnitOfWork) -> int:
        await crew.enter_coroutine(uow)
        await asyncio.sleep(0.001)
        crew.step(uow, "after a pause")
        crew.finish(uow)
        return 1

    return {"flavor": task, "execute": execute}


def _emit(crew: Crew) -> dict[str, Any]:
    def execute(uow: UnitOfWork) -> dict[str, Any]:
        crew.enter(uow)
        return {"stamp": crew.stamp(uow)}

    return {"flavor": task, "execute": execute, "emit": "thing-done", "bus_name": BUS}


def _emit_several(crew: Crew) -> dict[str, Any]:
    def emit(uow: UnitOfWork, template: dict[str, Any]) -> list[dict[str, Any]]:
        crew.enter(uow)
        return [{**template, "type": "thing-done", "stamp": crew.stamp(uow, label)} for label in "012"]

    return {"flavor": task, "emit": emit, "bus_name": BUS}


def _async_emit(crew: Crew) -> dict[str, Any]:
    async def execute(uow: UnitOfWork) -> dict[str, Any]:
        await crew.enter_coroutine(uow)
        await asyncio.sleep(0)
        crew.step(uow, "after a pause")
        return {"stamp": crew.stamp(uow)}

    return {"flavor": task, "execute": execute, "emit": "thing-done", "bus_name": BUS}


def _requests(crew: Crew) -> dict[str, Any]:
    def execute(uow: UnitOfWork) -> list[Any]:
        crew.enter(uow)
        message = SendMessage({"MessageBody": crew.stamp(uow, "1")}, queue_url=QUEUE)
        return [crew.put_item(uow), message]

    return {"flavor": task, "execute": execute}


def _generator(crew: Crew) -> dict[str, Any]:
    def execute(uow: UnitOfWork) -> Steps:
        crew.enter(uow)
        items = yield Query(crew.query_params(uow), table_name=TABLE)
        crew.expect(len(items) == 2, uow, f"a query was answered {items!r}")
        crew.enter(uow, "between")
        yield PutEvent({"type": "thing-done", "id": crew.stamp(uow)}, bus_name=BUS)
        crew.step(uow, "after an event")
        yield PutRecord({"Data": crew.stamp(uow, "1"), "PartitionKey": "p"}, stream_name=STREAM)

    return {"flavor": task, "execute": execute}


def _call(crew: Crew) -> dict[str, Any]:
    def work(uow: UnitOfWork) -> str:
        crew.enter_worker(uow)
        return "worked"

    def execute(uow: UnitOfWork) -> Steps:
        crew.step(uow, "before a call")
        answer = yield Call(work, uow)
        crew.expect(answer == "worked", uow, f"a call was answered {answer!r}")
        yield crew.put_item(uow)

    return {"flavor": task, "execute": execute}


# -- Works of other flavors --------------------------------------------------------------------------------------------


def _collect(crew: Crew) -> dict[str, Any]:
    def correlation_key(uow: UnitOfWork) -> str:
        crew.enter(uow)
        return crew.stamp(uow)

    return {"flavor": collect, "correlation_key": correlation_key, "table_name": TABLE}


def _collect_own_row(crew: Crew) -> dict[str, Any]:
    async def to_put_request(uow: UnitOfWork) -> dict[str, Any]:
        await crew.enter_coroutine(uow)
        mark = crew.stamp(uow)
        return {"Item": {"pk": mark, "sk": "EVENT", "stamp": mark}}

    return {
        "flavor": collect,
        "correlation_key": lambda uow: "k",
        "to_put_request": to_put_request,
        "table_name": TABLE,
    }


def _materialize(crew: Crew) -> dict[str, Any]:
    def to_update_request(uow: UnitOfWork) -> dict[str, Any]:
        crew.enter(uow)
        return crew.update_params(uow)

    return {"flavor": materialize, "to_update_request": to_update_request, "table_name": TABLE}


def _materialize_split(crew: Crew) -> dict[str, Any]:
    def split_on(uow: UnitOfWork) -> list[str]:
        crew.enter(uow)
        return ["0", "1", "2"]

    def to_update_request(uow: UnitOfWork) -> dict[str, Any]:
        crew.step(uow, "a part")
        return crew.update_params(uow, uow["split"])

    return {
        "flavor": materialize,
        "split_on": split_on,
        "to_update_request": to_update_request,
        "table_name": TABLE,
    }


def _update(crew: Crew) -> dict[str, Any]:
    def to_get_request(uow: UnitOfWork) -> dict[str, Any]:
        return {"Keys": [{"pk": "shared", "sk": "item"}]}

    def to_update_request(uow: UnitOfWork) -> dict[str, Any]:
        crew.enter(uow)
        found = uow["batch_get_response"]["Responses"][TABLE]
        crew.expect(len(found) == 1, uow, f"the shared item was answered {found!r}")
        return crew.update_params(uow)

    return {
        "flavor": update,
        "to_get_request": to_get_request,
        "to_update_request": to_update_request,
        "table_name": TABLE,
    }


def _update_queried(crew: Crew) -> dict[str, Any]:
    def to_query_request(uow: UnitOfWork) -> dict[str, Any]:
        crew.enter(uow)
        return crew.query_params(uow)

    def to_update_request(uow: UnitOfWork) -> dict[str, Any]:
        crew.step(uow, "an item")
        return crew.update_params(uow, uow["query_response"]["sk"])

    return {
        "flavor": update,
        "to_query_request": to_query_request,
        "to_update_request": to_update_request,
        "table_name": TABLE,
    }


def _cdc(crew: Crew) -> dict[str, Any]:
    def to_event(uow: UnitOfWork) -> dict[str, Any]:
        crew.enter(uow)
        return {"type": "thing-changed", "stamp": crew.stamp(uow)}

    return {"flavor": cdc, "to_event": to_event, "bus_name": BUS, "table_name": TABLE}


def _sqs(crew: Crew) -> dict[str, Any]:
    def to_sqs(uow: UnitOfWork) -> list[dict[str, Any]]:
        crew.enter(uow)
        return [{"MessageBody": {"stamp": crew.stamp(uow, label)}} for label in "01"]

    return {"flavor": sqs, "to_sqs": to_sqs, "queue_url": QUEUE}


def _sqs_in_groups(crew: Crew) -> dict[str, Any]:
    def to_sqs(uow: UnitOfWork) -> list[dict[str, Any]]:
        crew.enter(uow)
        return [
            {
                "MessageBody": {"stamp": crew.stamp(uow, label)},
                "MessageGroupId": "g",
                "MessageDeduplicationId": crew.stamp(uow, label),
            }
            for label in "01"
        ]

    return {"flavor": sqs, "to_sqs": to_sqs, "queue_url": f"{QUEUE}.fifo"}


def _sns(crew: Crew) -> dict[str, Any]:
    async def to_sns(uow: UnitOfWork) -> dict[str, Any]:
        await crew.enter_coroutine(uow)
        return {"Message": {"stamp": crew.stamp(uow)}}

    return {"flavor": sns, "to_sns": to_sns, "topic_arn": TOPIC}


def _s3(crew: Crew) -> dict[str, Any]:
    def to_s3(uow: UnitOfWork) -> dict[str, Any]:
        crew.enter(uow)
        return {"Key": f"{crew.rule_id}/view", "Body": {"stamp": crew.stamp(uow)}}

    return {"flavor": s3, "to_s3": to_s3, "bucket_name": BUCKET}


# -- Flavors of the user's own -----------------------------------------------------------------------------------------


def _writes_and_reads(crew: Crew) -> dict[str, Any]:
    def writes_and_reads(uow: UnitOfWork, rule: Any) -> Steps:
        crew.enter(uow)
        yield crew.put_item(uow)
        crew.enter(uow, "between")
        answer = yield crew.get_items(uow)
        found = answer["Responses"][TABLE]
        crew.expect([item.get("stamp") for item in found] == [crew.stamp(uow)], uow, f"its own write reads {found!r}")
        yield UpdateItem(crew.update_params(uow, "1"), table_name=TABLE)
        return uow.extend(done=True)

    return {"flavor": writes_and_reads}


def _side_by_side(crew: Crew) -> dict[str, Any]:
    async def pause(uow: UnitOfWork) -> str:
        await crew.enter_coroutine(uow)
        return "paused"

    def one_after_the_other(uow: UnitOfWork) -> Steps:
        yield crew.put_item(uow, "1")
        crew.step(uow, "in the middle")
        yield crew.put_item(uow, "2")
        return "both"

    def side_by_side(uow: UnitOfWork, rule: Any) -> Steps:
        message = SendMessage({"MessageBody": crew.stamp(uow)}, queue_url=QUEUE)
        answers = yield [message, one_after_the_other(uow), pause(uow)]
        crew.expect(answers[1:] == ["both", "paused"], uow, f"what ran side by side was answered {answers!r}")
        return [uow.extend(n=0), uow.extend(n=1)]

    return {"flavor": side_by_side}


WORKS: dict[str, Work] = {
    "task: result": Work(("0",), _result, ordered=True),
    "task: async result": Work(("0",), _async_result, ordered=True, in_coroutine=True),
    "task: emit": Work(("0",), _emit, ordered=True),
    "task: emit several": Work(("0", "1", "2"), _emit_several, ordered=True),
    "task: async emit": Work(("0",), _async_emit, ordered=True, in_coroutine=True),
    "task: requests": Work(("0", "1"), _requests, ordered=True),
    "task: generator": Work(("0", "1"), _generator, ordered=True),
    "task: call": Work(("0",), _call, ordered=True, on_worker=True),
    "collect": Work(("0",), _collect, takes_compact=False),
    "collect: own row": Work(
        ("0",), _collect_own_row, takes_compact=False, in_coroutine=True
    ),
    "materialize": Work(("0",), _materialize, ordered=True),
    "materialize: split": Work(("0", "1", "2"), _materialize_split, ordered=True),
    "update": Work(("0",), _update, ordered=True, skips_latched=True),
    "update: query": Work(("0", "1"), _update_queried, ordered=True, skips_latched=True),
    "cdc": Work(("0",), _cdc, skips_latched=True),
    "sqs": Work(("0", "1"), _sqs, skips_latched=True),
    "sqs: groups": Work(("0", "1"), _sqs_in_groups, skips_latched=True),
    "sns": Work(("0",), _sns, in_coroutine=True),
    "s3": Work(("0",), _s3, ordered=True),
    "own: writes and reads": Work(("0", "1"), _writes_and_reads, is_custom=True),
    "own: side by side": Work(("0", "1", "2"), _side_by_side, is_custom=True, in_coroutine=True),
}  # fmt: skip

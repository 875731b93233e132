"""Within MiniStack: moves the messages of a dead-letter queue back. It knows none of these actions of SQS.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
"""

from __future__ import annotations

import json
import time
from typing import Any

__all__ = ["install"]

# The tasks of each queue, the newest first, by the queue's ARN. A task is over before its request is.
_tasks: dict[str, list[dict[str, Any]]] = {}


def install() -> None:
    """Add the actions."""
    from ministack.services import sqs

    sqs._HANDLERS.update(
        {
            "ListDeadLetterSourceQueues": _list_sources,
            "StartMessageMoveTask": _start,
            "ListMessageMoveTasks": _list,
            "CancelMessageMoveTask": _cancel,
        }
    )


def _list_sources(data: dict[str, Any], url: str) -> dict[str, Any]:
    from ministack.services import sqs

    arn = sqs._get_q(url)["attributes"]["QueueArn"]
    return {"queueUrls": [each for each, queue in sqs._queues.items() if _dead_letters_of(queue) == arn]}


def _dead_letters_of(queue: dict[str, Any]) -> str:
    policy = json.loads(queue["attributes"].get("RedrivePolicy") or "{}")
    return str(policy.get("deadLetterTargetArn", ""))


def _start(data: dict[str, Any], url: str) -> dict[str, Any]:
    from ministack.services import sqs

    source, destination = data["SourceArn"], data.get("DestinationArn")
    queue = _queue(source)
    if all(_dead_letters_of(each) != source for _, each in sqs._queues.items()):
        raise sqs._Err("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.", 400)
    # A message that a consumer holds stays, as with SQS.
    messages = [each for each in queue["messages"] if each["visible_at"] <= time.time()]
    task = {"SourceArn": source, "ApproximateNumberOfMessagesToMove": len(messages)}
    task["StartedTimestamp"] = int(time.time() * 1000)
    if destination:
        task["DestinationArn"] = destination
    _tasks.setdefault(source, []).insert(0, task | _moved(queue, messages, destination))
    return {"TaskHandle": sqs.new_uuid()}


def _moved(queue: dict[str, Any], messages: list[dict[str, Any]], destination: str | None) -> dict[str, Any]:
    for count, message in enumerate(messages):
        target = destination or message.get("sys", {}).get("DeadLetterQueueSourceArn", "")
        if not target:
            return _result("FAILED", count) | {"FailureReason": "CouldNotDetermineMessageSource"}
        _move(message, queue, _queue(target))
    return _result("COMPLETED", len(messages))


def _result(status: str, moved: int) -> dict[str, Any]:
    return {"Status": status, "ApproximateNumberOfMessagesMoved": moved}


def _move(message: dict[str, Any], source: dict[str, Any], target: dict[str, Any]) -> None:
    from ministack.services import sqs

    # It is a new message, received by nobody.
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
    system = {name: value for name, value in message.get("sys", {}).items() if name != "DeadLetterQueueSourceArn"}
    anew = {"id": sqs.new_uuid(), "receipt_handle": None, "receive_count": 0, "first_receive_at": None}
    now = time.time()
    source["messages"].remove(message)
    target["messages"].append(message | anew | {"sys": system, "sent_at": now, "enqueued_at": now, "visible_at": now})
    sqs.esm_wake.set()


def _list(data: dict[str, Any], url: str) -> dict[str, Any]:
    _queue(data["SourceArn"])
    count = int(data.get("MaxResults") or 1)
    return {"Results": _tasks.get(data["SourceArn"], [])[:count]}


def _cancel(data: dict[str, Any], url: str) -> dict[str, Any]:
    from ministack.services import sqs

    raise sqs._Err("ResourceNotFoundException", "There is no active message move task.", 404)


def _queue(arn: str) -> dict[str, Any]:
    from ministack.services import sqs

    queue: dict[str, Any] | None = sqs._queue_by_arn(arn)
    if queue is None:
        raise sqs._Err("ResourceNotFoundException", f"The queue {arn} does not exist.", 404)
    return queue

"""Sends events from a file to a resource of a stack, one line each."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from powertools_stream.local.emulator import Emulator
from powertools_stream.local.stack import Stack

__all__ = ["SendError", "send", "target_of"]

# So many characters of Unicode are less than what one call of any service takes: SNS, with the least, takes 256 KiB.
_MAX_CHARACTERS = 60_000


class SendError(ValueError):
    """A line cannot be sent, or there is nowhere to send it."""


def target_of(stack: Stack, named: str | None) -> str:
    """Return the logical id of the resource to send to.

    Parameters
    ----------
    stack
        The stack.
    named
        The resource that was asked for: its logical id, which of several templates may leave out the template's name
        where it is unambiguous. None: the queue or stream that feeds a function, if there is only one.

    Raises
    ------
    SendError
        There is no such resource, or it takes no events, or there are several.
    """
    possible = stack.of_type(*_SENDERS)
    if named is not None:
        return _found(possible, named)
    sources = {each.source for each in stack.mappings.values() if each.source in stack.of_type(*_SOURCES)}
    if len(sources) != 1:
        raise SendError(f"Expected --to RESOURCE, to say where events go: {_list(possible)}.")
    return str(sources.pop())


def _found(possible: Sequence[str], named: str) -> str:
    # A logical id has no dot.
    matching = [each for each in possible if named in (each, each.rpartition(".")[2])]
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise SendError(f"Expected --to with one of {_list(matching)}, found {named}, which is the name of each.")
    raise SendError(f"Expected --to with a resource that takes events ({_list(possible)}), found {named}.")


def send(
    lines: Sequence[str],
    stack: Stack,
    emulator: Emulator,
    to: str,
    on_sent: Callable[[int], object] = lambda count: None,
) -> int:
    """Send each line to a resource, and return how many there were.

    What a line has to be depends on the resource:

    - a queue or a topic takes any text, as the message's body;
    - a stream takes a JSON object, a record's data; its partition key is the event's ``partition_key``, or its ``id``;
    - a bus takes an event of this library, whose ``type`` becomes the detail type, or EventBridge's own envelope;
    - a table takes an item as plain JSON;
    - a function takes an event as Lambda sends it, and is invoked once for each.

    Parameters
    ----------
    lines
        The lines.
    stack, emulator
        Where the resource is.
    to
        The resource's logical id, from `target_of`.
    on_sent
        Is told after each call how many lines it sent.

    Raises
    ------
    SendError
        A line cannot be sent. Those before it were.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    sender = _SENDERS[stack.types[to]]
    sent = 0
    try:
        for count in sender(list(enumerate(lines, 1)), stack.physical_ids[to], emulator):
            sent += count
            on_sent(count)
    except (BotoCoreError, ClientError) as error:
        raise SendError(f"Expected {to} to take every event, but after {sent} of them: {error}") from error
    return sent


_Lines = Sequence[tuple[int, str]]


def _to_queue(lines: _Lines, url: str, emulator: Emulator) -> Iterator[int]:
    client = emulator.client("sqs")
    for some in _chunks(lines, 10):
        entries = [{"Id": str(number), "MessageBody": line, **_group(url, line)} for number, line in some]
        response = client.send_message_batch(QueueUrl=url, Entries=entries)
        _require_none_failed(response.get("Failed", ()))
        yield len(some)


def _to_topic(lines: _Lines, arn: str, emulator: Emulator) -> Iterator[int]:
    client = emulator.client("sns")
    for some in _chunks(lines, 10):
        entries = [{"Id": str(number), "Message": line, **_group(arn, line)} for number, line in some]
        response = client.publish_batch(TopicArn=arn, PublishBatchRequestEntries=entries)
        _require_none_failed(response.get("Failed", ()))
        yield len(some)


def _to_stream(lines: _Lines, name: str, emulator: Emulator) -> Iterator[int]:
    client = emulator.client("kinesis")
    for some in _chunks(lines, 100):
        records = [{"Data": line.encode(), "PartitionKey": _key(_read(each, line))} for each, line in some]
        response = client.put_records(StreamName=name, Records=records)
        _require_none_failed([each for each in response["Records"] if "ErrorCode" in each])
        yield len(some)


def _to_bus(lines: _Lines, name: str, emulator: Emulator) -> Iterator[int]:
    client = emulator.client("events")
    for some in _chunks(lines, 10):
        response = client.put_events(Entries=[_entry(number, line, name) for number, line in some])
        _require_none_failed([each for each in response["Entries"] if "ErrorCode" in each])
        yield len(some)


def _to_table(lines: _Lines, name: str, emulator: Emulator) -> Iterator[int]:
    from decimal import Decimal

    from boto3.dynamodb.types import TypeSerializer

    client, serialize = emulator.client("dynamodb"), TypeSerializer().serialize
    for number, line in lines:
        item = {key: serialize(value) for key, value in _read(number, line, parse_float=Decimal).items()}
        client.put_item(TableName=name, Item=item)
        yield 1


def _to_function(lines: _Lines, name: str, emulator: Emulator) -> Iterator[int]:
    client = emulator.client("lambda")
    for number, line in lines:
        _read(number, line)
        client.invoke(FunctionName=name, Payload=line.encode())
        yield 1


_SENDERS: Mapping[str, Callable[[_Lines, str, Emulator], Iterator[int]]] = {
    "AWS::DynamoDB::Table": _to_table,
    "AWS::Events::EventBus": _to_bus,
    "AWS::Kinesis::Stream": _to_stream,
    "AWS::Lambda::Function": _to_function,
    "AWS::SNS::Topic": _to_topic,
    "AWS::SQS::Queue": _to_queue,
}
_SOURCES = ("AWS::Kinesis::Stream", "AWS::SQS::Queue")


def _read(number: int, line: str, **options: Any) -> dict[str, Any]:
    try:
        value = json.loads(line, **options)
    except ValueError as error:
        raise SendError(f"Expected a JSON object in line {number}, found {line[:60]!r} ({error}).") from error
    if not isinstance(value, dict):
        raise SendError(f"Expected a JSON object in line {number}, found {line[:60]!r}.")
    return value


def _entry(number: int, line: str, bus: str) -> dict[str, Any]:
    event = _read(number, line)
    if "detail-type" in event and "detail" in event:
        return {
            "EventBusName": bus,
            "Source": event.get("source", "local"),
            "DetailType": event["detail-type"],
            "Detail": json.dumps(event["detail"]),
            "Resources": event.get("resources", []),
        }
    if not isinstance(event.get("type"), str):
        raise SendError(f"Expected an event with a type in line {number}, or with detail-type and detail.")
    return {"EventBusName": bus, "Source": "local", "DetailType": event["type"], "Detail": line}


def _group(name: str, line: str) -> dict[str, str]:
    if not name.endswith(".fifo"):
        return {}
    try:
        event = json.loads(line)
    except ValueError:
        event = None
    event = event if isinstance(event, dict) else {}
    return {"MessageGroupId": _key(event), "MessageDeduplicationId": str(event.get("id") or uuid.uuid4())}


def _key(event: Mapping[str, Any]) -> str:
    return str(event.get("partition_key") or event.get("partitionKey") or event.get("id") or uuid.uuid4())


def _require_none_failed(failed: Sequence[Mapping[str, Any]]) -> None:
    if failed:
        reason = failed[0].get("Message") or failed[0].get("ErrorMessage")
        raise SendError(f"Expected every event to be taken, but {len(failed)} were refused: {reason}.")


def _chunks(lines: _Lines, size: int) -> Iterator[list[tuple[int, str]]]:
    chunk: list[tuple[int, str]] = []
    for each in lines:
        if len(chunk) == size or (chunk and sum(len(line) for _, line in [*chunk, each]) > _MAX_CHARACTERS):
            yield chunk
            chunk = []
        chunk.append(each)
    if chunk:
        yield chunk


def _list(names: Sequence[str]) -> str:
    return ", ".join(names) or "there are none"

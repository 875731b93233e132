"""The calls of the services that rules use: which entries a call has, and how it is answered."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from powertools_stream.testing.endpoint import Answer

__all__ = ["READS", "WITH_ENTRIES", "Body", "Outcome", "SentCall", "SentEntry", "answer", "error", "read_call"]

Body = dict[str, Any] | str

READS = frozenset({"BatchGetItem", "Query"})

WITH_ENTRIES = frozenset({"BatchWriteItem", "PublishBatch", "PutEvents", "PutRecords", "SendMessageBatch"})
"""The operations that answer each entry."""

_ODD_CODES: tuple[Any, ...] = (["InternalFailure"], 5, {"code": "InternalFailure"})


@dataclass(frozen=True)
class SentEntry:
    """One entry of a call.

    Parameters
    ----------
    id
        What the answer names it by; its position if the answer goes by that.
    content
        What it carries, as text.
    """

    id: str
    content: str


@dataclass(frozen=True)
class SentCall:
    """One call."""

    operation: str
    entries: tuple[SentEntry, ...]
    body: Mapping[str, Any]


Outcome = str | None
"""What becomes of an entry: None: it is accepted; ``"passing"``, ``"final"``: an error; ``"blank"``: the answer says
nothing of it; ``"odd"``: the answer has an error code that is none."""


def read_call(operation: str, body: Mapping[str, Any]) -> SentCall:
    """Return a call as it was sent.

    Raises
    ------
    KeyError, ValueError
        It is not whole.
    """
    if not body:
        raise ValueError(f"{operation} without a body")
    if operation.startswith("PUT /"):
        return SentCall("PutObject", (SentEntry("0", operation + json.dumps(body)),), body)
    if operation == "POST /":
        fields = {name: values[0] for name, values in parse_qs(body["content"]).items()}
        return SentCall("PublishBatch", tuple(_messages(fields)), body)
    return SentCall(operation, tuple(_entries(operation, body)), body)


def _entries(operation: str, body: Mapping[str, Any]) -> Sequence[SentEntry]:
    if operation == "SendMessageBatch":
        return [SentEntry(one["Id"], one["MessageBody"]) for one in body["Entries"]]
    if operation == "PutEvents":
        return [SentEntry(str(n), one["Detail"]) for n, one in enumerate(body["Entries"])]
    if operation == "PutRecords":
        return [SentEntry(str(n), base64.b64decode(one["Data"]).decode()) for n, one in enumerate(body["Records"])]
    if operation == "BatchWriteItem":
        writes = [write for of_table in body["RequestItems"].values() for write in of_table]
        return [SentEntry(str(n), json.dumps(write)) for n, write in enumerate(writes)]
    if operation == "BatchGetItem":
        keys = [key for of_table in body["RequestItems"].values() for key in of_table["Keys"]]
        return [SentEntry(str(n), json.dumps(key)) for n, key in enumerate(keys)]
    if "TableName" not in body:
        raise ValueError(f"{operation} without a table")
    return [SentEntry("0", json.dumps(body))]


def _messages(fields: Mapping[str, str]) -> Sequence[SentEntry]:
    prefix = "PublishBatchRequestEntries.member"
    places = sorted(name.split(".")[2] for name in fields if name.startswith(prefix) and name.endswith(".Id"))
    return [SentEntry(fields[f"{prefix}.{n}.Id"], fields[f"{prefix}.{n}.Message"]) for n in places]


# -- Answers -----------------------------------------------------------------------------------------------------------


def answer(call: SentCall, outcomes: Sequence[Outcome], read: Callable[[SentCall], dict[str, Any]]) -> Body:
    """Return the body of the answer to a call whose entries have these outcomes.

    Parameters
    ----------
    read
        Answers what reads.
    """
    if call.operation in READS:
        return read(call)
    if call.operation == "PublishBatch":
        return _published(call, outcomes)
    if call.operation == "SendMessageBatch":
        return _sent(call, outcomes)
    if call.operation == "PutEvents":
        entries = [_indexed(outcome, "EventId", n) for n, outcome in enumerate(outcomes)]
        return {"FailedEntryCount": _failures(outcomes), "Entries": entries}
    if call.operation == "PutRecords":
        records = [_indexed(outcome, "SequenceNumber", n) for n, outcome in enumerate(outcomes)]
        return {"FailedRecordCount": _failures(outcomes), "Records": records}
    if call.operation == "BatchWriteItem":
        return {"UnprocessedItems": _unprocessed(call, outcomes)}
    return "" if call.operation == "PutObject" else {}


def error(call: SentCall, status: int, code: str) -> Answer:
    """Return the answer that refuses a whole call."""
    if call.operation == "PublishBatch":
        return status, f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
    if call.operation == "PutObject":
        return status, f"<Error><Code>{code}</Code><Message>no</Message></Error>"
    return status, {"__type": code, "message": "no"}


_CODES = {"passing": "InternalFailure", "final": "InvalidArgument"}


def _indexed(outcome: Outcome, proof: str, n: int) -> dict[str, Any]:
    if outcome is None:
        return {proof: f"accepted-{n}", **({"ShardId": "shardId-000000000000"} if proof == "SequenceNumber" else {})}
    if outcome == "blank":
        return {}
    code = _ODD_CODES[n % len(_ODD_CODES)] if outcome == "odd" else _CODES[outcome]
    return {"ErrorCode": code, "ErrorMessage": "no"}


def _failures(outcomes: Sequence[Outcome]) -> int:
    return sum(outcome is not None for outcome in outcomes)


def _unprocessed(call: SentCall, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    # DynamoDB knows no other failure of an entry.
    left: dict[str, list[Any]] = {}
    position = 0
    for table, writes in call.body["RequestItems"].items():
        for write in writes:
            if outcomes[position] is not None:
                left.setdefault(table, []).append(write)
            position += 1
    return left


def _sent(call: SentCall, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    response: dict[str, Any] = {"Successful": [], "Failed": []}
    for n, (entry, outcome) in enumerate(zip(call.entries, outcomes, strict=True)):
        if outcome is None:
            response["Successful"].append({"Id": entry.id, "MessageId": f"message-{n}", "MD5OfMessageBody": "m"})
        elif outcome != "blank":
            code = _ODD_CODES[n % len(_ODD_CODES)] if outcome == "odd" else _CODES[outcome]
            failed = {"Id": entry.id, "Code": code, "Message": "no", "SenderFault": outcome == "final"}
            response["Failed"].append(failed)
    return response


def _published(call: SentCall, outcomes: Sequence[Outcome]) -> str:
    successful = failed = ""
    for entry, outcome in zip(call.entries, outcomes, strict=True):
        identifier = f"<Id>{escape(entry.id)}</Id>"
        if outcome is None:
            successful += f"<member>{identifier}<MessageId>m-{entry.id}</MessageId></member>"
        elif outcome in _CODES:
            is_sender = str(outcome == "final").lower()
            why = f"<Code>{_CODES[outcome]}</Code><Message>no</Message><SenderFault>{is_sender}</SenderFault>"
            failed += f"<member>{identifier}{why}</member>"
    result = f"<Successful>{successful}</Successful><Failed>{failed}</Failed>"
    return (
        '<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult>'
        f"{result}</PublishBatchResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
        "</PublishBatchResponse>"
    )

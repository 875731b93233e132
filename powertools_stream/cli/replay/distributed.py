"""The input of a Distributed Map of Step Functions, which replays millions of events.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from powertools_stream.cli.aws import Account, reaching_aws
from powertools_stream.cli.replay.running import Chosen, Outcome
from powertools_stream.cli.status import CannotRunError

__all__ = ["Folder", "written"]

MAX_ITEM_BYTES = 250_000
"""What an item may take: the input of an execution takes 256 KiB.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

_PART_BYTES = 16 * 1024 * 1024
"""A part of an upload; there may be 10,000 of them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
"""


@dataclass(frozen=True)
class Folder:
    """A folder in S3.

    Parameters
    ----------
    bucket, prefix
        The bucket, and what its keys begin with, a slash at its end.
    """

    bucket: str
    prefix: str

    @classmethod
    def of(cls, uri: str) -> Folder:
        """Return the folder of a URI.

        Raises
        ------
        CannotRunError
            It is none.
        """
        found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.+)", uri)
        if found is None:
            raise CannotRunError(f"Expected --distributed s3://bucket/folder, found {uri!r}.")
        return cls(found[1], found[2].strip("/") + "/")

    def uri(self, name: str = "") -> str:
        """Return the URI of an object in it."""
        return f"s3://{self.bucket}/{self.prefix}{name}"


def written(
    chosen: Iterable[Chosen], folder: Folder, function: str, account: Account, outcome: Outcome, batch_size: int
) -> None:
    """Write what a state machine needs: the events, one a line, its definition, and the input of its execution.

    Raises
    ------
    CannotRunError
        S3 does not take it. Nothing is left then.
    """
    client = account.client("s3")
    _write_lines(client, folder, _lines(chosen, outcome))
    documents = {
        "state-machine.asl.json": definition(folder, function, batch_size),
        "input.json": {"bucket": folder.bucket, "key": f"{folder.prefix}events.jsonl"},
    }
    for name, document in documents.items():
        with reaching_aws():
            client.put_object(
                Bucket=folder.bucket,
                Key=folder.prefix + name,
                Body=json.dumps(document, indent=2).encode(),
                ContentType="application/json",
            )


def _lines(chosen: Iterable[Chosen], outcome: Outcome) -> Iterator[bytes]:
    for one in chosen:
        if one.size > MAX_ITEM_BYTES:
            reason = f"too large for an execution, which takes {MAX_ITEM_BYTES:,} bytes: {one.size:,} bytes"
            outcome.failed.append({"id": str(one.event["id"]), "place": one.place, "error": reason})
            continue
        outcome.done += 1
        yield json.dumps(one.event, separators=(",", ":")).encode() + b"\n"


def _write_lines(client: Any, folder: Folder, lines: Iterator[bytes]) -> None:
    place = {"Bucket": folder.bucket, "Key": f"{folder.prefix}events.jsonl"}
    with reaching_aws():
        upload = {**place, "UploadId": client.create_multipart_upload(**place)["UploadId"]}
    try:
        parts = []
        for number, part in enumerate(_joined(lines), 1):
            with reaching_aws():
                told = client.upload_part(**upload, PartNumber=number, Body=part)
            parts.append({"PartNumber": number, "ETag": told["ETag"]})
        with reaching_aws():
            client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    except BaseException:
        # Parts without an object cost money, and nobody sees them.
        with reaching_aws():
            client.abort_multipart_upload(**upload)
        raise


def _joined(lines: Iterator[bytes]) -> Iterator[bytes]:
    part = bytearray()
    is_first = True
    for line in lines:
        part += line
        if len(part) >= _PART_BYTES:
            yield bytes(part)
            part.clear()
            is_first = False
    if part or is_first:
        yield bytes(part)


def definition(folder: Folder, function: str, batch_size: int) -> dict[str, Any]:
    """Return a state machine that invokes a function with the events."""
    return {
        "Comment": f"Replays {folder.uri('events.jsonl')} to {function}.",
        "StartAt": "Replay",
        "States": {
            "Replay": {
                "Type": "Map",
                "Label": "Replay",
                "ItemReader": {
                    "Resource": "arn:aws:states:::s3:getObject",
                    "ReaderConfig": {"InputType": "JSONL"},
                    "Parameters": {"Bucket.$": "$.bucket", "Key.$": "$.key"},
                },
                "ItemBatcher": {"MaxItemsPerBatch": batch_size, "MaxInputBytesPerBatch": 256_000},
                "MaxConcurrency": 10,
                "ToleratedFailurePercentage": 5,
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "Invoke",
                    "States": {"Invoke": _invoke(function)},
                },
                "ResultWriter": {
                    "Resource": "arn:aws:states:::s3:putObject",
                    "Parameters": {"Bucket.$": "$.bucket", "Prefix": f"{folder.prefix}results"},
                },
                "End": True,
            }
        },
    }


def _invoke(function: str) -> dict[str, Any]:
    errors = ("AWSLambdaException", "SdkClientException", "ServiceException", "TooManyRequestsException")
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload.$": "$"},
        "OutputPath": "$.Payload",
        "Retry": [
            {
                "ErrorEquals": ["BatchProcessingError", *(f"Lambda.{name}" for name in errors), "Sandbox.Timedout"],
                "IntervalSeconds": 5,
                "BackoffRate": 2,
                "MaxAttempts": 6,
                "MaxDelaySeconds": 120,
                "JitterStrategy": "FULL",
            }
        ],
        "End": True,
    }

"""Where events are stored."""

from __future__ import annotations

from pathlib import Path

from powertools_stream.cli.aws import Account
from powertools_stream.cli.lake.base import Lake
from powertools_stream.cli.lake.files import FileLake
from powertools_stream.cli.status import CannotRunError

__all__ = ["LOCATION_HELP", "open_lake"]

LOCATION_HELP = "Where the events are: `s3://bucket/folder`, a file or folder (`-`: standard input), or `sqs://queue`."
"""What ``--help`` says of such an argument."""

_QUEUES = ("sqs://", "https://", "http://", "arn:")


def open_lake(location: str, account: Account) -> Lake:
    """Return the lake at a location. Nothing of AWS is called before it is read.

    Parameters
    ----------
    location
        ``"s3://bucket/folder"``; a file or a folder; ``"-"``, standard input; ``"sqs://queue"``, a queue's URL
        or its ARN.

    Raises
    ------
    CannotRunError
        There is none.
    """
    if location.startswith("s3://"):
        from powertools_stream.cli.lake.objects import S3Lake

        return S3Lake(location, account)
    if location.startswith(_QUEUES):
        from powertools_stream.cli.lake.queues import QueueLake

        return QueueLake(location, account)
    if "://" in location:
        raise CannotRunError(f"Expected s3://bucket/folder, a file, a folder or sqs://queue, found {location!r}.")
    return FileLake(None if location == "-" else Path(location), account)

"""Queues, as a person names them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from powertools_stream.cli.aws import Account, code_of, reaching_aws
from powertools_stream.cli.status import CannotRunError

__all__ = ["QUEUE_HELP", "account_of", "queue_url"]

QUEUE_HELP = "A queue: its name, `sqs://name`, its URL or its ARN."
"""What ``--help`` says of such an argument."""

_ARN = re.compile(r"arn:[^:]+:sqs:([^:]+):(\d{12}):([^:/]+)")
_URL = re.compile(r"https?://(?:sqs\.([^./]+)\.amazonaws\.)?.+/\d{12}/([^/]+)/?")


def account_of(queue: str, account: Account) -> Account:
    """Return the account with the Region that a queue's ARN or URL tells."""
    found = _ARN.fullmatch(queue) or _URL.fullmatch(queue)
    return account if found is None or not found[1] else replace(account, region=found[1])


def queue_url(client: Any, queue: str) -> str:
    """Return the URL of a queue.

    Raises
    ------
    CannotRunError
        There is none, or that is no queue.
    """
    if _URL.fullmatch(queue):
        return queue
    arn = _ARN.fullmatch(queue)
    name = arn[3] if arn else queue.removeprefix("sqs://").strip("/")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,75}(\.fifo)?", name):
        raise CannotRunError(f"Expected a queue, as its name, sqs://name, its URL or its ARN, found {queue!r}.")
    owner = {"QueueOwnerAWSAccountId": arn[2]} if arn else {}
    try:
        with reaching_aws():
            return str(client.get_queue_url(QueueName=name, **owner)["QueueUrl"])
    except CannotRunError as error:
        if "NonExistentQueue" not in code_of(error) and "QueueDoesNotExist" not in code_of(error):
            raise
        raise CannotRunError(
            f"Expected a queue, found none named {name}. A queue's name in AWS is not its logical id in the template; "
            "`aws sqs list-queues` shows the names, and so does `powertools-stream local` of dead-letter queues."
        ) from error

"""From the name of a source, and of what passes its events on, to the event that Lambda hands to the function."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from powertools_stream.cli.event.services import SERVICES, Invocation
from powertools_stream.cli.status import CannotRunError
from powertools_stream.rules.diagnostics import nearest

__all__ = ["built_event", "check_way"]

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
_TO_STANDARD_QUEUES_ONLY = ("s3", "aws_lambda")


def check_way(source: str, via: Sequence[str], *, count: int = 1, fifo: bool = False) -> None:
    """Check that AWS has such a way from a source to a function.

    Raises
    ------
    CannotRunError
        A name is unknown, or there is no such way; or it does not have that many records, or no queue.
    """
    way = [source, *via]
    for name in way:
        _check_name(name)
    if SERVICES[source].sample is None:
        raise CannotRunError(f"Expected where {source} have their events from, found none: sqs --via {source}, ….")
    for before, after in pairwise(way):
        if after not in SERVICES[before].passes_to:
            raise CannotRunError(_no_way(before, after))
    last = SERVICES[way[-1]]
    if count > 1 and not last.is_batch:
        raise CannotRunError(f"Expected a count of 1, found {count}: {way[-1]} invokes a function for each event.")
    _check_fifo(way, fifo)


def built_event(source: str, via: Sequence[str], body: Any = None, *, count: int = 1, fifo: bool = False) -> Any:
    """Return what Lambda hands to the function. The way has been checked.

    Parameters
    ----------
    source
        Where the events come from.
    via
        What passes them on, in order; the last one invokes the function.
    body
        What the source has; None: a sample.
    count
        How many records.
    fifo
        Whether the queue is a FIFO queue.
    """
    service, how = SERVICES[source], Invocation(fifo=fifo)
    items: Sequence[Any] = [_item(source, body, n + 1) for n in range(count)]
    for name in via:
        passed = service.passed(items, name, how)
        service, how = SERVICES[name], Invocation(previous=source, fifo=fifo)
        items, source = [service.item(one) for one in passed], name
    return json.loads(json.dumps(service.invoke(items, how), ensure_ascii=False, default=str))


def _item(source: str, body: Any, n: int) -> Any:
    service = SERVICES[source]
    assert service.sample is not None
    if body is None:
        return service.item(service.sample(n))
    if not service.body:
        raise CannotRunError(f"Expected no body: what {source} sends is the same for all.")
    if isinstance(body, dict) or service.takes_text:
        return service.item(body)
    raise CannotRunError(f"Expected the body to be a JSON object, {service.body}; found something else.")


def _check_name(name: str) -> None:
    if name in SERVICES:
        return
    meant = nearest(name, SERVICES)
    hint = f" Did you mean {meant}?" if meant else ""
    raise CannotRunError(f"Expected one of {', '.join(SERVICES)}, found {name}.{hint}")


def _no_way(before: str, after: str) -> str:
    known = SERVICES[before].passes_to
    on_to = f"to {', '.join(known)}" if known else "to functions only"
    return f"Expected a way that there is in AWS, found {before} via {after}: {before} passes events on {on_to}."


def _check_fifo(way: Sequence[str], fifo: bool) -> None:
    if not fifo:
        return
    if "sqs" not in way:
        raise CannotRunError(f"Expected a queue that --fifo is for, found {' via '.join(way)}. Leave --fifo out.")
    for before, after in pairwise(way):
        if after == "sqs" and before in _TO_STANDARD_QUEUES_ONLY:
            raise CannotRunError(f"Expected a standard queue: {before} sends to no FIFO queue. Leave --fifo out.")

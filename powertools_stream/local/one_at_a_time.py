"""What moto must not do on two threads at once, though its server has a thread for each request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from threading import RLock
from typing import Any

from powertools_stream.local.shortcuts import replaced

__all__ = ["one_at_a_time"]

_STEPS = (
    # Two changes of a table that are made at the same time get the same sequence number. If the second one is the last
    # one of the stream, each read returns it again, so that whoever reads up to the end never comes to it.
    ("moto.dynamodb.models.table:StreamShard", "add"),
    # Of two records that are put at the same time, only one is kept.
    ("moto.kinesis.models:Shard", "put_record"),
    # Of two messages that are deleted at the same time, one comes back; one that comes meanwhile is lost.
    ("moto.sqs.models:Queue", "add_message"),
    ("moto.sqs.models:Queue", "delete_message"),
)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Have moto take those steps one after the other."""
    lock = RLock()

    def locked(step: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(step)
        def take(*arguments: Any, **options: Any) -> Any:
            with lock:
                return step(*arguments, **options)

        return take

    with ExitStack() as stack:
        for place, name in _STEPS:
            stack.enter_context(replaced(place, name, locked))
        yield

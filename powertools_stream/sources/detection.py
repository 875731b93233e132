"""Telling the source of an event from the event itself, anew for every invocation, importing only what it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from powertools_stream.sources.recognition import (
    built_in,
    built_in_source,
    found_keys,
    invokes_alone,
    is_item_batch,
    known_source,
    unknown_source,
)
from powertools_stream.sources.source import Source, fields_of

__all__ = ["source_of"]


def source_of(event: Mapping[str, Any] | Sequence[Any], sources: Sequence[Source] = ()) -> Source | None:
    """Tell which source an event is of. A batch is of one source, so its first record tells.

    Parameters
    ----------
    event
        What Lambda hands over. A list is the array of a pipe; of records only, ask `source_of_records`.
    sources
        Sources to be tried before the built-in ones, in order: a user's own, or a built-in one with options.

    Returns
    -------
    The source; None for an empty batch, which is of any, and done.

    Raises
    ------
    UnknownSourceError
        No source knows the event, or it has no place for records at all.
    """
    if isinstance(event, list | tuple):
        return _source_of_pipe(event, sources)
    if not isinstance(event, Mapping):
        raise unknown_source(found_keys(event))
    is_empty = False
    for source in sources:
        own: list[Any] | None = source.records(event)
        if own and isinstance(own[0], Mapping) and source.recognises(own[0]):
            return source
        is_empty = is_empty or own == []
    records = _built_in_records(event)
    if records:
        return built_in_source(event, records[0])
    if is_empty or records is not None:
        return None
    raise unknown_source(found_keys(event))


def _built_in_records(event: Mapping[str, Any]) -> Sequence[Any] | None:
    if isinstance(records := event.get("Records"), list):
        return records
    records = event.get("records")
    if isinstance(records, list):
        return records if "deliveryStreamArn" in event or _is_of_firehose(records) else None
    if isinstance(records, Mapping):
        return built_in("kafka").records(event)
    if is_item_batch(event):
        return built_in("step_functions").records(event)
    # By S3 it tests whether a notification arrives; there is nothing to do.
    if event.get("Event") == "s3:TestEvent":
        return []
    return [event] if invokes_alone(event) else None


def _is_of_firehose(records: Sequence[Any]) -> bool:
    return bool(records) and built_in("firehose").recognises(fields_of(records[0]))


def _source_of_pipe(items: Sequence[Any], sources: Sequence[Source]) -> Source | None:
    from powertools_stream.sources.pipes import BROKERS, PipeSource, WholePipeSource

    if not items:
        return None
    first = items[0]
    if not isinstance(first, Mapping):
        raise unknown_source(f"an array with an item of type {type(first).__name__}")
    kind = PipeSource if PipeSource().recognises(first) else WholePipeSource
    for source in sources:
        if isinstance(source, PipeSource):
            return source
        if source.recognises(first):
            return kind(source)
    if kind is WholePipeSource and known_source(first) is None and first.get("eventSource") not in BROKERS:
        raise unknown_source(f"an array, its first item with {found_keys(first)}")
    return kind()

"""Powertools' batch utility, used as in its documentation: a handler for each record, which makes its own calls."""

from __future__ import annotations

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.batch import (
    AsyncBatchProcessor,
    BatchProcessor,
    EventType,
    async_process_partial_response,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from tests.bench.cases import THREADS, Case, Handler, order_total
from tests.bench.contestants import by_hand

__all__ = ["prepare"]

_pool = ThreadPoolExecutor(THREADS)


def prepare(case: Case) -> Handler:
    if case.form in ("observed", "keys"):
        return _observed(has_keys=case.form == "keys")
    if case.form == "async":
        return _add_up_async() if case.job == "total" else _call_async(case)
    return _add_up(case.rules) if case.job == "total" else _call(case)


def _add_up(times: int) -> Handler:
    processor = BatchProcessor(event_type=EventType.SQS)

    def record_handler(record: SQSRecord) -> None:
        event = json.loads(record.body)
        for _ in range(times):
            order_total(event)

    return lambda event: process_partial_response(event, record_handler, processor)


def _observed(*, has_keys: bool) -> Handler:
    """Log a line for each batch and add four metrics by hand, as many as this library adds if nothing fails.

    With keys, whatever is logged for a record says which one it is.
    """
    processor = BatchProcessor(event_type=EventType.SQS)
    logger, metrics = Logger(service="bench", level="INFO"), Metrics(namespace="bench", service="bench")

    def record_handler(record: SQSRecord) -> None:
        event = json.loads(record.body)
        if has_keys:
            with logger.append_context_keys(
                event_id=event["id"],
                event_type=event["type"],
                record_id=record.message_id,
                correlation_id=event["partition_key"],
            ):
                order_total(event)
        else:
            order_total(event)

    def handler(event: dict[str, Any]) -> object:
        started = time.monotonic()
        response = process_partial_response(event, record_handler, processor)
        counts = {"records": len(event["Records"]), "reported": len(response["batchItemFailures"])}
        milliseconds = (time.monotonic() - started) * 1_000
        logger.info("Batch: %d records, %d reported", *counts.values(), extra={"batch": counts})
        metrics.add_metric(name="Records", unit="Count", value=counts["records"])
        metrics.add_metric(name="RuleRuns", unit="Count", value=counts["records"])
        metrics.add_metric(name="BatchDuration", unit="Milliseconds", value=milliseconds)
        metrics.add_metric(name="EventAge", unit="Milliseconds", value=milliseconds)
        metrics.metric_set.clear()
        return response

    return handler


def _add_up_async() -> Handler:
    processor = AsyncBatchProcessor(event_type=EventType.SQS)

    async def record_handler(record: SQSRecord) -> int:
        return order_total(json.loads(record.body))

    return lambda event: async_process_partial_response(event, record_handler, processor)


def _call(case: Case) -> Handler:
    processor = BatchProcessor(event_type=EventType.SQS)
    call = by_hand.call_for_one(case.job)

    def record_handler(record: SQSRecord) -> Any:
        return call(json.loads(record.body))

    return lambda event: process_partial_response(event, record_handler, processor)


def _call_async(case: Case) -> Handler:
    processor = AsyncBatchProcessor(event_type=EventType.SQS)
    call = by_hand.call_for_one(case.job)

    async def record_handler(record: SQSRecord) -> Any:
        return await asyncio.get_running_loop().run_in_executor(_pool, call, json.loads(record.body))

    return lambda event: async_process_partial_response(event, record_handler, processor)

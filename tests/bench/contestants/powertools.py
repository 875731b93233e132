"""Powertools' batch utility, used as in its documentation: a handler for each record, which makes its own calls."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

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

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.idempotency import BasePersistenceLayer
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyItemAlreadyExistsError,
    IdempotencyItemNotFoundError,
)

from docs.examples.idempotency.payments import rules
from powertools_stream.requests import HttpRequest
from powertools_stream.testing import run, to_sqs_records


class InMemoryPersistenceLayer(BasePersistenceLayer):
    """A layer for tests, in which nothing expires."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._records: dict[str, Any] = {}

    def _get_record(self, idempotency_key: str) -> Any:
        if idempotency_key not in self._records:
            raise IdempotencyItemNotFoundError
        return self._records[idempotency_key]

    def _put_record(self, data_record: Any) -> None:
        if data_record.idempotency_key in self._records:
            raise IdempotencyItemAlreadyExistsError(
                old_data_record=self._records[data_record.idempotency_key]
            )
        self._records[data_record.idempotency_key] = data_record

    def _update_record(self, data_record: Any) -> None:
        self._records[data_record.idempotency_key] = data_record

    def _delete_record(self, data_record: Any) -> None:
        self._records.pop(data_record.idempotency_key, None)


def test_an_order_is_charged_once_however_often_it_is_delivered() -> None:
    layer = InMemoryPersistenceLayer()
    order = {
        "id": "o-1",
        "type": "order-paid",
        "customer": {"id": "c-1", "email": "ada@example.com"},
    }

    outcomes = [
        run(rules, to_sqs_records([order]), idempotency_store=layer) for _ in range(2)
    ]

    charges = [
        request
        for outcome in outcomes
        for request in outcome.requests
        if isinstance(request, HttpRequest)
    ]
    assert len(charges) == 1
    assert outcomes[1].faults == []

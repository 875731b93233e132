from __future__ import annotations

from collections.abc import Generator
from typing import Any

from aws_lambda_powertools.utilities.circuit_breaker import (
    CircuitBreakerConfig,
    circuit_breaker,
)
from aws_lambda_powertools.utilities.circuit_breaker.persistence import (
    CircuitBreakerDynamoDBPersistence,
)

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import task
from powertools_stream.requests import Call

rules = RuleRegistry()


class Bank:
    """Simulates a client for the bank."""

    is_closed = False
    calls = 0

    def charge(self, payment: dict[str, Any]) -> str:
        self.calls += 1
        if self.is_closed:
            raise TimeoutError("The bank does not answer.")
        return f"receipt for {payment['amount']}"


bank = Bank()


# --8<-- [start:circuit]
store = CircuitBreakerDynamoDBPersistence(table_name="circuits")


@circuit_breaker(
    name="bank",
    persistence_store=store,
    config=CircuitBreakerConfig(failure_threshold=3),
)
def charge(payment: dict[str, Any]) -> str:
    return bank.charge(payment)


@rules.register(task, event_type="payment-requested")
def take_payment(uow: UnitOfWork) -> Generator[Any, Any, str]:
    # Blocking code, so on a worker thread.
    receipt = yield Call(charge, uow.event["payment"])
    return str(receipt)


# --8<-- [end:circuit]

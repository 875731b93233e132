"""Rules that fail when they are told to, and queues and streams that send again what is reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from powertools_stream import StreamProcessor, UnitOfWork

__all__ = ["FUNCTION", "Ran", "context", "processor_of", "reported", "rule"]

FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:orders"

Ran = Counter[tuple[str, str]]
"""How often which rule has succeeded on which event, by their ids."""


class context:  # noqa: N801  # stands for an object
    """Lambda's context, without a deadline."""

    invoked_function_arn = FUNCTION


def rule(
    ran: Ran, rule_id: str, fails: Callable[[str], bool] = lambda event_id: False, **fields: Any
) -> dict[str, Any]:
    """Return a rule that counts its successes."""

    def flavor(uow: UnitOfWork, rule: Any) -> None:
        events = [one.event for one in uow.get("batch", (uow,))]
        if any(fails(event["id"]) for event in events):
            raise ValueError(f"{rule_id} fails")
        ran.update((rule_id, event["id"]) for event in events)

    return {"id": rule_id, "flavor": flavor, **fields}


def processor_of(rules: Iterable[Any], store: Any, **options: Any) -> StreamProcessor:
    return StreamProcessor(
        rules=list(rules), checkpoint=store, raise_on_entire_batch_failure=False, **{"on_fault": "report", **options}
    )


def reported(response: Any) -> Sequence[Any]:
    return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]

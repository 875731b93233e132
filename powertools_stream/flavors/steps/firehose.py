"""What the flavors that answer Firehose share."""

from __future__ import annotations

from powertools_stream.errors import RunError
from powertools_stream.rules.rule import Rule
from powertools_stream.uow import UnitOfWork

__all__ = ["DROPPED", "check_record"]

DROPPED = {"result": "Dropped"}
"""The answer to Firehose for a record that is not delivered."""


def check_record(uow: UnitOfWork, rule: Rule) -> None:
    """Check that the record comes from Firehose.

    Raises
    ------
    RunError
        It comes from another source.
    """
    # Other sources ignore the answer: a message from a queue would be deleted as if it had been delivered.
    record = uow.get("record")
    if record and "recordId" not in record:
        raise RunError(
            f"Rule {rule.id!r}: expected a record from Firehose, but found one from another source. Give the "
            "rule an event type or a filter that only Firehose's records have, or another flavor, such as task."
        )

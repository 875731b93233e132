"""What the flavors have in common that answer Firehose."""

from __future__ import annotations

from powertools_stream.errors import RunError
from powertools_stream.rules.rule import Rule
from powertools_stream.uow import UnitOfWork

__all__ = ["DROPPED", "check_record"]

DROPPED = {"result": "Dropped"}
"""What Firehose is answered of a record that is not delivered."""


def check_record(uow: UnitOfWork, rule: Rule) -> None:
    """Check that the record is one of Firehose.

    Raises
    ------
    RunError
        It is one of another source.
    """
    # Nobody else looks at what is answered: a message of a queue would be gone, as if it had been delivered.
    record = uow.get("record")
    if record and "recordId" not in record:
        raise RunError(
            f"Rule {rule.id!r}: expected a record of Firehose to answer, but found one of another source. Give the "
            "rule an event type or a filter that only Firehose's records have, or another flavor, such as task."
        )

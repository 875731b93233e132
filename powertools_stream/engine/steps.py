"""Which rule runs now, on which record: for whoever wants to know while it does, such as a filter of log lines."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

from powertools_stream.outcomes import StepDetails
from powertools_stream.rules.compiled import NO_RULE

if TYPE_CHECKING:
    from powertools_stream.rules.compiled import CompiledRule
    from powertools_stream.sources.source import Source
    from powertools_stream.uow import UnitOfWork

__all__ = ["RUNNING", "Running", "Step", "step_details"]


class Running(Protocol):
    """Knows what runs now."""

    def details(self) -> StepDetails | None:
        """Return it; None: no user code of a rule runs."""


RUNNING: ContextVar[Running | None] = ContextVar("powertools_stream.running", default=None)
"""What runs now; set only in batches that are observed."""


class Step:
    """A run of a rule on a record. Its details are made when somebody asks for them, which most often nobody does."""

    __slots__ = ("_rule", "_source", "_uow")

    def __init__(self, rule: CompiledRule, uow: UnitOfWork, source: Source) -> None:
        self._rule = rule
        self._uow = uow
        self._source = source

    @classmethod
    def of(cls, requester: Any, source: Source) -> Step | None:
        """Return the step of one on whose behalf requests are made; None: it is no run of a rule."""
        return None if requester.rule is NO_RULE else cls(requester.rule, requester.uow, source)

    def details(self) -> StepDetails | None:
        """Return what runs now."""
        return step_details(self._rule, self._uow, self._source)


def step_details(rule: CompiledRule, uow: UnitOfWork, source: Source) -> StepDetails:
    """Return what observers get to know of a step."""
    record: Any = uow.get("record")
    return StepDetails(rule.id, record, source.record_id(record), uow.get("event"))

"""Resubmissions: an operator invokes the function with records that failed before, and says which rules are meant.

It is said in the client context of a synchronous invocation, which no event source sends:
``{"custom": {"powertools_stream": {"resubmit": {"rules": ["send_receipt"]}}}}``.
https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#lambda-Invoke-request-ClientContext
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from powertools_stream.engine.batch import Batch, Failure, RecordState
from powertools_stream.engine.no_progress import NoProgress
from powertools_stream.errors import ConfigurationError, UnmatchedEventError
from powertools_stream.outcomes import FaultPolicy, Reason
from powertools_stream.payloads.conversions import text_of
from powertools_stream.payloads.safe_json import encodable
from powertools_stream.rules.compiled import NO_RULE, plain_rule
from powertools_stream.rules.switches import Switches
from powertools_stream.uow import UnitOfWork

if TYPE_CHECKING:
    from powertools_stream.rules.registry import RuleRegistry

__all__ = ["NAMESPACE", "REPORT", "Resubmission", "resubmission_of"]

NAMESPACE = "powertools_stream"
"""What is ours of a client context's ``custom``, and of a response."""

REPORT = "resubmitted"
"""Where the response says what became of the records: an older version, or a processor without a context, does not."""

_TEXT_LENGTH = 300
"""Characters of an error's text in a response, which has to fit into 6 MB however many records have failed."""

_UNMATCHED = (
    "Expected the rule to match an event of the record, as it did when it failed, but it does not. If that is as it "
    "should be, the record needs no resubmission."
)


class Resubmission:
    """Which rules are to run on the records of an invocation, whatever became of them before.

    Parameters
    ----------
    rules
        The ids of the rules.
    registry
        The rules of the processor.
    """

    def __init__(self, rules: Sequence[str], registry: RuleRegistry) -> None:
        self.rules = tuple(dict.fromkeys(rules))
        self.is_of_all = NO_RULE.id in self.rules
        self.registry = registry if self.is_of_all else registry.only(self.rules)
        self.begun = Begun()

    def note_unmatched(self, batch: Batch) -> None:
        """Let a rule that has not run on a record be a failure of it: it would be taken for done."""
        if self.is_of_all:
            return
        for state in batch.states:
            if not any(failure.rule is NO_RULE for failure in state.failures):
                self._note_unmatched_by(state)

    def _note_unmatched_by(self, state: RecordState) -> None:
        for position, rule_id in enumerate(self.rules):
            if (state.position, rule_id) not in self.begun.runs:
                rule, error = plain_rule(rule_id, NO_RULE.flavor, position=position), UnmatchedEventError(_UNMATCHED)
                uow = UnitOfWork(pipeline=rule_id, record=state.record)
                state.add_failure(Failure(state, rule, error, Reason.FAULT, FaultPolicy.REPORT, uow))

    def response(self, batch: Batch) -> dict[str, Any]:
        """Return the response: which records failed, by their names and by their positions, and why."""
        reported = [state for state in batch.states if state.is_reported]
        identifiers = {str(name): name for state in reported if (name := _identifier(batch, state))}
        return {
            "batchItemFailures": [{"itemIdentifier": name} for name in identifiers.values()],
            **self.report(batch),
        }

    def report(self, batch: Batch) -> dict[str, Any]:
        """Return the part of the response that only a resubmission has."""
        failed = [failure for state in batch.states if state.is_reported for failure in _failures(state)]
        said = {"rules": [*self.rules], "records": len(batch.states), "failed": failed}
        return {NAMESPACE: {REPORT: said}}


class Begun(NoProgress):
    """Notes which rules have begun with which records.

    Attributes
    ----------
    runs
        The positions of records, and the ids of rules.
    """

    # No record takes the straight way, on which nothing is noted.
    resumes = True

    def __init__(self) -> None:
        self.runs: set[tuple[int, str]] = set()
        self._position = 0

    def turn_to(self, state: RecordState, index: int = -1, event: Mapping[str, Any] | None = None) -> None:
        """Note whose turn it is."""
        self._position = state.position

    def begin(self, uow: UnitOfWork) -> None:
        """Note that a rule begins with a record."""
        self.runs.add((self._position, uow["pipeline"]))


def resubmission_of(context: Any, registry: RuleRegistry) -> Resubmission | None:
    """Return what an invocation's context says; None: it is no resubmission.

    Raises
    ------
    ConfigurationError
        It is one, but does not name rules of the registry that are switched on. Nothing is acknowledged.
    """
    custom = getattr(getattr(context, "client_context", None), "custom", None)
    if not isinstance(custom, Mapping) or NAMESPACE not in custom:
        return None
    said = custom[NAMESPACE]
    hint = said.get("resubmit") if isinstance(said, Mapping) and said.keys() == {"resubmit"} else None
    rules = hint.get("rules") if isinstance(hint, Mapping) and hint.keys() == {"rules"} else None
    if not isinstance(rules, list) or not rules or not all(isinstance(rule, str) and rule for rule in rules):
        raise ConfigurationError(
            f'Expected the client context to hold {{"{NAMESPACE}": {{"resubmit": {{"rules": [<id>, …]}}}}}} under '
            f"'custom', but found {text_of(said)[:_TEXT_LENGTH]}. Nothing was processed. Invoke the function without a "
            "client context to run all its rules."
        )
    _check_rules(rules, registry)
    return Resubmission(rules, registry)


def _check_rules(rules: Sequence[str], registry: RuleRegistry) -> None:
    switches = Switches.from_environment()
    for rule in rules:
        if rule != NO_RULE.id and rule not in registry:
            found = ", ".join(made.id for made in registry)[:_TEXT_LENGTH] or "none"
            raise ConfigurationError(
                f"Expected a rule of this function to be resubmitted to, but there is none with the id {rule!r}; there "
                f"are: {found}. Nothing was processed. A rule keeps its faults only as long as it keeps its id."
            )
        if rule != NO_RULE.id and not switches.is_on(rule):
            raise ConfigurationError(
                f"Expected the rule {rule!r} to be on, but ENABLED_PIPELINES or DISABLED_PIPELINES switch it off. "
                "Nothing was processed. Switch it on before you resubmit its records."
            )


def _identifier(batch: Batch, state: RecordState) -> Any:
    try:
        return batch.source.identifier(state.record)
    except Exception:  # nothing names it: it is known by its position
        return None


def _failures(state: RecordState) -> list[dict[str, Any]]:
    return [
        {
            "record": state.position,
            "rule": fault.rule_id,
            "error": type(fault.shown).__name__,
            "message": encodable(text_of(fault.shown, "")[:_TEXT_LENGTH]),
        }
        for fault in state.faults
    ] or [{"record": state.position, "rule": NO_RULE.id, "error": "Reported", "message": "The handler reported it."}]

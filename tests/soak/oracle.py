"""The oracle: knows what a program must lead to, and believes only what the endpoint accepted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from tests.soak import failing, service
from tests.soak.expectations import may_stand_for, policy_of, rules_of
from tests.soak.history import Delivery, FaultReport, History
from tests.soak.order import check_order
from tests.soak.program import UNDEFINED, PlannedRule, Program
from tests.soak.sources import SOURCES
from tests.soak.violations import Violation
from tests.soak.works import WORKS

__all__ = ["TOLERANCE", "check"]

TOLERANCE = 0.25
"""Seconds by which an invocation may end too late: the machine may be busy with something else."""


def check(program: Program, history: History) -> list[Violation]:
    """Return what went wrong in a run."""
    return list(_Oracle(program, history).violations())


class _Oracle:
    def __init__(self, program: Program, history: History) -> None:
        self._program = program
        self._history = history
        self._source = SOURCES[program.source]
        self._deeds: defaultdict[tuple[int, str, str], set[str]] = defaultdict(set)
        for deed in history.deeds:
            self._deeds[deed.invocation, deed.ref, deed.rule_id].add(deed.label)

    def violations(self) -> Iterator[Violation]:
        for delivery in self._history.deliveries:
            yield from self._check_losses(delivery)
            yield from self._check_time(delivery)
            yield from self._check_names(delivery)
            yield from self._check_error(delivery)
            yield from self._check_groups(delivery)
        yield from check_order(self._program, self._history)
        yield from self._check_faults()
        yield from self._check_end()
        for kind, found in (
            ("foreign step", self._history.foreign),
            ("wrong answer", self._history.wrong),
            ("left behind", self._history.left),
            ("uncaught", self._history.uncaught),
        ):
            yield from (Violation(kind, what) for what in found)

    # -- Nothing is lost -----------------------------------------------------------------------------------------------

    def _check_losses(self, delivery: Delivery) -> Iterator[Violation]:
        for ref in sorted(delivery.acknowledged):
            for rule_id in rules_of(self._program, self._program.record(ref)):
                if not self._is_done(rule_id, ref, delivery) and not self._is_set_aside(rule_id, ref, delivery):
                    done = ", ".join(sorted(self._deeds[delivery.number, ref, rule_id])) or "nothing"
                    yield Violation("lost", f"{ref} in invocation {delivery.number}: {rule_id} has done {done}")

    def _is_done(self, rule_id: str, ref: str, delivery: Delivery) -> bool:
        if rule_id == UNDEFINED:
            return False
        rule = self._program.rule(rule_id)
        labels = set(WORKS[rule.work].labels)
        return any(
            labels <= self._deeds[counted.number, one, rule_id]
            for counted in self._counted(ref, delivery)
            for one in self._stand_ins(rule, ref, counted)
        )

    def _counted(self, ref: str, delivery: Delivery) -> list[Delivery]:
        """Return the deliveries of a record in which a rule may be done with it: with checkpoints, earlier ones too."""
        if self._program.options.checkpoint is None:
            return [delivery]
        deliveries = self._history.deliveries
        return [one for one in deliveries if one.number <= delivery.number and ref in one.refs]

    def _stand_ins(self, rule: PlannedRule, ref: str, delivery: Delivery) -> Iterable[str]:
        """Return the records whose writes may stand for those of a record: newer ones, if the rule compacts."""
        refs, place = delivery.refs, delivery.refs.index(ref)
        record, delivered = self._program.record(ref), [self._program.record(one) for one in refs]
        return [
            one.ref
            for at, one in enumerate(delivered)
            if may_stand_for(self._program, rule, one, record, came_later=at > place)
        ]

    def _is_set_aside(self, rule_id: str, ref: str, delivery: Delivery) -> bool:
        return any(
            fault.rule_id == rule_id
            and ref in fault.refs
            and fault.invocation == counted.number
            and fault.disposition == "set-aside"
            and fault.is_whole
            and fault.records[ref] == counted.raw[ref]
            for counted in self._counted(ref, delivery)
            for fault in self._history.faults
        )

    # -- Fault events --------------------------------------------------------------------------------------------------

    def _check_faults(self) -> Iterator[Violation]:
        for fault in self._history.faults:
            told = f"{', '.join(sorted(fault.refs))} by {fault.rule_id} in invocation {fault.invocation}: {fault.error}"
            if fault.event_type == "fault":
                yield Violation("set aside", f"a fault event about a fault event, {told}")
            if fault.disposition != "set-aside" or not fault.is_whole:
                continue
            if policy_of(self._program, fault.rule_id) != "publish":
                yield Violation("set aside", f"the policy does not say so, {told}")
            elif not self._may_fail(fault):
                yield Violation("set aside", f"nothing is wrong with it, {told}")

    def _may_fail(self, fault: FaultReport) -> bool:
        """Tell whether there is something that does not pass by itself, for which a record may be set aside."""
        if self._program.options.retryable is not None:
            return True
        records = [self._program.record(ref) for ref in fault.refs]
        if any(record.never_ends_well for record in records):
            return True
        if any(
            one.rule_id == fault.rule_id
            and one.ref in fault.refs
            and (one.kind in failing.FINAL or one.kind == "cancel all")
            for one in self._program.code
        ):
            return True
        return any(
            one.kind in service.FINAL and one.on != "faults" and (one.refs is None or one.refs & fault.refs)
            for one in self._program.service
        )

    # -- The response --------------------------------------------------------------------------------------------------

    def _check_time(self, delivery: Delivery) -> Iterator[Violation]:
        if delivery.remaining is not None and delivery.elapsed > delivery.remaining + TOLERANCE:
            yield Violation(
                "late",
                f"invocation {delivery.number} took {delivery.elapsed:.2f} s of {delivery.remaining:.2f} s",
            )

    def _check_names(self, delivery: Delivery) -> Iterator[Violation]:
        if delivery.error is not None:
            return
        known = [self._source.identifier(self._program.record(ref)) for ref in delivery.refs]
        response = delivery.response
        if self._program.source == "firehose":
            named = [one["recordId"] for one in response["records"]]
            if named != known:
                yield Violation("badly named", f"invocation {delivery.number}: {named} in place of {known}")
            return
        if not isinstance(response, Mapping) or list(response) != ["batchItemFailures"]:
            yield Violation("badly named", f"invocation {delivery.number} was answered {response!r}")
            return
        named = [one["itemIdentifier"] for one in response["batchItemFailures"]]
        if any(one not in known or not one for one in named) or len(named) != len({str(one) for one in named}):
            yield Violation("badly named", f"invocation {delivery.number}: {named}, of {known}")

    def _check_error(self, delivery: Delivery) -> Iterator[Violation]:
        if (error := delivery.error) is None:
            return
        what = f"invocation {delivery.number}: {error}"
        if not error.startswith("BatchProcessingError:"):
            yield Violation("escaped", what)
        elif self._source.redelivery == "nothing" or (
            self._source.redelivery != "whole"
            and not (self._program.options.raise_on_entire_batch_failure and delivery.failed == len(delivery.refs))
        ):
            yield Violation("escaped", f"{what}, though {delivery.failed} of {len(delivery.refs)} records failed")

    def _check_groups(self, delivery: Delivery) -> Iterator[Violation]:
        """Check that on a FIFO queue everything behind a reported record of its group is reported too."""
        if self._source.redelivery != "group" or delivery.error is not None:
            return
        whole = not self._program.options.skip_group_on_error
        reported: set[str] = set()
        for ref in delivery.refs:
            group = "all" if whole else self._program.record(ref).key
            if ref in delivery.reported:
                reported.add(group)
            elif group in reported:
                yield Violation("group", f"{ref} in invocation {delivery.number} is behind one that was reported")

    def _check_end(self) -> Iterator[Violation]:
        """Check that what can be processed is, once nothing fails any more."""
        for delivery in self._history.deliveries:
            if delivery.is_last and delivery.reported:
                refs = ", ".join(sorted(delivery.reported))
                yield Violation("stuck", f"{refs} in invocation {delivery.number}, in which nothing fails")

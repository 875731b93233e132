"""Invokes, one after the other, and keeps the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from powertools_stream.cli.resubmit.plan import Invocation, client_context
from powertools_stream.cli.resubmit.reply import (
    Failures,
    NothingProcessedError,
    UnheedingFunctionError,
    failures_in,
    of_all,
)
from powertools_stream.cli.resubmit.units import Unit
from powertools_stream.cli.sending import Journal, Pace
from powertools_stream.cli.sending.functions import InDoubtError, Invoker, NotInvokedError, Replied
from powertools_stream.cli.status import CannotRunError

__all__ = ["Outcome", "Resubmitting"]

_HELD_BACK = "held back: a record before it with the same order key is not done"


@dataclass
class Outcome:
    """What has become of a run.

    Parameters
    ----------
    done
        How many records are done.
    failed
        The records that are not, each with its function, a rule, and the reason.
    held_back
        How many records were not sent, since one before them with the same order key is not done.
    in_doubt
        Records of which it is not known whether the function has run on them.
    not_sent
        How many records there was no time for: Ctrl-C, or an error that ended the run.
    error
        What ended the run; None: its end.
    """

    done: int = 0
    failed: list[dict[str, Any]] = field(default_factory=list)
    held_back: int = 0
    in_doubt: list[dict[str, Any]] = field(default_factory=list)
    not_sent: int = 0
    error: CannotRunError | None = None

    @property
    def is_complete(self) -> bool:
        """Whether all that was to be sent is done."""
        return not (self.failed or self.held_back or self.in_doubt or self.not_sent or self.error)


class Resubmitting:
    """Sends invocations.

    Parameters
    ----------
    journal
        It has been entered.
    invoker
        Invokes functions.
    targets
        What is invoked for the faults of each function.
    pace
        How fast.
    is_over
        Tells whether nothing more is to be sent.
    advance
        Is called with the number of records that an invocation was about.
    """

    def __init__(
        self,
        journal: Journal,
        invoker: Invoker,
        targets: Mapping[str, str],
        pace: Pace,
        is_over: Callable[[], bool],
        advance: Callable[[int], object] = lambda count: None,
    ) -> None:
        self._journal = journal
        self._invoker = invoker
        self._targets = targets
        self._pace = pace
        self._is_over = is_over
        self._advance = advance
        self._blocked: set[tuple[str, Any]] = set()
        self._done: set[tuple[Unit, str]] = set()
        self._doubtful: list[Unit] = []
        self.outcome = Outcome()

    def run(self, invocations: Sequence[Invocation]) -> Outcome:
        """Send them in their order, until the end, or until nothing more is to be sent.

        A KeyboardInterrupt leaves what is under way in doubt, as a kill does.
        """
        for number, invocation in enumerate(invocations):
            try:
                is_sent = self._send(invocation)
            except CannotRunError as error:
                self.outcome.error = error
                is_sent = False
            if not is_sent:
                # What is in doubt was sent.
                left = filter(None, (one.without(self._doubtful) for one in invocations[number:]))
                self.outcome.not_sent += sum(one.count for one in left)
                break
            self._advance(invocation.count)
        return self.outcome

    def _send(self, invocation: Invocation) -> bool:
        """Send an invocation; False: it was not, and nothing more is to be."""
        held_back = [unit for unit in invocation.units if self._is_blocked(unit, invocation.rules)]
        left = invocation.without(held_back)
        if left is not None:
            self._pace.take(left.count)
            if self._is_over():
                return False
            self._invoke(left)
            self._count_done(left)
        self.outcome.held_back += _count(held_back)
        return True

    def _invoke(self, invocation: Invocation) -> None:
        events, target = invocation.events, self._targets[invocation.function]
        if len(events) != 1:
            self._settle(invocation, of_all(invocation, "Its records cannot come in one event."))
            return
        self._journal.sending(_items(invocation), target)
        try:
            reply = self._invoker.invoke(target, events[0], client_context(invocation.rules))
        except InDoubtError as error:
            self._doubt(invocation, str(error))
        except NotInvokedError as error:
            self._settle(invocation, of_all(invocation, str(error)))
        except CannotRunError:
            # It has not run: nothing is in doubt.
            self._journal.settled([], dict.fromkeys(_items(invocation), "not invoked"))
            raise
        else:
            self._take(invocation, events[0], reply)

    def _take(self, invocation: Invocation, event: Any, reply: Replied) -> None:
        """Take what the function has responded."""
        try:
            self._settle(invocation, failures_in(invocation, event, reply.function_error, reply.payload))
        except NothingProcessedError as error:
            if len(invocation.rules) == 1:
                self._settle(invocation, of_all(invocation, str(error)))
                return
            # A rule that the function does not know, which anybody may have made up, must not keep the others from it.
            self._journal.settled([], dict.fromkeys(_items(invocation), "sent again, each rule by itself"))
            for rule in invocation.rules:
                self._invoke(replace(invocation, rules=(rule,)))
        except UnheedingFunctionError as error:
            self._doubt(invocation, str(error))
            raise CannotRunError(f"{self._targets[invocation.function]}: {error}") from error

    def _settle(self, invocation: Invocation, failed: Failures) -> None:
        done = [unit.key(rule) for unit, rule in _parts(invocation) if (unit, rule) not in failed]
        try:
            self._journal.settled(done, {unit.key(rule): reason[:300] for (unit, rule), reason in failed.items()})
        except CannotRunError as error:
            self._doubt(invocation, f"the function has responded, but it could not be noted: {error}")
            raise
        self._done.update((unit, rule) for unit, rule in _parts(invocation) if (unit, rule) not in failed)
        self.outcome.failed += [_described(unit, rule, reason) for (unit, rule), reason in failed.items()]
        self._block(failed)

    def _doubt(self, invocation: Invocation, reason: str) -> None:
        doubtful = of_all(invocation, reason)
        self._doubtful = [*invocation.units]
        self.outcome.in_doubt += [_described(unit, rule, reason) for unit, rule in doubtful]
        self._block(doubtful)

    def _count_done(self, invocation: Invocation) -> None:
        """Count the records with which all rules of an invocation are done."""
        self.outcome.done += _count(
            unit for unit in invocation.units if all((unit, rule) in self._done for rule in invocation.rules)
        )

    def _is_blocked(self, unit: Unit, rules: Iterable[str]) -> bool:
        return any((rule, key) in self._blocked for rule in rules for key in unit.order_keys)

    def _block(self, failed: Iterable[tuple[Unit, str]]) -> None:
        """Let what comes behind units with the same order key not overtake them."""
        self._blocked.update((rule, key) for unit, rule in failed for key in unit.order_keys)


def _parts(invocation: Invocation) -> Iterator[tuple[Unit, str]]:
    return ((unit, rule) for unit in invocation.units for rule in invocation.rules)


def _items(invocation: Invocation) -> dict[str, int]:
    return {unit.key(rule): unit.rules[rule] for unit, rule in _parts(invocation)}


def _count(units: Iterable[Unit]) -> int:
    return sum(len(unit.records) for unit in units)


def _described(unit: Unit, rule: str, reason: str) -> dict[str, Any]:
    return {
        "function": unit.function,
        "rule": rule,
        "records": [unit.source.record_id(record) for record in unit.records],
        "error": reason,
    }

"""The flavor `task`: runs a function, and publishes its result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from powertools_stream.errors import RuleError
from powertools_stream.flavors.steps.publishing import PublishingRule, emitted, numbered, publish_all
from powertools_stream.flavors.steps.returned import PENDING, VALUES, Steps, carried_out, is_asked_for
from powertools_stream.requests import PutEvent, Request
from powertools_stream.rules.binding import UserFunction
from powertools_stream.rules.rule import flavor
from powertools_stream.uow import Event, UnitOfWork

__all__ = ["TaskRule", "task"]


class TaskRule(PublishingRule):
    """A rule of the flavor `task`.

    Parameters
    ----------
    execute
        The function to run: plain, async, or a generator of requests that returns its result. A function that returns a
        request, or a list of them, has them made, and their answers are its result; so are coroutines, and lists of
        both. What cannot be carried out is refused: a list that holds other values as well, a future.
    emit
        What to publish. A string is the event's type: the event gets the fields of the mapping that ``execute``
        returns. A list of mappings makes an event each, None one without further fields; anything else is an error.
        A function of ``(uow, template)`` returns the event, a list of events, or None.
    result_key
        The field of the unit of work that holds the result.
    bus_name, source
        As for `PublishingRule`.
    """

    user_functions: ClassVar[Mapping[str, tuple[str, ...]]] = {"execute": (), "emit": ("template",), "bus_name": ()}

    asked_by: ClassVar[Mapping[type[Request], tuple[str, ...]]] = {PutEvent: ("emit",)}

    execute: UserFunction | None = Field(default=None, description="a function")
    emit: str | UserFunction | None = Field(default=None, description="a string, the event's type, or a function")
    result_key: str = Field(default="result", min_length=1, description="a string that is not empty")

    def _check_fields(self) -> None:
        super()._check_fields()
        if self.execute is None and self.emit is None:
            raise RuleError(f"Rule {self.id!r}: a task needs 'execute', 'emit' or both.", self.id)
        if not _PATH.isdisjoint(self.result_key):
            raise RuleError(
                f"Rule {self.id!r}: the field 'result_key' takes the name of a field of the unit of work; got the path "
                f"{self.result_key!r}. Let 'execute' return a mapping with what is inside.",
                self.id,
            )


# What makes a path of a name: aws-lambda-stream would put the result inside of what is there.
_PATH = frozenset(".[")


@flavor(model=TaskRule, main="execute", ordered=True, asks=[PutEvent])
def task(uow: UnitOfWork, rule: TaskRule) -> UnitOfWork | Steps:
    """Run ``execute``, then publish ``emit``.

    Leaves ``result`` (or what ``result_key`` names), and ``emit``, the published event: one unit of work per event, or
    one without ``emit`` if there is none.
    """
    if rule.execute is None:
        return _emit(uow, rule)
    result = rule.execute(uow)
    if type(result) not in VALUES and is_asked_for(result):
        return _carry_out(uow, rule, result)
    # Most tasks end here: nothing is asked for, so that there is nothing to be scheduled.
    done = UnitOfWork(uow)
    done[rule.result_key] = result
    return done if rule.emit is None else _emit(done, rule)


def _carry_out(uow: UnitOfWork, rule: TaskRule, returned: Any) -> Steps:
    while isinstance(returned, PENDING):
        returned = yield returned
    result = yield from carried_out(returned, rule.id, "execute")
    done = uow.extend(**{rule.result_key: result})
    return done if rule.emit is None else (yield from _emit(done, rule, is_answer=result is not returned))


def _emit(uow: UnitOfWork, rule: TaskRule, *, is_answer: bool = False) -> Steps:
    template = _template(uow, rule)
    if not isinstance(rule.emit, str):
        return _emit_what_is_made(uow, rule, template)
    result = uow.get(rule.result_key)
    # What a service answers is for the unit of work: a task that only makes requests need not fit it to an event.
    if is_answer and not isinstance(result, Mapping):
        result = None
    return publish_all(_events_of(result, template, rule), uow, rule)


def _events_of(result: Any, template: Event, rule: TaskRule) -> list[Event]:
    """Return the events of what ``execute`` returned, of the type that ``emit`` is.

    Raises
    ------
    TypeError
        It has no fields that an event could get.
    """
    if result is None:
        return [template]
    # The result must not override the fields that make a second attempt publish the same event.
    fixed = {name: template[name] for name in ("id", "type", "timestamp")}
    results = list(result) if isinstance(result, list | tuple) else [result]
    for one in results:
        if not isinstance(one, Mapping):
            raise TypeError(
                f"Rule {rule.id!r}: expected 'execute' to return a mapping, whose fields the {rule.emit!r} event gets, "
                f"a list of mappings, one for each event, or None, found a {type(one).__name__}. Return "
                f"{{\"<field>\": …}}, or let 'emit' be a function that makes the event."
            )
    return numbered([{**template, **one, **fixed} for one in results], template)


def _emit_what_is_made(uow: UnitOfWork, rule: TaskRule, template: Event) -> Steps:
    assert rule.emit is not None
    assert not isinstance(rule.emit, str)
    events = yield from emitted(rule.emit, uow, template, rule)
    return (yield from publish_all(events, uow, rule))


def _template(uow: UnitOfWork, rule: TaskRule) -> Event:
    """Return the fields that every event of this rule has.

    All are derived from the event that is being processed, so that a second attempt publishes the same event again.
    """
    event = uow["event"]
    return {
        "id": f"{event.get('id')}.{rule.id}",
        "type": rule.emit if isinstance(rule.emit, str) else None,
        "timestamp": event.get("timestamp"),
        "partition_key": event.get("partition_key"),
    }

"""Findings in what a function's environment names: where its fault events go, and what it may not use."""

from __future__ import annotations

from collections.abc import Iterator

from powertools_stream.cli.check.rules.base import Finding, StackRule
from powertools_stream.cli.stack import (
    BUS,
    Function,
    Stack,
    functions_of,
    is_granted,
    keeps_faults,
    uses_of,
    where_published,
)

__all__ = ["FaultsNotKept", "NotGranted"]

_BUSES = ("FAULT_BUS_NAME", "BUS_NAME")
"""The variables that name the bus of fault events, the first that is set."""


class FaultsNotKept(StackRule):
    """A record that is set aside is only in its fault event."""

    id = "E9841"
    shortdesc = "FaultPolicy.PUBLISH, and nothing that keeps fault events"
    why = (
        "A record that fails is then acknowledged, and its fault event is all that is left of it. EventBridge drops "
        "events that no rule takes."
    )
    advice = 'Add a rule for `{"detail-type": ["fault"]}` with a target that keeps events, or an archive.'
    source_url = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html"

    def found_in(self, stack: Stack) -> Iterator[Finding]:
        """Yield the functions that publish faults to a bus of the template on which nothing takes them."""
        for function in functions_of(stack):
            variable = next((name for name in _BUSES if name in function.environment), "")
            bus = stack.named(function.environment.get(variable), BUS)
            if bus is None or keeps_faults(stack, bus):
                continue
            place = where_published(function)
            if place is not None:
                aside = f"{function.name} sets records aside ({place})"
                found = f"{aside}, but nothing takes fault events from {bus.logical_id}."
                yield self.finding(_path(function, variable), found)


class NotGranted(StackRule):
    """A function that may not use what it was given fails on every record."""

    id = "E9851"
    shortdesc = "A bus, table, queue or the like in the environment, which the function may not use"
    why = (
        "AWS denies the first call, and every record fails until it is given up on; if it is the bus, no fault event "
        "says so."
    )
    advice = "Allow it in the function's role; in SAM by one of its policy templates, such as `DynamoDBCrudPolicy`."
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html"

    def found_in(self, stack: Stack) -> Iterator[Finding]:
        """Yield the variables that name a resource of the template which nothing in it allows the function to use."""
        for function in functions_of(stack):
            for use in uses_of(function):
                if not is_granted(function, use):
                    found = (
                        f"`{use.variable}` names the {use.kind} {use.resource.logical_id}, but nothing allows "
                        f"{function.name} {_any_of(use.actions)}."
                    )
                    advice = f"Add `{use.policy_template}` to its `Policies`." if function.is_sam else ""
                    yield self.finding(_path(function, use.variable), found, advice)


def _path(function: Function, variable: str) -> list[str | int]:
    return [*function.resource.path, "Properties", "Environment", "Variables", variable]


def _any_of(actions: tuple[str, ...]) -> str:
    if len(actions) > 4:
        return f"`{actions[0]}`, or any other action on items"
    if actions[0].endswith("*"):
        return f"any action of `{actions[0]}`"
    return " or ".join(f"`{action}`" for action in actions)

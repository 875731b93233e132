"""The flavor `greet`: publishes a greeting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import ConfigDict, Field

from powertools_stream import Rule, UnitOfWork, flavor
from powertools_stream.flavors import call
from powertools_stream.flavors.steps.calling import Steps
from powertools_stream.requests import PutEvent
from powertools_stream.rules.binding import UserFunction


class GreetRule(Rule):
    """A rule of the flavor `greet`.

    Parameters
    ----------
    to_name
        Returns the name of the person to greet.
    """

    model_config = ConfigDict(extra="forbid")
    user_functions: ClassVar[Mapping[str, tuple[str, ...]]] = {"to_name": ()}

    to_name: UserFunction = Field(description="a function")


@flavor(model=GreetRule, main="to_name", asks=[PutEvent])
def greet(uow: UnitOfWork, rule: GreetRule) -> Steps:
    """Greet the person that the event is about. Adds ``name`` to the unit of work."""
    name = yield from call(rule.to_name, uow)
    yield PutEvent(
        {"id": f"{uow.event['id']}.{rule.id}", "type": "greeted", "name": name}
    )
    return uow.extend(name=name)

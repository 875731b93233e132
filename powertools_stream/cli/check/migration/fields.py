"""What to change in the fields of a rule."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from powertools_stream import flavors
from powertools_stream.cli.check.migration.found import Change, FoundRule, FoundValue
from powertools_stream.errors import RuleError
from powertools_stream.rules.ancestors import explain_field
from powertools_stream.rules.paths import check_path
from powertools_stream.rules.rule import spec_of

__all__ = ["changes_of_fields", "differences", "in_snake_case", "is_own_flavor"]

_CAPITAL = re.compile(r"(?<=[a-z0-9])[A-Z]")

_BY_ITSELF: Mapping[str, str] = {
    "publish": "Leave it out: the flavor publishes by itself. "
    "`bus_name=` of the rule, or of the processor, names the bus.",
    "logger": "Leave it out: `logger=` of the processor.",
    "debug": "Leave it out: `logger=` of the processor.",
}

_WITHOUT_TYPE = ("expired", "circuit_breaker", "stream_failover")
"""Flavors that never read an event type there."""


def in_snake_case(name: str) -> str:
    """Return a name of JavaScript as Python spells it."""
    return _CAPITAL.sub(lambda found: f"_{found[0].lower()}", name)


def is_own_flavor(name: str) -> bool:
    """Tell whether this library has a flavor of a name."""
    return name in flavors.__all__ and hasattr(getattr(flavors, name), "flavor_spec")


def changes_of_fields(rule: FoundRule, flavor: str) -> Iterator[Change]:
    """Yield what to change in a rule with one of this library's flavors.

    Parameters
    ----------
    rule
        The rule, with its fields in snake case.
    flavor
        The name of the flavor here.
    """
    model = spec_of(getattr(flavors, flavor)).model
    for name, value in rule.fields.items():
        if name not in model.model_fields:
            yield _change(rule, name, value, _unknown(name, model.model_fields))
        elif (advice := _unfit(name, value)) is not None:
            yield _change(rule, name, value, advice)
    for name, field in model.model_fields.items():
        if field.is_required() and rule.is_whole and name not in rule.fields:
            yield Change(rule.place, rule.id, name, "The flavor needs it: a rule without it is an error at import.")


def _change(rule: FoundRule, field: str, value: FoundValue, advice: str) -> Change:
    return Change(value.place, rule.id, field, advice)


def _unknown(name: str, known: Mapping[str, object]) -> str:
    if advice := _BY_ITSELF.get(name) or explain_field(name, known):
        return advice
    if near := get_close_matches(name, known, 1):
        return f"There is no such field. Did you mean `{near[0]}`?"
    return "There is no such field. Data of your own goes into `params`."


def _unfit(name: str, value: FoundValue) -> str | None:
    """Return what is wrong with the value of a field that is here too; None: nothing."""
    if name == "ttl" and value.parameters and len(value.parameters) == 2 and {*value.parameters} != {"uow", "rule"}:
        return "Name the parameters of the function `uow` and `rule`: their names say which is which."
    if name == "result_key" and value.text and "." in value.text:
        return "It takes the name of one field, no path."
    if name in ("split_on", "correlation_key") and value.text and (wrong := _wrong_path(value.text)):
        return f"It takes a JMESPath, in which `{value.text}` is written `{wrong}`."
    return None


def _wrong_path(path: str) -> str | None:
    """Return how a path is written in JMESPath, if it is none."""
    try:
        check_path(path, rule_id="", field="")
    except RuleError:
        return "".join(map(_step, re.findall(r"[^.\[\]]+", path))).removeprefix(".")
    return None


def _step(name: str) -> str:
    if name.isdecimal():
        return f"[{name}]"
    return f".{name}" if name.isidentifier() else f'."{name}"'


def differences(rule: FoundRule, flavor: str, *, latched: bool = False) -> Iterator[Change]:
    """Yield what the author of a rule has to decide, since the rule would do something else here.

    Parameters
    ----------
    rule, flavor
        As for `changes_of_fields`.
    latched
        Whether `update` takes there what a listener wrote.
    """
    fields = rule.fields
    if "event_type" not in fields and rule.is_whole and flavor not in _WITHOUT_TYPE:
        yield Change(
            rule.place, rule.id, "event_type", "Name the types: without them the rule is for every type but `fault`."
        )
    if latched and flavor == "update" and not fields.keys() & {"latched", "skip_latched"}:
        yield Change(
            rule.place,
            rule.id,
            "latched",
            'Changes that a listener wrote (`latched: true`) are left out; `latched="process"` takes them, as there.',
        )

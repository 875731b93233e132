"""Checks of a rule that its model does not make: how its flavor is called, and what its event types are."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from types import FunctionType
from typing import Any

from aws_lambda_powertools.utilities.batch import EventType

from powertools_stream.errors import RuleError
from powertools_stream.rules.binding import MISTAKEN, is_async, is_maker, shape

__all__ = ["check_curried", "check_event_type", "check_event_types", "check_flavor", "check_id", "check_part"]

_ANSWERS = "It is called for each unit of work, and returns it, or yields requests."
_CURRIED = (
    "A flavor of aws-lambda-stream, `def f(rule): return lambda source: …`, becomes `def f(uow, rule): …`, which does "
    "for one unit of work what its pipeline did for all: see docs/migration/aws-lambda-stream-python.md."
)
_SWAPPED = "Put the unit of work first."
_ASYNC = "It is `async def`: write `def`, and yield the coroutine, or the requests, that it awaits."

_NOT_FIRST = frozenset({"rule", *MISTAKEN})
_NOT_SECOND = frozenset({"uow", *MISTAKEN})
_NOT_PLAIN = inspect.CO_VARARGS | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def check_id(rule_id: str) -> None:
    """Check that the variables that switch rules, which hold ids between commas, can name a rule.

    Raises
    ------
    RuleError
        They cannot.
    """
    if "," in rule_id or rule_id != rule_id.strip():
        raise RuleError(
            f"Rule {rule_id!r}: the field 'id' takes a string without commas, and without spaces around it; "
            "ENABLED_PIPELINES and DISABLED_PIPELINES hold ids between commas, and could not name this one.",
            rule_id,
        )


def check_flavor(flavor: Callable[..., Any], rule_id: str | None = None) -> None:
    """Check that a flavor can be called with ``(uow, rule)``.

    Parameters
    ----------
    rule_id
        The rule for which it is checked, for the message.

    Raises
    ------
    RuleError
        It cannot, or it would take the one for the other.
    """
    if type(flavor) is FunctionType:
        # Most are like this, and are told without reading a signature: a registry may have a thousand rules.
        code = flavor.__code__
        if code.co_argcount == 2 and not (code.co_kwonlyargcount or code.co_flags & _NOT_PLAIN):
            first, second = code.co_varnames[:2]
            if first not in _NOT_FIRST and second not in _NOT_SECOND:
                return
    try:
        signature = inspect.signature(flavor)
    except (TypeError, ValueError):
        return  # a builtin without a readable signature
    if advice := _misfit(flavor, signature):
        of_rule = f"Rule {rule_id!r}: the" if rule_id is not None else "The"
        name = getattr(flavor, "__name__", flavor)
        raise RuleError(
            f"{of_rule} flavor {name!r} takes {shape(signature.parameters.values())}; a flavor takes (uow, rule). "
            f"{advice}",
            rule_id,
        )


def check_part(part: Any, option: str) -> None:
    """Check a filter of a flavor, or its ``prepare``: it is called with the unit of work alone, and as it is.

    Raises
    ------
    RuleError
        It cannot be called like that, or what it returns would count as true whatever it says.
    """
    name = getattr(part, "__name__", part)
    if maker := is_maker(part):
        raise RuleError(f"flavor({option}=…): {maker}.")
    if is_async(part):
        raise RuleError(f"flavor({option}=…): {name!r} cannot be async: matching does no I/O.")
    try:
        inspect.signature(part).bind("uow")
    except ValueError:
        pass  # a builtin without a readable signature
    except TypeError:
        found = f"takes {shape(inspect.signature(part).parameters.values())}" if callable(part) else "is no function"
        raise RuleError(f"flavor({option}=…) is called with (uow), and {name!r} {found}.") from None


def check_curried(flavor: Callable[..., Any]) -> None:
    """Check that what may be the flavor of a rule, or the function of one, is not a flavor of aws-lambda-stream."""
    if type(flavor) is FunctionType and flavor.__code__.co_varnames[: flavor.__code__.co_argcount] == ("rule",):
        check_flavor(flavor)


def _misfit(flavor: Callable[..., Any], signature: inspect.Signature) -> str | None:
    if is_async(flavor) or inspect.isasyncgenfunction(flavor):
        return _ASYNC
    try:
        given = signature.bind("uow", "rule").arguments
    except TypeError:
        required = [name for name, one in signature.parameters.items() if one.default is inspect.Parameter.empty]
        return _CURRIED if required == ["rule"] else f"{_ANSWERS} {_CURRIED}" if len(required) == 1 else _ANSWERS
    if mistaken := next((MISTAKEN[name] for name in given if name in MISTAKEN), None):
        return mistaken
    return _SWAPPED if given.get("rule") == "uow" or given.get("uow") == "rule" else None


def check_event_types(given: Any, rule_id: Any) -> None:
    """Check the event types of a rule as they were given: members of Powertools' ``EventType`` are none.

    To the model they are texts, such as ``"SQS"``, which no event has as its type.
    """
    for one in given if isinstance(given, list | tuple | set | frozenset) else (given,):
        if isinstance(one, EventType):
            raise RuleError(
                f"Rule {rule_id!r}: the field 'event_type' takes the types of domain events, such as 'order-created'; "
                f"got {one}, which is where records come from. It belongs to the processor, "
                f"stream_processor(rules=rules, event_type={one}), or may be left out there.",
                rule_id,
            )


def check_event_type(given: Any, rule_id: str) -> None:
    """Check the event type of a rule, once the model has taken it.

    Raises
    ------
    RuleError
        An empty list, a text with a ``*``, or one that is written as a regular expression; or a regular expression
        that may backtrack without end.
    """
    if isinstance(given, re.Pattern):
        _check_pattern(given, rule_id)
    elif given == []:
        raise RuleError(f"Rule {rule_id!r}: the list of the field 'event_type' is empty.", rule_id)
    for name in [given] if isinstance(given, str) else given if isinstance(given, list) else ():
        if "*" in name and not _WRITTEN_AS_PATTERN.search(name):
            pattern = re.escape(name).replace(r"\*", ".*")
            raise RuleError(
                f"Rule {rule_id!r}: the field 'event_type' has the text {name!r}, and a text is compared as it is, "
                f"with its '*'. Write a regular expression, event_type=re.compile(r'^{pattern}$'), or an "
                f"event_pattern={{'type': [{{'wildcard': {name!r}}}]}}.",
                rule_id,
            )
        if _WRITTEN_AS_PATTERN.search(name):
            raw = "r" + repr(name).replace("\\\\", "\\")
            raise RuleError(
                f"Rule {rule_id!r}: the field 'event_type' has the text {name!r}, and a text is compared as it is. "
                f"If it is a regular expression, write event_type=re.compile({raw}).",
                rule_id,
            )


# What no event type has in its name, and regular expressions have.
_WRITTEN_AS_PATTERN = re.compile(r"^\^|\$$|[.\])][+*]|\\|\||\[.+\]")


def _check_pattern(pattern: re.Pattern[str], rule_id: str) -> None:
    from powertools_stream.matching.backtracking import ambiguous_repeat

    if ambiguous_repeat(pattern):
        raise RuleError(
            f"Rule {rule_id!r}: the pattern {pattern.pattern!r} of the field 'event_type' repeats a group that "
            "matches one text in several ways, so that a type made for it would take for ever. Separate the "
            "repetitions by a literal character, or use a list of types or an event_pattern.",
            rule_id,
        )

"""The operators of event patterns: each makes the test for a single value.

The semantics are those of EventBridge's own engine, https://github.com/aws/event-ruler; the operators are described at
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

__all__ = ["OPERATORS", "BadOperandError", "Test", "equal_to_any", "number_of"]

Test = Callable[[Any], bool]
"""Returns whether a value (a string, a number, true, false or null) passes."""


class BadOperandError(Exception):
    """The operand of an operator is invalid.

    Parameters
    ----------
    expected
        What the operator takes.
    found
        What it was given.
    """

    def __init__(self, expected: str, found: Any) -> None:
        super().__init__(expected, found)
        self.expected = expected
        self.found = found


def number_of(value: Any) -> float | None:
    """Return a JSON number as the IEEE double that it is compared as; None for anything else, or out of range."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return None
    return None if math.isnan(number) else number


def equal_to_any(values: Iterable[Any]) -> Test:
    """Make the test for literal values: strings, numbers, True, False, None."""
    given = list(values)
    strings = frozenset(value for value in given if isinstance(value, str))
    if all(isinstance(value, str) for value in given):
        return lambda value: isinstance(value, str) and value in strings
    # In Python, 1 == True.
    literals = tuple(value for value in (True, False, None) if any(value is one for one in given))
    numbers = frozenset(number for value in given if (number := number_of(value)) is not None)

    def is_equal(value: Any) -> bool:
        if isinstance(value, str):
            return value in strings
        if value is None or isinstance(value, bool):
            return any(value is literal for literal in literals)
        return bool(numbers) and number_of(value) in numbers

    return is_equal


def _of_strings(test: Callable[[str], bool]) -> Test:
    return lambda value: isinstance(value, str) and test(value)


def _prefix(operand: Any) -> Test:
    text, fold = _text_or_folded(operand)
    return _of_strings(lambda value: fold(value).startswith(text))


def _suffix(operand: Any) -> Test:
    text, fold = _text_or_folded(operand)
    return _of_strings(lambda value: fold(value).endswith(text))


def _text_or_folded(operand: Any) -> tuple[str, Callable[[str], str]]:
    fold: Callable[[str], str] = str
    if isinstance(operand, Mapping) and list(operand) == ["equals-ignore-case"]:
        operand, fold = operand["equals-ignore-case"], _folded
    if not isinstance(operand, str):
        raise BadOperandError("a string, or {'equals-ignore-case': a string}", operand)
    return fold(operand), fold


def _equals_ignore_case(operand: Any) -> Test:
    text = _folded(_string(operand))
    return _of_strings(lambda value: _folded(value) == text)


def _folded(text: str) -> str:
    """Return a string in lower case, character by character: ``ß`` does not become ``ss``."""
    if text.isascii():
        return text.lower()
    return "".join(_single(_single(character, str.upper), str.lower) for character in text)


def _single(character: str, change: Callable[[str], str]) -> str:
    changed = change(character)
    return changed if len(changed) == 1 else character


_WILDCARD = re.compile(r"\\(.?)|(\*+)|([^\\*]+)", re.DOTALL)


def _wildcard(operand: Any) -> Test:
    """Make a test that finds the parts between the stars one after the other, in linear time for any value."""
    first, *rest = _parts(_string(operand))
    if not rest:
        return _of_strings(lambda value: value == first)
    *middle, last = rest
    shortest = len(first) + len(last)

    def fits(value: str) -> bool:
        if len(value) < shortest or not value.startswith(first) or not value.endswith(last):
            return False
        position, end = len(first), len(value) - len(last)
        for part in middle:
            found = value.find(part, position, end)
            if found < 0:
                return False
            position = found + len(part)
        return True

    return _of_strings(fits)


def _parts(text: str) -> list[str]:
    """Return the parts between the stars, unescaped."""
    parts = [""]
    for escaped, stars, plain in _WILDCARD.findall(text):
        if stars:
            if len(stars) > 1:
                raise BadOperandError("a string without two '*' in a row (a '*' of its own is '\\*')", text)
            parts.append("")
        elif plain or escaped in ("*", "\\"):
            parts[-1] += plain or escaped
        else:
            raise BadOperandError("a string whose backslashes are '\\*' or '\\\\'", text)
    return parts


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: value == bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}
_NUMERIC = (
    "a list such as ['=', 5], ['<', 10] or ['>', 0, '<=', 5]: an operator among =, <, <=, >, >= and a number; after > "
    "or >=, also < or <= and a greater number"
)


def _numeric(operand: Any) -> Test:
    if not isinstance(operand, list | tuple) or len(operand) not in (2, 4):
        raise BadOperandError(_NUMERIC, operand)
    operators, bounds = operand[::2], [number_of(bound) for bound in operand[1::2]]
    if None in bounds or not all(isinstance(name, str) and name in _COMPARISONS for name in operators):
        raise BadOperandError(_NUMERIC, operand)
    low, high = bounds[0], bounds[-1]
    assert low is not None
    assert high is not None
    if len(operators) == 2 and (operators[0][0] != ">" or operators[1][0] != "<" or low >= high):
        raise BadOperandError(_NUMERIC, operand)
    holds_low, holds_high = _COMPARISONS[operators[0]], _COMPARISONS[operators[-1]]

    def is_within(value: Any) -> bool:
        number = number_of(value)
        return number is not None and holds_low(number, low) and holds_high(number, high)

    return is_within


def _cidr(operand: Any) -> Test:
    from ipaddress import ip_address, ip_network

    expected = "a range of addresses such as '10.0.0.0/24' or '2001:db8::/32'"
    if not isinstance(operand, str) or operand.count("/") != 1:
        raise BadOperandError(expected, operand)
    try:
        network = ip_network(operand, strict=False)
    except ValueError:
        raise BadOperandError(expected, operand) from None

    def is_inside(value: str) -> bool:
        try:
            return ip_address(value) in network
        except ValueError:
            return False

    return _of_strings(is_inside)


_ANYTHING_BUT = (
    "a string, a number, a list of strings or of numbers, or one of 'prefix', 'suffix', 'equals-ignore-case' and "
    "'wildcard' with a string, or a list of strings, that are not empty"
)
_EXCLUDABLE: dict[str, Callable[[Any], Test]] = {
    "equals-ignore-case": _equals_ignore_case,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
}


def _anything_but(operand: Any) -> Test:
    """Make a test that every value passes, except those that match the operand."""
    if isinstance(operand, Mapping):
        tests = _excluded(operand)
        return lambda value: not any(test(value) for test in tests)
    values = operand if isinstance(operand, list | tuple) else [operand]
    are_strings = [isinstance(value, str) for value in values]
    are_numbers = [number_of(value) is not None for value in values]
    if not values or not (all(are_strings) or all(are_numbers)):
        raise BadOperandError(_ANYTHING_BUT, operand)
    is_excluded = equal_to_any(values)
    return lambda value: not is_excluded(value)


def _excluded(operand: Mapping[str, Any]) -> list[Test]:
    if len(operand) != 1 or (name := next(iter(operand))) not in _EXCLUDABLE:
        raise BadOperandError(_ANYTHING_BUT, operand)
    values = operand[name] if isinstance(operand[name], list | tuple) else [operand[name]]
    if not values or not all(isinstance(value, str) for value in values):
        raise BadOperandError(_ANYTHING_BUT, operand)
    if name in ("prefix", "suffix") and "" in values:
        raise BadOperandError(_ANYTHING_BUT, operand)
    return [_EXCLUDABLE[name](value) for value in values]


def _string(operand: Any) -> str:
    if not isinstance(operand, str):
        raise BadOperandError("a string", operand)
    return operand


OPERATORS: dict[str, Callable[[Any], Test]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _equals_ignore_case,
    "numeric": _numeric,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
}
"""The operators that test a value; ``exists`` tests whether there is one."""

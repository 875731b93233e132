"""Regular expressions that may take for ever: told from the pattern, before anybody sends the text for it.

Python's engine backtracks. ``(a+)+$`` tries, on a text that does not match, every way of cutting the text into pieces,
and their number doubles with each character. https://owasp.org/www-community/attacks/Regular_expression_Denial_of_Service_-_ReDoS
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

try:
    from re import _compiler, _parser  # type: ignore[attr-defined]
except ImportError:  # Python 3.10
    import sre_compile as _compiler
    import sre_parse as _parser

__all__ = ["ambiguous_repeat", "regex_parser"]

regex_parser: Any = _parser
"""Python's own parser of regular expressions, wherever this version has it."""

_REPEATS = (_parser.MAX_REPEAT, _parser.MIN_REPEAT)
_ATOMS = (_parser.LITERAL, _parser.NOT_LITERAL, _parser.IN, _parser.ANY)


def ambiguous_repeat(pattern: re.Pattern[str]) -> bool:
    r"""Tell whether a pattern repeats a group that can match one text in several ways.

    That is a group without a fixed length, repeated without a limit, in which no literal character separates one
    repetition from the next: ``(a+)+``, ``(a|aa)*``, ``(\w+ ?)+``; but not ``(-\w+)+``, ``(\w+\.)*``.
    """
    return any(map(_is_ambiguous, _unlimited_bodies(_parser.parse(pattern.pattern, pattern.flags))))


def _unlimited_bodies(parsed: Any) -> Iterator[Any]:
    """Yield what is repeated without a limit, at any depth; not what gives nothing back once it has matched."""
    for operator, argument in parsed:
        if operator in _REPEATS:
            _, most, body = argument
            if most == _parser.MAXREPEAT:
                yield body
        for inner in _inner(operator, argument):
            yield from _unlimited_bodies(inner)


def _is_ambiguous(body: Any) -> bool:
    items = list(_sequence(body))
    variable = [(operator, argument) for operator, argument in items if _varies(operator, argument)]
    if not variable:
        return False
    separators = [argument for operator, argument in items if operator is _parser.LITERAL]
    return not any(_cannot_match(variable, separator, body.state) for separator in separators)


def _sequence(parsed: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what has to match, one after the other, groups without a choice opened up."""
    for operator, argument in parsed:
        if operator is _parser.SUBPATTERN:
            yield from _sequence(argument[-1])
        else:
            yield operator, argument


def _varies(operator: Any, argument: Any) -> bool:
    """Tell whether it can match texts of several lengths."""
    if operator in _REPEATS:
        least, most, body = argument
        return bool(least != most) or any(_varies(*item) for item in body)
    if operator is _parser.BRANCH:
        alternatives = argument[1]
        lengths = {alternative.getwidth() for alternative in alternatives}
        return len(lengths) > 1 or any(least != most for least, most in lengths)
    return any(_varies(*item) for inner in _inner(operator, argument) for item in inner)


def _cannot_match(parts: list[tuple[Any, Any]], character: int, state: Any) -> bool:
    return not any(_matches(operator, argument, character=character, state=state) for operator, argument in parts)


def _matches(operator: Any, argument: Any, *, character: int, state: Any) -> bool:
    """Tell whether a character can stand anywhere in what a part matches."""
    if operator in _ATOMS:
        atom = _compiler.compile(_parser.SubPattern(state, [(operator, argument)]), state.flags)
        return atom.match(chr(character)) is not None
    return any(
        _matches(*item, character=character, state=state) for inner in _inner(operator, argument) for item in inner
    )


def _inner(operator: Any, argument: Any) -> list[Any]:
    """Return the patterns inside of a part."""
    if operator in _REPEATS:
        return [argument[2]]
    if operator is _parser.SUBPATTERN:
        return [argument[-1]]
    if operator is _parser.BRANCH:
        return list(argument[1])
    if operator in (_parser.ASSERT, _parser.ASSERT_NOT):
        return [argument[1]]
    return []

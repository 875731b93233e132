"""Event patterns, the language of EventBridge's rules and of Lambda's event filters; also useful outside of rules.

A pattern is checked and compiled once. The semantics are those of EventBridge's own engine,
https://github.com/aws/event-ruler; the language is described at
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from powertools_stream.errors import EventPatternError
from powertools_stream.matching.pattern_operators import OPERATORS, BadOperandError, Test, equal_to_any, number_of

__all__ = ["EventPattern", "EventPatternError", "compile_event_pattern"]

EventPattern = Callable[[Mapping[str, Any]], bool]
"""Returns whether an event matches."""

Path = tuple[str, ...]

_OR = "$or"
_EXISTS = "exists"
_NAMES = (*OPERATORS, _EXISTS)

# "The maximum number of rule combinations across $or": https://docs.aws.amazon.com/eventbridge/latest/userguide/
# eb-create-pattern-operators.html#eb-filtering-complex-example-or
_MAX_BRANCHES = 1000

_ARRAYS = (list, tuple, set, frozenset)


@dataclass(frozen=True, slots=True)
class _Branch:
    """One way to match: each present field has a value that passes, and each absent field has none."""

    present: tuple[tuple[Path, Test], ...] = ()
    absent: tuple[Path, ...] = ()

    def __add__(self, other: _Branch) -> _Branch:
        return _Branch(self.present + other.present, self.absent + other.absent)


def compile_event_pattern(pattern: Mapping[str, Any] | str) -> EventPattern:
    """Check an event pattern, and return the function that tests whether an event matches it.

    Parameters
    ----------
    pattern
        The pattern, as a mapping or as the text of a JSON object.

    Returns
    -------
    EventPattern
        It takes an event of JSON values (a `Decimal` counts as a number, a set or tuple as an array) and never raises.

    Raises
    ------
    EventPatternError
        The pattern is not valid; the message names the path and the operator.

    Warns
    -----
    UserWarning
        The pattern names a field both outside and inside of ``$or``: EventBridge does not say what that means.

    Examples
    --------
    >>> is_large = compile_event_pattern({"detail": {"total": [{"numeric": [">", 100]}]}})
    >>> is_large({"detail": {"total": 250}}), is_large({"detail": {}})
    (True, False)
    """
    matches, doubts = compiled(pattern)
    for doubt in doubts:
        warnings.warn(f"{doubt[0].upper()}{doubt[1:]}", UserWarning, stacklevel=2)
    return matches


def compiled(pattern: Mapping[str, Any] | str) -> tuple[EventPattern, list[str]]:
    """Compile a pattern as `compile_event_pattern` does; return what is doubtful about it as well, for a warning."""
    branches = _object_branches(_parsed(pattern), ())
    doubts = [
        f"the event pattern names the field {'.'.join(path)!r} both outside and inside of $or. EventBridge gives no "
        "consistent answer to that; here both have to hold. Name it only inside, in each object of the $or."
        for path in _repeated(branches)
    ]
    ways = [_matcher(branch) for branch in branches]
    if len(ways) == 1:
        return ways[0], doubts
    return (lambda event: any(way(event) for way in ways)), doubts


compile_event_pattern.makes = "a test of events"  # type: ignore[attr-defined]  # see `bind`


# -- Matching ----------------------------------------------------------------------------------------------------------


def _matcher(branch: _Branch) -> EventPattern:
    """Make the test for one branch.

    ``exists: false`` holds if no element of any array has such a value, so it is tested on the event as a whole.
    """
    fields = _tree(branch.present) if branch.present else None
    absent = branch.absent

    def matches(event: Mapping[str, Any]) -> bool:
        if fields is not None and not fields(event):
            return False
        return not any(_has_value(event, path) for path in absent)

    return fields if fields is not None and not absent else matches


def _tree(fields: Iterable[tuple[Path, Test]]) -> Test:
    """Make the test for an object from the tests for its values.

    Fields are grouped by the first step of their paths, so that those inside the same array are tested on the same
    element: two fields must not match in different elements.
    """
    steps: dict[str, list[tuple[Path, Test]]] = {}
    leaves: list[tuple[str, Test]] = []
    for path, test in fields:
        if len(path) == 1:
            leaves.append((path[0], _leaf(test)))
        else:
            steps.setdefault(path[0], []).append((path[1:], test))
    tests = (*leaves, *((step, _tree(below)) for step, below in steps.items()))

    def matches(value: Any) -> bool:
        if isinstance(value, dict):
            for name, test in tests:  # noqa: SIM110  # a generator for each record costs more than the tests
                if name not in value or not test(value[name]):
                    return False
            return True
        return isinstance(value, _ARRAYS) and any(map(matches, value))

    return matches


def _leaf(test: Test) -> Test:
    """Make the test for a field from the test for a single value: an array passes if any of its elements does."""

    def matches(value: Any) -> bool:
        if isinstance(value, _ARRAYS):
            return any(map(matches, value))
        return not isinstance(value, dict) and test(value)

    return matches


def _has_value(value: Any, path: Path) -> bool:
    """Return whether there is a value at the end of a path; an object is none, an array has those of its elements."""
    if isinstance(value, _ARRAYS):
        return any(_has_value(element, path) for element in value)
    if not isinstance(value, dict):
        return not path
    return bool(path) and path[0] in value and _has_value(value[path[0]], path[1:])


# -- Reading the pattern -----------------------------------------------------------------------------------------------


def _parsed(pattern: Mapping[str, Any] | str) -> Mapping[str, Any]:
    parsed: Any = pattern
    if isinstance(pattern, str):
        try:
            parsed = json.loads(pattern, object_pairs_hook=_without_repeats)
        except ValueError as error:
            if isinstance(error, EventPatternError):
                raise
            raise EventPatternError(f"Expected an event pattern to be the text of a JSON object; {error}.") from None
    if not isinstance(parsed, Mapping):
        raise EventPatternError(
            f"Expected an event pattern to be an object, such as {{'detail': {{'status': ['PAID']}}}}, but found "
            f"{_shown(parsed)}."
        )
    return parsed


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in pairs:
        if name in result:
            raise EventPatternError(f"Expected each field of an event pattern once, but found {name!r} twice.")
        result[name] = value
    return result


def _object_branches(pattern: Mapping[str, Any], path: Path) -> list[_Branch]:
    """Return the ways to match an object: each combination of the ways to match its fields."""
    if not pattern:
        raise _error(path, None, "an object with fields", "an empty one", " Leave the field out to match anything.")
    branches = [_Branch()]
    for name, value in pattern.items():
        ways = _field_branches(name, value, path)
        if len(branches) * len(ways) > _MAX_BRANCHES:
            raise _error(
                path, _OR, f"at most {_MAX_BRANCHES} combinations", "more. Split the pattern into several rules"
            )
        branches = [branch + way for branch in branches for way in ways]
    return branches


def _repeated(branches: Iterable[_Branch]) -> list[Path]:
    """Return the paths that occur twice in a branch: outside of ``$or``, or in another one, and inside."""
    repeated: dict[Path, None] = {}
    for branch in branches:
        seen = set[Path]()
        for path in (*(path for path, _ in branch.present), *branch.absent):
            if path in seen:
                repeated[path] = None
            seen.add(path)
    return list(repeated)


def _field_branches(name: Any, value: Any, path: Path) -> list[_Branch]:
    if not isinstance(name, str):
        raise _error(path, None, "the names of fields to be strings", _shown(name))
    if name == _OR and _is_or(value):
        return [branch for option in value for branch in _object_branches(option, path)]
    if isinstance(value, Mapping):
        return _object_branches(value, (*path, name))
    if isinstance(value, list | tuple):
        return _leaf_branches(value, (*path, name))
    raise _error(
        (*path, name), None, "an array of values and operators, or an object", f"{_shown(value)}. Put it in []"
    )


def _is_or(value: Any) -> bool:
    """Return whether ``$or`` is the operator; if not, it is a field with this name."""
    return (
        isinstance(value, list | tuple)
        and len(value) > 1
        and all(isinstance(option, Mapping) and not any(name in _NAMES for name in option) for option in value)
    )


def _leaf_branches(alternatives: Iterable[Any], path: Path) -> list[_Branch]:
    """Return the ways to match a field: with a value that passes any of the tests, or with none."""
    values: list[Any] = []
    tests: list[Test] = []
    is_absence_allowed = False
    for alternative in alternatives:
        if isinstance(alternative, Mapping):
            name, operand = _operator(alternative, path)
            if name == _EXISTS and operand is False:
                is_absence_allowed = True
            else:
                tests.append(_test(name, operand, path))
        elif alternative is None or isinstance(alternative, str | bool) or number_of(alternative) is not None:
            values.append(alternative)
        else:
            raise _error(path, None, "a string, a number, true, false, null or an operator", _shown(alternative))
    if values:
        tests.insert(0, equal_to_any(values))
    if not tests and not is_absence_allowed:
        raise _error(path, None, "an array with values or operators", "an empty one")
    ways = [_Branch(present=((path, _any_of(tests)),))] if tests else []
    return [*ways, _Branch(absent=(path,))] if is_absence_allowed else ways


def _any_of(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    return lambda value: any(test(value) for test in tests)


def _operator(alternative: Mapping[str, Any], path: Path) -> tuple[str, Any]:
    if len(alternative) != 1:
        found = f"{len(alternative)}: {', '.join(map(repr, alternative))}" if alternative else "none"
        raise _error(path, None, "one operator in an object", found, " Put each into an object of its own.")
    ((name, operand),) = alternative.items()
    if name not in _NAMES:
        expected = f"one of the operators {', '.join(sorted(_NAMES))}"
        raise _error(path, str(name), expected, repr(name), _hint(name, path))
    return name, operand


def _hint(name: Any, path: Path) -> str:
    if path[-1] == _OR:
        return " As a relationship, $or takes two objects or more."
    import difflib  # only if there is a mistake: the import would slow down a cold start

    meant = difflib.get_close_matches(str(name), _NAMES, n=1)
    return f" Did you mean {meant[0]!r}?" if meant else ""


def _test(name: str, operand: Any, path: Path) -> Test:
    if name == _EXISTS:
        if operand is not True:
            raise _error(path, name, "true or false", _shown(operand))
        return lambda value: True
    try:
        return OPERATORS[name](operand)
    except BadOperandError as error:
        raise _error(path, name, error.expected, _shown(error.found)) from None


def _error(path: Path, operator: str | None, expected: str, found: str, hint: str = "") -> EventPatternError:
    place = f"at {'.'.join(path)!r}" if path else "at the top"
    of = f" of the operator {operator!r}" if operator is not None and operator in (*_NAMES, _OR) else ""
    message = f"Expected the event pattern {place}{of} to have {expected}, but found {found}.{hint}"
    return EventPatternError(message, path=path, operator=operator)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."

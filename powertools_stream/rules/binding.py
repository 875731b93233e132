"""User functions: their signatures are read once, when the rule is made, never per call."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from powertools_stream.errors import RuleError
from powertools_stream.rules.idempotency import YIELD_IT, Idempotency, idempotency_of

__all__ = [
    "MISTAKEN",
    "UserFunction",
    "bind",
    "bind_filter",
    "is_async",
    "is_maker",
    "required_names",
    "shape",
    "unbound",
]

UserFunction = Callable[..., Any]
"""A function of the rule's author: it takes ``(uow)`` or ``(uow, rule)``; ``emit`` also takes a ``template``."""

_VALUES = ("uow", "rule")
"""What every function is given; the flavor's own values, such as a ``template``, have any name."""

# Names that say what somebody took the function for. It would run, with a unit of work in place of what it expects.
_METHOD = "A method needs its object: pass that of an object, such as Orders().accept."
_CONTEXT = "Lambda's context is not passed to rules."
MISTAKEN = {
    "event": "What it gets is a unit of work: name it uow, and read the event as uow.event.",
    "record": "What it gets is a unit of work: name it uow, and read the record as uow.record.",
    "context": _CONTEXT,
    "lambda_context": _CONTEXT,
    "self": _METHOD,
    "cls": _METHOD,
}

_STARS: dict[Any, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class _UnfitError(Exception):
    """A function is unfit: what was found, if not merely its parameters, and what to do."""

    def __init__(self, advice: str = "", *, found: str | None = None) -> None:
        super().__init__(advice)
        self.advice = advice
        self.found = found


def bind(function: UserFunction, rule: Any, *, field: str, extra: tuple[str, ...] = ()) -> UserFunction:
    """Return a function of ``(uow, *extra)`` that calls a user function with the arguments of its signature.

    A function that already has this signature is returned unchanged, so that it costs nothing.

    Parameters
    ----------
    function
        The user function; it may also be a builtin, a partial, a bound method or a callable object.
    rule
        The value of the parameter ``rule``.
    field
        The rule's field, for messages.
    extra
        The names of the arguments that the flavor passes after the unit of work: ``("template",)``.

    Raises
    ------
    RuleError
        The function requires a parameter for which there is no value, takes no unit of work, or names its parameters
        for something else, such as ``(event, context)``.
    """
    function = unbound(function)
    if maker := is_maker(function):
        raise RuleError(f"Rule {rule.id!r}: in the field {field!r}, {maker}.", rule.id)
    if inspect.isasyncgenfunction(function):
        raise RuleError(
            f"Rule {rule.id!r}: the function of the field {field!r} is `async def` with a yield, which nobody would "
            "run. Write `def` to yield requests, or `async def` and return to await something.",
            rule.id,
        )
    parameters = _parameters(function)
    if parameters is None:
        return function if not extra else _bound(function, lambda uow, *_: function(uow))
    names = ("uow", "rule", *extra)
    try:
        positional, keywords = _arguments(parameters, names, _held_keywords(function))
    except _UnfitError as unfit:
        found = unfit.found or f"takes {shape(parameters)}"
        raise RuleError(
            f"Rule {rule.id!r}: the function of the field {field!r} {found}. It may take {_forms(names)}. "
            f"{unfit.advice}".rstrip(),
            rule.id,
        ) from None
    idempotency = idempotency_of(function)
    if idempotency is not None or _has_keyword_wrapper(function):
        by_name = _by_name(parameters, [*positional, *keywords])
        if idempotency is not None:
            _serve(idempotency, parameters, by_name, rule, field)
        return _bound(function, _keyword_caller(function, rule, by_name, extra))
    if not keywords and tuple(positional) == ("uow", *extra):
        return function
    return _bound(function, _caller(function, rule, positional, keywords, extra))


def bind_filter(function: UserFunction, rule: Any, field: str) -> UserFunction:
    """Bind a function that tests a unit of work, or reads a value from it, for matching.

    Raises
    ------
    RuleError
        The function is async, or requires a parameter for which there is no value.
    """
    if is_async(function):
        raise RuleError(
            f"Rule {rule.id!r}: a function of the field {field!r} cannot be async: matching does no I/O.", rule.id
        )
    return bind(function, rule, field=field)


def required_names(function: UserFunction) -> tuple[str, ...]:
    """Return the names of the parameters that a call has to give, in order; empty if there is no way to tell."""
    function = unbound(function)
    held = _held_keywords(function)
    return tuple(
        parameter.name
        for parameter in _parameters(function) or ()
        if parameter.kind in _POSITIONAL and parameter.default is inspect.Parameter.empty and parameter.name not in held
    )


def unbound(function: UserFunction) -> UserFunction:
    """Return the user function inside one that `bind` made: a rule made from another's fields binds it again."""
    original: UserFunction = getattr(function, "_user_function", function)
    return original


def is_maker(function: UserFunction) -> str | None:
    """Return what is wrong with a function that makes what it is taken for, such as `changed` in place of a filter."""
    if not isinstance(made := getattr(function, "makes", None), str):
        return None
    name = getattr(function, "__name__", made)
    return f"{name} is not {made}: it makes one. Call it first: {name}(…)"


def is_async(function: UserFunction) -> bool:
    """Return whether calling the function makes a coroutine, as far as can be seen without calling it."""
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004


def _parameters(function: UserFunction) -> Sequence[inspect.Parameter] | None:
    try:
        return list(inspect.signature(function).parameters.values())
    except (ValueError, TypeError):
        # Some builtins, such as `dict`, have no readable signature: they get the unit of work.
        return None


def _held_keywords(function: UserFunction) -> frozenset[str]:
    """Return the keywords that a partial has bound already: they are left alone, whatever their names."""
    return frozenset(function.keywords) if isinstance(function, functools.partial) else frozenset()


def _arguments(
    parameters: Sequence[inspect.Parameter], names: tuple[str, ...], held: frozenset[str]
) -> tuple[list[str], list[str]]:
    """Return which of ``names`` to pass by position, and which by keyword.

    A parameter with one of the names gets that value; any other required one gets the next of the remaining values, in
    order; one with a default is left alone.

    Raises
    ------
    _UnfitError
        The function cannot be called with these values, or was not written for them.
    """
    named = {parameter.name for parameter in parameters if parameter.name in names}
    rest = iter([name for name in names if name not in named])
    positional: list[str] = []
    keywords: list[str] = []
    skipped = False  # After a default that is left alone, a parameter can only be passed by keyword.
    for parameter in parameters:
        if parameter.name in held:
            continue
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            positional += [] if skipped else list(rest)
            continue
        if (name := _value_for(parameter, names, rest, first=not positional)) is None:
            skipped = True
            continue
        if name in _VALUES and (advice := MISTAKEN.get(parameter.name)):
            raise _UnfitError(advice)
        if parameter.kind in _POSITIONAL and not skipped:
            positional.append(name)
        elif parameter.kind is not inspect.Parameter.POSITIONAL_ONLY:
            keywords.append(name)
    if not (positional or keywords):
        raise _UnfitError("It is given the unit of work, even if it does not need it: def …(uow).")
    return positional, keywords


def _value_for(parameter: inspect.Parameter, names: tuple[str, ...], rest: Iterator[str], *, first: bool) -> str | None:
    if parameter.kind is inspect.Parameter.VAR_KEYWORD:
        return None
    if parameter.name in names:
        return parameter.name
    # The first parameter of `bool(object=False, /)` is optional too, but positional-only: it gets the unit of work.
    optional = parameter.default is not inspect.Parameter.empty
    if optional and not (first and parameter.kind is inspect.Parameter.POSITIONAL_ONLY):
        return None
    name = next(rest, None) if parameter.kind in _POSITIONAL else None
    if name is None:
        raise _UnfitError(found=f"needs {parameter.name!r}, and there is nothing to pass for it")
    return name


def _caller(
    function: UserFunction, rule: Any, positional: list[str], keywords: list[str], extra: tuple[str, ...]
) -> UserFunction:
    # The common forms, without a loop; then any other.
    if not keywords and positional == ["uow"]:
        return lambda uow, *_: function(uow)
    if not keywords and positional == ["uow", "rule"]:
        return lambda uow, *_: function(uow, rule)
    if not keywords and positional == ["uow", "rule", *extra]:
        return lambda uow, *values: function(uow, rule, *values)

    def call(uow: Any, *values: Any) -> Any:
        given: Mapping[str, Any] = {"uow": uow, "rule": rule, **dict(zip(extra, values, strict=True))}
        return function(*[given[name] for name in positional], **{name: given[name] for name in keywords})

    return call


def _serve(
    idempotency: Idempotency, parameters: Sequence[inspect.Parameter], by_name: Mapping[str, str], rule: Any, field: str
) -> None:
    """Check that Powertools can make the function idempotent, and see to it that it does.

    Raises
    ------
    RuleError
        It cannot.
    """
    if advice := _unserved(idempotency, parameters, by_name):
        raise RuleError(f"Rule {rule.id!r}: the function of the field {field!r} is idempotent, but {advice}", rule.id)
    idempotency.keep_results()


def _unserved(
    idempotency: Idempotency, parameters: Sequence[inspect.Parameter], by_name: Mapping[str, str]
) -> str | None:
    if not idempotency.is_served:
        return (
            "is `async def` or yields requests, of which Powertools would store no result. Put the decorator on a "
            "function that returns one, and call that; or write idempotent=True in the rule instead."
        )
    if idempotency.returns_requests:
        return f"returns requests, which Powertools would store, so that a redelivery would make none. {YIELD_IT}"
    data = by_name.get(idempotency.data_argument)
    if data is None:
        return f"takes {shape(parameters)}: set data_keyword_argument={parameters[0].name!r}."
    if data == "rule":
        return "its key is made of the rule, which is the same for each record. Make it of the unit of work."
    if data == "uow" and not idempotency.config.event_key_jmespath:
        return (
            "its key is made of the whole unit of work, which differs with each delivery of a record. Say what stays "
            'the same: IdempotencyConfig(event_key_jmespath="event.id").'
        )
    return None


def _has_keyword_wrapper(function: UserFunction) -> bool:
    """Tell whether a decorator of the function takes keywords only, whatever the function itself takes."""
    while (wrapped := getattr(function, "__wrapped__", None)) is not None:
        own = inspect.signature(function, follow_wrapped=False).parameters.values()
        if not any(parameter.kind in (*_POSITIONAL, inspect.Parameter.VAR_POSITIONAL) for parameter in own):
            return True
        function = wrapped
    return False


def _by_name(parameters: Sequence[inspect.Parameter], values: list[str]) -> dict[str, str]:
    """Return which value each parameter gets, if all are passed by name."""
    # A parameter with the name of a value gets that one; the others are in order.
    free = iter([value for value in values if all(parameter.name != value for parameter in parameters)])
    return {
        parameter.name: parameter.name if parameter.name in values else next(free)
        for parameter in parameters
        if parameter.name in values or parameter.default is inspect.Parameter.empty
    }


def _keyword_caller(
    function: UserFunction, rule: Any, by_name: Mapping[str, str], extra: tuple[str, ...]
) -> UserFunction:
    """Return a caller that passes everything by the name of its parameter."""

    def call(uow: Any, *given: Any) -> Any:
        known: Mapping[str, Any] = {"uow": uow, "rule": rule, **dict(zip(extra, given, strict=True))}
        return function(**{name: known[value] for name, value in by_name.items()})

    return call


def _bound(function: UserFunction, call: UserFunction) -> UserFunction:
    functools.update_wrapper(call, function, updated=())
    call._user_function = function  # type: ignore[attr-defined]
    return call


def shape(parameters: Iterable[inspect.Parameter]) -> str:
    """Return parameters as a message shows them, without types and defaults: ``(uow, *, rule)``."""
    names: list[str] = []
    for parameter in parameters:
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and not any(name.startswith("*") for name in names):
            names.append("*")
        names.append(f"{_STARS.get(parameter.kind, '')}{parameter.name}")
    return f"({', '.join(names)})"


def _forms(names: tuple[str, ...]) -> str:
    forms = [f"({', '.join(names[: n + 1])})" for n in range(len(names))]
    return f"{', '.join(forms[:-1])} or {forms[-1]}"

"""Drives a flavor without I/O and without the engine: a test supplies the answers and inspects the requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import CoroutineType, GeneratorType
from typing import Any

from powertools_stream.requests import Request
from powertools_stream.rules.asking import started_already
from powertools_stream.rules.registry import RuleRegistry
from powertools_stream.rules.rule import Flavor, Rule, make_rule, spec_of
from powertools_stream.testing.answers import answer_of
from powertools_stream.testing.mutations import assert_unchanged
from powertools_stream.uow import UnitOfWork

__all__ = ["DriveOutcome", "drive"]

Responses = Iterable[Any] | Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class DriveOutcome:
    """What a flavor did with one unit of work.

    Parameters
    ----------
    requests
        The requests that it yielded, in order.
    results
        The units of work that it produced.
    """

    requests: tuple[Any, ...]
    results: tuple[UnitOfWork, ...]

    @property
    def result(self) -> UnitOfWork:
        """The only unit of work that it produced."""
        if len(self.results) != 1:
            raise AssertionError(f"Expected one result; got {len(self.results)}.")
        return self.results[0]


def drive(
    flavor: Flavor,
    uow: Mapping[str, Any],
    rule: Rule | Mapping[str, Any] | None = None,
    responses: Responses = (),
) -> DriveOutcome:
    """Run a flavor on a unit of work, and answer its requests.

    What runs side by side in the engine runs to completion one by one here, in the order of the yielded list. If the
    flavor prepares units of work (`correlate`, `evaluate`, `update`), that happens first; one that it does not prepare
    is used unchanged, so you may pass a prepared one. Whether the rule matches is not tested.

    Parameters
    ----------
    uow
        A dict with an ``event`` is enough.
    rule
        A rule, or its fields; ``flavor`` is not needed, and ``id`` defaults to ``rule``.
    responses
        The answers, one for each request, in order; or a function that takes a request and returns its answer. An
        exception is raised in the flavor, like the error of a request; so is a status of 400 or more of an
        `HttpResponse`.

    Raises
    ------
    AssertionError
        The number of requests differs from that of the responses; a response is none that the service can give; or the
        record or its event was changed.
    TypeError
        The responses are neither a list nor a function, or the rule is none.

    Examples
    --------
    >>> from powertools_stream.flavors import materialize
    >>> rule = {"to_update_request": lambda uow: {"Key": {"pk": uow.event["id"]}}}
    >>> drive(materialize, {"event": {"id": "1"}}, rule, [{}]).requests[0].params
    {'Key': {'pk': '1'}}
    """
    made = rule if isinstance(rule, Rule) else _made(flavor, rule)
    unit = UnitOfWork({"pipeline": made.id, "record": {}, **uow})
    driver = _Driver(responses)
    with assert_unchanged({name: unit[name] for name in ("record", "event") if name in unit}):
        prepare = spec_of(made.flavor).prepare
        unit = (prepare(unit) if prepare is not None else None) or unit
        left = driver.run(flavor(unit, made))
    results = (unit,) if left is None else tuple(left) if isinstance(left, list | tuple) else (left,)
    return DriveOutcome(tuple(driver.requests), tuple(_flat(results)))


def _made(flavor: Flavor, fields: Any) -> Rule:
    if fields is not None and not isinstance(fields, Mapping):
        advice = " Pass one of its rules: rules['its id']." if isinstance(fields, RuleRegistry) else ""
        raise TypeError(f"Expected a rule, or a dict with its fields; got a {type(fields).__name__}.{advice}")
    return make_rule({"id": "rule", "flavor": flavor, **(fields or {})})


class _Driver:
    """Answers what a flavor yields, depth first."""

    def __init__(self, responses: Responses) -> None:
        if isinstance(responses, Mapping | str | bytes):
            raise TypeError(
                "Expected responses to be a list of answers, in order, or a function of the request; got a "
                f"{type(responses).__name__}. It is run() that takes answers by request type."
            )
        self.requests: list[Any] = []
        self._answer = responses if callable(responses) else None
        self._responses = iter(()) if callable(responses) else iter(responses)

    def run(self, outcome: Any) -> Any:
        """Run a flavor to its end, and return its result; every response must have been used."""
        try:
            left = self._drive(outcome) if isinstance(outcome, GeneratorType) else outcome
        except _WrongResponse as error:
            raise AssertionError(str(error)) from None
        if unused := list(self._responses):
            raise AssertionError(
                f"Expected {len(self.requests) + len(unused)} requests, but the flavor made {len(self.requests)}; "
                f"left over: {unused!r}."
            )
        return left

    def _drive(self, generator: Generator[Any, Any, Any]) -> Any:
        if error := started_already(generator):
            raise error
        resume: Callable[[Any], Any] = generator.send
        value: Any = None
        while True:
            try:
                asked = resume(value)
            except StopIteration as stop:
                return stop.value
            try:
                resume, value = generator.send, self._answered(asked)
            except _WrongResponse:
                generator.close()
                raise
            except Exception as error:
                resume, value = generator.throw, error

    def _answered(self, asked: Any) -> Any:
        if isinstance(asked, Request):
            return self._respond(asked)
        if isinstance(asked, list | tuple):
            return self._all(asked)
        if isinstance(asked, GeneratorType):
            return self._drive(asked)
        if isinstance(asked, CoroutineType):
            return asyncio.run(asked)
        raise TypeError(
            f"A flavor yields requests, generators, coroutines, or a list of them; it yielded a {type(asked).__name__}."
        )

    def _all(self, asked: Iterable[Any]) -> list[Any]:
        """Answer all, even if some fail; then raise the first error."""
        answers: list[Any] = []
        errors: list[Exception] = []
        for one in asked:
            try:
                answers.append(self._answered(one))
            except _WrongResponse:
                raise
            except Exception as error:
                errors.append(error)
        if errors:
            raise errors[0]
        return answers

    def _respond(self, request: Request) -> Any:
        self.requests.append(request)
        if self._answer is not None:
            response = self._answer(request)
        else:
            response = next(self._responses, _NONE)
            if response is _NONE:
                raise _WrongResponse(
                    f"The flavor made request {len(self.requests)}, {request!r}, and there is no response for it."
                )
        try:
            answer = answer_of(request, response)
        except TypeError as mistake:
            raise _WrongResponse(str(mistake)) from None
        if isinstance(answer, BaseException):
            raise answer
        return answer


_NONE = object()


class _WrongResponse(BaseException):
    """A test gave too few responses, or one that no service gives. Not an `Exception`, so that no flavor catches it."""


def _flat(results: Iterable[Any]) -> Iterator[UnitOfWork]:
    for result in results:
        if isinstance(result, list | tuple):
            yield from _flat(result)
        else:
            yield result if isinstance(result, UnitOfWork) else UnitOfWork(result)

"""Finds the rule that changes what the rules of a record share, while a batch runs."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from types import CoroutineType, GeneratorType
from typing import Any

from powertools_stream.requests import Call
from powertools_stream.rules.asking import started_already

__all__ = ["Watch", "assert_unchanged", "differences", "is_asserted"]

_ADVICE = "Make a new value instead: uow.extend(…), {**uow.event, …}."
# As many changes a message names; most often it is the same one in each record.
_MOST = 5
_asserted: ContextVar[bool] = ContextVar("powertools_stream.asserted", default=False)


@contextmanager
def assert_unchanged(value: Any) -> Iterator[None]:
    """Check that nothing inside a value changes: the event passed to `run`, a unit of work, a record.

    The rules of a record share it and its event, so a rule that changes them changes what the others see. `run` checks
    by itself, and here in any case, what it reads from the records.

    Raises
    ------
    AssertionError
        Something changed; the message names the paths.
    """
    before = copy.deepcopy(value)
    token = _asserted.set(True)
    try:
        yield
    finally:
        _asserted.reset(token)
    if changes := differences(before, value):
        raise AssertionError(
            f"Expected rules only to read what they share, but they changed {'; '.join(changes)}. {_ADVICE}"
        )


def is_asserted() -> bool:
    """Tell whether this code runs inside of `assert_unchanged`."""
    return _asserted.get()


def differences(before: Any, after: Any, path: str = "") -> list[str]:
    """Return the differences between two values, one phrase per path: ``event.tags.x: 1 became 2``."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        names = dict.fromkeys([*before, *after])
        return [line for name in names for line in _item_differences(before, after, name, f"{path}.{name}".lstrip("."))]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [line for n, (old, new) in pairs for line in differences(old, new, f"{path}[{n}]")]
    # NaN counts as the same as NaN here, though it does not equal itself.
    same = type(before) is type(after) and (before == after or before != before)
    return [] if same else [f"{path or 'the value'}: {before!r} became {after!r}"]


def _item_differences(before: Mapping[Any, Any], after: Mapping[Any, Any], name: Any, path: str) -> list[str]:
    if name not in before:
        return [f"{path}: {after[name]!r} was added"]
    if name not in after:
        return [f"{path}: {before[name]!r} was removed"]
    return differences(before[name], after[name], path)


class _Kept:
    """A value that rules share, what it was, and who is at work on it."""

    __slots__ = ("before", "name", "runs", "value")

    def __init__(self, name: str, value: Any) -> None:
        self.name = name
        self.value = value
        self.before = copy.deepcopy(value)
        self.runs: list[_Run] = []

    def changes(self) -> list[str]:
        """Return what has changed since the last time."""
        with suppress(Exception):  # what cannot be compared any more
            if found := differences(self.before, self.value, self.name):
                self.before = copy.deepcopy(self.value)
                return found
        return []


class _Run:
    """A rule, or a condition of it, at work on a unit of work."""

    __slots__ = ("kept", "rule_id", "waits_for_code")

    def __init__(self, rule_id: str, kept: Sequence[_Kept]) -> None:
        self.rule_id = rule_id
        self.kept = kept
        self.waits_for_code = False
        for one in kept:
            one.runs.append(self)

    def end(self) -> None:
        """Let go of what it worked on."""
        for one in self.kept:
            one.runs.remove(self)


class Watch:
    """Compares what rules share with what it was, whenever one of them has done something.

    Attributes
    ----------
    changes
        A sentence for each change: which rule, and what it found and left behind.
    """

    def __init__(self) -> None:
        self._kept: dict[int, _Kept] = {}
        self.changes: list[str] = []

    def flavor(self, rule_id: str, flavor: Callable[..., Any]) -> Callable[..., Any]:
        """Return a flavor that is watched, each step of it."""

        def watched(uow: Any, rule: Any) -> Any:
            run = self._begin(rule_id, uow)
            outcome = self._told(run, flavor, uow, rule)
            if type(outcome) is GeneratorType:
                return self._stepwise(run, outcome)
            run.end()
            return outcome

        return watched

    def condition(self, rule_id: str, condition: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Return a condition that is watched."""

        def watched(uow: Any) -> Any:
            run = self._begin(rule_id, uow)
            holds = self._told(run, condition, uow)
            run.end()
            return holds

        return watched

    def raise_changes(self) -> None:
        """Raise what was found.

        Raises
        ------
        AssertionError
            A rule changed what it shares with others.
        """
        for kept in self._kept.values():
            self._note(kept, _suspects(kept))
        if self.changes:
            different = list(dict.fromkeys(self.changes))
            more = f"; and so on, {len(different)} times" if len(different) > _MOST else ""
            raise AssertionError(
                f"Expected rules only to read what they share, but {'; '.join(different[:_MOST])}{more}. "
                f"The record's other rules would see that. {_ADVICE}"
            )

    def _begin(self, rule_id: str, uow: Mapping[str, Any]) -> _Run:
        kept = list(self._shared(uow))
        self._note_others(kept)
        return _Run(rule_id, kept)

    def _shared(self, uow: Mapping[str, Any]) -> Iterator[_Kept]:
        """Yield what a unit of work shares with others; of compacted ones, what each shares."""
        for name, value in uow.items():
            if name == "batch" and isinstance(value, list):
                for unit in value:
                    yield from self._shared(unit)
            elif isinstance(value, dict | list):
                with suppress(Exception):  # what cannot be copied cannot be compared
                    if id(value) not in self._kept:
                        self._kept[id(value)] = _Kept(name, value)
                    yield self._kept[id(value)]

    def _told(self, run: _Run, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call what belongs to a run, and note what it changes, even if it fails."""
        try:
            return function(*arguments)
        except BaseException:
            run.end()
            raise
        finally:
            self._note_own(run)

    def _stepwise(self, run: _Run, generator: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """Drive a generator as its caller does, and look after each step."""
        if error := started_already(generator):  # the caller sees this one, which is always new
            run.end()
            raise error
        step: Callable[..., Any] = generator.send
        value: Any = None
        while True:
            self._note_others(run.kept)
            try:
                asked = self._told(run, step, value)
            except StopIteration as stop:
                return stop.value
            run.waits_for_code = _is_code(asked)
            try:
                step, value = generator.send, (yield self._watched(run, asked))
            except GeneratorExit:
                generator.close()
                raise
            except BaseException as error:
                step, value = generator.throw, error

    def _watched(self, run: _Run, asked: Any) -> Any:
        """Return what a generator asks for, with the generators in it watched too."""
        if type(asked) is GeneratorType:
            return self._stepwise(_Run(run.rule_id, run.kept), asked)
        if type(asked) in (list, tuple):
            return [self._watched(run, one) for one in asked]
        return asked

    def _note_own(self, run: _Run) -> None:
        """Note what a run has just changed."""
        for kept in run.kept:
            self._note(kept, [run])

    def _note_others(self, values: Sequence[_Kept]) -> None:
        """Note what has changed where nobody looked: in a coroutine, or on a worker's thread."""
        for kept in values:
            self._note(kept, _suspects(kept))

    def _note(self, kept: _Kept, runs: Sequence[_Run]) -> None:
        if found := kept.changes():
            self.changes.append(f"{_named(runs)} changed {', '.join(found)}")


def _suspects(kept: _Kept) -> Sequence[_Run]:
    """Return who may have changed a value while nobody looked."""
    return [run for run in kept.runs if run.waits_for_code] or kept.runs


def _is_code(asked: Any) -> bool:
    """Tell whether user code runs for what is asked, where nobody looks."""
    if isinstance(asked, list | tuple):
        return any(map(_is_code, asked))
    return isinstance(asked, Call | CoroutineType)


def _named(runs: Sequence[_Run]) -> str:
    ids = [repr(rule_id) for rule_id in dict.fromkeys(run.rule_id for run in runs)]
    if not ids:
        return "a rule"
    return f"the rule {ids[0]}" if len(ids) == 1 else f"one of the rules {', '.join(ids)}"

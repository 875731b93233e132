"""How far a batch has come, for checkpoints: which rules are done with which events, before this delivery and in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Mapping, Sequence
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from powertools_stream.checkpoints.marks import mark_of, marks_from, name_of, text_of
from powertools_stream.checkpoints.store import Checkpoint
from powertools_stream.engine.batch import Batch, Failure, RecordState, RuleRun
from powertools_stream.rules.compiled import NO_RULE

if TYPE_CHECKING:
    from powertools_stream.checkpoints.store import CheckpointStore
    from powertools_stream.engine.batch import Done
    from powertools_stream.engine.straight import StraightWay
    from powertools_stream.rules.compiled import CompiledRule
    from powertools_stream.uow import UnitOfWork

__all__ = ["Progress", "StraightNotes"]

_Place = tuple[int, int, Any, Any]
"""An event of the batch: the record's position, its own place in the record, its id, its timestamp."""

_NO_EVENT = -1
"""The place of what a record holds that could not be read."""

_UNNAMED = "undefined"
"""What sources call a record that nothing names: it would be taken for another one."""


class Progress:
    """Which rules are done with the events of a batch.

    A rule is done with an event if its run has succeeded, if its fault is set aside, or if it was so before. What is in
    doubt is not done: whatever is lost, or does not fit, runs again.

    Parameters
    ----------
    batch
        The records.
    store
        Keeps the checkpoints.
    function
        Whose progress it is, the ARN that Lambda has invoked: functions, and aliases of one, may read the same stream.
    by_event
        Whether messages are known by the ids of their events, and not by their own.

    Attributes
    ----------
    is_kept
        Whether it is saved: True.
    """

    is_kept = True

    def __init__(self, batch: Batch, store: CheckpointStore, function: str, *, by_event: bool) -> None:
        self._batch = batch
        self._source = batch.source
        self._store = store
        self._function = function
        self._by_event = by_event
        self._event_ids: dict[int, tuple[Any, ...]] = {}
        self._loaded: Mapping[str, str] = {}
        self._before: dict[bytes, frozenset[str]] = {}
        self._turned_to: set[int] = set()
        self._here: _Place = (0, _NO_EVENT, None, None)
        self._mark_here = b""
        self._begun: dict[int, tuple[UnitOfWork, _Place]] = {}
        self._done: list[tuple[_Place, str]] = []
        self._failed: list[tuple[_Place, str, Failure]] = []

    # -- Before the rules ----------------------------------------------------------------------------------------------

    @property
    def resumes(self) -> bool:
        """Whether something of the batch is done already."""
        return bool(self._before)

    @property
    def may_resume(self) -> bool:
        """Whether the store has to be asked: not for messages that are here for the first time."""
        return self._by_event or any(map(self._may_come_again, self._batch.states))

    def load(self) -> Generator[Any, Any, None]:
        """Ask the store for what was done before. Driven like a flavor."""
        if self._by_event:
            for state in self._batch.states:
                if self._source.comes_again_alone(state.record):
                    self._event_ids[state.position] = self._ids_of(state)
        keys = list(dict.fromkeys(self._keys_to_load()))
        if not keys:
            return
        loaded = self._store.load_many(keys)
        if type(loaded) is GeneratorType:
            loaded = yield from loaded
        for text in loaded.values():  # type: ignore[union-attr]  # a generator has returned it
            for mark, rule_ids in marks_from(text).items():
                self._before[mark] = self._before.get(mark, frozenset()) | rule_ids
        self._loaded = loaded  # type: ignore[assignment]

    def _ids_of(self, state: RecordState) -> tuple[Any, ...]:
        """Return the ids of a message's events; none if one has none, or cannot be read without requests."""
        try:
            read = self._source.read(state.record)
        except Exception:  # told when it is read in earnest
            return ()
        events = read if isinstance(read, list) else [read]
        ids = tuple(event.get("id") if isinstance(event, dict) else None for event in events)
        return ids if all(ids) else ()

    def _may_come_again(self, state: RecordState) -> bool:
        source, record = self._source, state.record
        return source.attempt(record) != 1 or not source.comes_again_alone(record)

    def _keys_to_load(self) -> Iterator[str]:
        origins: set[str] = set()
        for state in self._batch.states:
            origin = self._origin(state)
            if origin is None:
                continue
            if self._source.comes_again_alone(state.record):
                if self._by_event or self._source.attempt(state.record) != 1:
                    yield self._key(origin, state)
            elif origin not in origins:
                origins.add(origin)
                yield self._key(origin, state)

    # -- While they run ------------------------------------------------------------------------------------------------

    def turn_to(self, state: RecordState, index: int = _NO_EVENT, event: Mapping[str, Any] | None = None) -> None:
        """Turn to an event of a record; or to the record itself, which could not be read."""
        self._here = _place(state, index, event)
        if self._before:
            self._turned_to.add(state.position)
            self._mark_here = self._mark(self._here)

    def is_done(self, rule: CompiledRule) -> bool:
        """Tell whether a rule is done already with the event that is turned to; it stays so."""
        if rule.id not in self._before.get(self._mark_here, ()):
            return False
        self._done.append((self._here, rule.id))
        self._batch.rules_skipped += 1
        return True

    def begin(self, uow: UnitOfWork) -> None:
        """Note that a unit of work is made of the event that is turned to."""
        # With the unit of work, so that no other one gets its id.
        self._begun[id(uow)] = (uow, self._here)

    def done(self, run: RuleRun) -> None:
        """Note that a run has succeeded."""
        self._done.extend((place, run.rule.id) for place in self._places(run.uow))

    def straight_notes(self, results: list[Done] | None) -> StraightNotes | None:
        """Return what takes note of rules that succeed on the straight way; None: it is enough to `catch_up`.

        A record that comes to its end there is not reported, and only what is reported comes again from a queue. In a
        batch of another kind than its first record is, that is not noted, and runs again.
        """
        first = self._batch.states[0].record if self._batch.states else {}
        if results is not None and self._source.comes_again_alone(first) and not self._source.is_grouped(first):
            return None
        return StraightNotes(self._done.append, results)

    def catch_up(self, results: Sequence[Done]) -> None:
        """Note which rules have succeeded on the record that is turned to: they are the last in the list of results."""
        for position, _, rule_id, _ in reversed(results):
            if position != self._here[0]:
                return
            self._done.append((self._here, rule_id))

    def failed(self, uow: UnitOfWork, failure: Failure) -> None:
        """Note that a rule has failed, which is as good as done if its fault is set aside."""
        self._failed.extend((place, failure.rule.id, failure) for place in self._places(uow))

    def unread(self, failure: Failure) -> None:
        """Note that the record that is turned to could not be read."""
        self._failed.append((self._here, NO_RULE.id, failure))

    def _places(self, uow: UnitOfWork) -> Iterator[_Place]:
        """Yield of which events a unit of work was made: several if they were compacted."""
        batch = uow.get("batch")
        for one in (uow, *(batch if isinstance(batch, list) else ())):
            _, place = self._begun.pop(id(one), (None, None))
            if place is not None:
                yield place

    # -- After the rules -----------------------------------------------------------------------------------------------

    def save(self, is_set_aside: Callable[[Failure], bool]) -> Generator[Any, Any, None]:
        """Save what is done with the records that come again. Driven like a flavor.

        Parameters
        ----------
        is_set_aside
            Tells whether EventBridge has the fault event of a failure, so that it need not happen again.
        """
        self._done.extend((place, rule_id) for place, rule_id, failure in self._failed if is_set_aside(failure))
        checkpoints = list(self._checkpoints())
        if checkpoints:
            saved = self._store.save_many(checkpoints)
            if type(saved) is GeneratorType:
                yield from saved

    def _checkpoints(self) -> Iterator[Checkpoint]:
        done: defaultdict[int, list[tuple[_Place, str]]] = defaultdict(list)
        for place, rule_id in self._done:
            done[place[0]].append((place, rule_id))
        texts: dict[str, dict[bytes, frozenset[str]]] = {}
        for key, states in self._coming_again():
            marks = texts.setdefault(key, self._kept(key, states))
            self._merge(marks, [one for state in states for one in done[state.position]])
        for key, marks in texts.items():
            text = text_of(marks)
            # On a queue the second failure is like the first: there is nothing new to be said.
            if marks and text != self._loaded.get(key):
                yield Checkpoint(key, text, self._source.retention)

    def _kept(self, key: str, states: Sequence[RecordState]) -> dict[bytes, frozenset[str]]:
        """Return what was done before with records that there was no time for: their events are not known yet."""
        if not self._before or all(state.position in self._turned_to for state in states):
            return {}
        # A message keeps its own marks only: with those of all the others, each item would be as large as the batch.
        if self._source.comes_again_alone(states[0].record):
            return marks_from(self._loaded[key]) if key in self._loaded else {}
        return dict(self._before)

    def _merge(self, marks: dict[bytes, frozenset[str]], done: Iterable[tuple[_Place, str]]) -> None:
        for place, rule_id in done:
            mark = self._mark(place)
            marks[mark] = marks.get(mark, frozenset()) | {rule_id}

    def _coming_again(self) -> Iterator[tuple[str, Sequence[RecordState]]]:
        """Yield the records that come again together, with the key by which they are known then."""
        together: defaultdict[Hashable, list[RecordState]] = defaultdict(list)
        for state in self._batch.states:
            origin = self._origin(state)
            if origin is None:
                continue
            if not self._source.comes_again_alone(state.record):
                together[origin].append(state)
            elif state.is_reported:
                yield self._key(origin, state), (state,)
        for states in together.values():
            yield from self._from_first(states)

    def _from_first(self, states: Sequence[RecordState]) -> Iterator[tuple[str, Sequence[RecordState]]]:
        """Yield the records of an origin from the first reported one on, since Lambda goes on there.

        Where it may also send all of them again, as if nothing had been reported, they are known by the first one, too.
        """
        starts = [position for position, state in enumerate(states) if state.is_reported][:1]
        if not self._source.resumes_from_first and starts != [0]:
            starts.append(0)
        for start in starts:
            origin = self._origin(states[start])
            if origin is not None:
                yield self._key(origin, states[start]), states[start:]

    # -- Names ---------------------------------------------------------------------------------------------------------

    def _origin(self, state: RecordState) -> str | None:
        """Return from where a record comes; None if it never comes again, or would not be known again."""
        if self._source.record_id(state.record) == _UNNAMED:
            return None
        return self._source.origin(state.record)

    def _key(self, origin: str, state: RecordState) -> str:
        name: Any = self._event_ids.get(state.position) or self._source.record_id(state.record)
        function = self._function.rpartition(":function:")[2]
        return f"{function}.checkpoint#{name_of(self._function, self._source.name, origin, name)}"

    def _mark(self, place: _Place) -> bytes:
        position, index, event_id, timestamp = place
        if self._event_ids.get(position):
            return mark_of(index, event_id)
        # A topic of Kafka that is made anew counts its records from 0 again: the time tells them apart.
        return mark_of(self._source.record_id(self._batch.states[position].record), index, event_id, timestamp)


class StraightNotes:
    """Takes what the rules leave behind on the straight way, in the place of the list of results.

    Parameters
    ----------
    note
        Takes what is done: the event of a record, and the rule's id.
    results
        The list of results; None: nobody wants it.

    Attributes
    ----------
    way
        Where the rules run, which knows the event.
    """

    __slots__ = ("_note", "_results", "way")

    way: StraightWay

    def __init__(self, note: Callable[[tuple[_Place, str]], None], results: list[Done] | None) -> None:
        self._note = note
        self._results = results

    def append(self, done: Done) -> None:
        """Take what one run has left behind."""
        position, _, rule_id, _ = done
        event: Any = self.way.event
        self._note(((position, 0, event.get("id"), event.get("timestamp")), rule_id))
        if self._results is not None:
            self._results.append(done)


def _place(state: RecordState, index: int, event: Mapping[str, Any] | None) -> _Place:
    if event is None:
        return state.position, index, None, None
    return state.position, index, event.get("id"), event.get("timestamp")

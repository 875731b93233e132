"""The contract of an event source: how records are recognised, read and named."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Hashable, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar

from aws_lambda_powertools.utilities.batch import EventType

from powertools_stream.errors import MalformedRecordError
from powertools_stream.outcomes import FaultPolicy, RecordOutcome
from powertools_stream.payloads.parsing import malformed
from powertools_stream.uow import Event, Record

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["ReadEvent", "Source", "fields_of", "name_in"]

ReadEvent = Event | list[Event] | None
"""What a record is read into."""


class Source(ABC):
    """One kind of event source. Derive from it to read a source of your own.

    A record may hold anything: what a pipe hands over may only pretend to be a record of this source. What cannot be
    read fails alone if `read` and `identifier` raise nothing but a `MalformedRecordError`, and the other methods raise
    nothing at all; an error of these ends the batch.
    """

    name: ClassVar[str]
    """A short name for logs and messages: ``"sqs"``."""

    event_type: ClassVar[EventType | None] = None
    """Powertools' event type, if Powertools has one: it gives a record handler its data class."""

    reports_partially: ClassVar[bool] = True
    """Whether Lambda takes a partial batch response; if not, a reported record fails the invocation."""

    resumes_from_first: ClassVar[bool] = False
    """Whether Lambda sends everything again from the first reported record on, so that the response need not name what
    was held back behind it."""

    answers_each: ClassVar[bool] = False
    """Whether `answer` says of each record what became of it, so that a failure never fails the invocation."""

    on_fault: ClassVar[FaultPolicy] = FaultPolicy.REPORT_AND_PUBLISH
    """What happens to a record if a rule fails for good, and neither the rule nor the processor says it."""

    shows_errors: ClassVar[bool] = False
    """Whether a user gets to see the message of an error that fails the invocation, which then is that of the first
    rule that failed, and holds no traceback."""

    secrets: ClassVar[tuple[str, ...]] = ()
    """What of a record, and of its event, no fault event may carry: ``("request.password",)``, paths of names.

    They are masked at their paths, and by their values wherever these occur in the fault event: in what a rule made of
    the event, inside longer texts, in the error's message and stack. Looked for inside longer texts is what has 4
    characters or more. What is shorter is masked if it is all of a text or a number; True, False and None only at
    their paths.
    """

    needs_results: ClassVar[bool] = False
    """Whether `answer` wants what the rules leave behind."""

    carried: Sequence[Source] = ()
    """The sources with options that the processor was given: they read what a record of this one carries of theirs."""

    retention: ClassVar[int] = 86_400
    """For how many seconds, at most, a record may come again: how long a checkpoint for it is kept."""

    @abstractmethod
    def recognises(self, record: Mapping[str, Any]) -> bool:
        """Tell whether a record, as Lambda delivers it, is of this source."""

    def records(self, event: Mapping[str, Any]) -> list[Record] | None:
        """Split the event into its records, in order; None if the event has no place for them.

        Only the shape is looked at, not whether the records are this source's.
        """
        records = event.get("Records")
        return records if isinstance(records, list) else None

    def events(self, records: Sequence[Record]) -> list[Any]:
        """Put records together again, as Lambda hands them over: the other way around of `records`.

        Returns
        -------
        The events that bring them, as few as possible: one, or one for each record that comes alone.
        """
        if all(self.records(record) == [record] for record in records):
            return list(records)
        return [{"Records": list(records)}]

    @abstractmethod
    def read(self, record: Record) -> ReadEvent | Generator[Any, Any, ReadEvent]:
        """Read the event that a record carries; None: the record is not for us, and is done.

        A record that carries several events is read into a list of them: each is matched by itself, and if one fails,
        the record has failed. May be a generator that yields requests, and returns the event.

        Raises
        ------
        MalformedRecordError
            The record cannot be read; it is a fault of this record alone.
        RetryableError
            The record is to come again.
        """

    @abstractmethod
    def identifier(self, record: Record) -> Any:
        """Return the ``itemIdentifier`` that names the record in the partial batch response.

        Raises
        ------
        MalformedRecordError
            Nothing names the record. If it fails, the whole batch is reported.
        """

    def carrying(self, sources: Sequence[Source]) -> Self:
        """Return this source with these as `carried`; one of your own, which may have a state, stays as it is."""
        return self

    def _copy_carrying(self, sources: Sequence[Source]) -> Self:
        if not sources or sources == (self,):
            return self
        source = copy(self)
        source.carried = sources
        return source

    def answer(self, event: Mapping[str, Any], outcomes: Sequence[RecordOutcome]) -> Any:
        """Return what Lambda is to get for an event; None: the partial batch response.

        Not asked if a reported record has failed the invocation.

        Parameters
        ----------
        event
            As Lambda handed it over.
        outcomes
            What became of its records, in their order.
        """
        return None

    def record_id(self, record: Record) -> str:
        """Return the record's identifier for logs and fault events; ``undefined`` if it has none."""
        try:
            return str(self.identifier(record))
        except MalformedRecordError:
            return "undefined"

    def order_key(self, record: Record) -> Hashable | None:
        """Return what orders the record among others, from the raw record; None: nothing does."""
        return None

    def is_grouped(self, record: Record) -> bool:
        """Tell whether what follows a reported record in its group must be reported too, done or not (FIFO queues)."""
        return False

    def attempt(self, record: Record) -> int | None:
        """Return how often the record was received, this time included; None if the source does not say."""
        return None

    def is_last_attempt(self, record: Record) -> bool:
        """Tell whether the source gives up on the record when it fails once more."""
        return False

    def origin(self, record: Record) -> str | None:
        """Return from where the record comes, for its checkpoint: the ARN of a queue, a shard, a topic's partition.

        Records of one origin that come again do so in the same order. None: it never comes again.
        """
        arn = fields_of(record).get("eventSourceARN")
        return arn if isinstance(arn, str) else self.name

    def comes_again_alone(self, record: Record) -> bool:
        """Tell whether a reported record comes again by itself, as from a queue, and not with all that is behind it.

        Then there is a checkpoint for each reported record, which is asked for unless `attempt` is 1. Otherwise there
        is one for all of an origin, which is asked for with every batch.
        """
        return False


def fields_of(record: Any) -> Mapping[str, Any]:
    """Return the fields of a record, or of something in it; none if it is no object."""
    return record if isinstance(record, dict | Mapping) else {}


def name_in(record: Any, path: Sequence[str], expected: str) -> str:
    """Return the text in a record that names it.

    Parameters
    ----------
    path
        Where it stands.
    expected
        What the record should have been, for the error.

    Raises
    ------
    MalformedRecordError
        There is none.
    """
    name = record
    for field in path:
        name = fields_of(name).get(field)
    if isinstance(name, str) and name:
        return name
    raise malformed(None, expected, "none")

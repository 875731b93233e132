"""What all lakes have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from typing import Any

from powertools_stream.cli.aws import Account
from powertools_stream.cli.lake.claims import Claims
from powertools_stream.cli.lake.reading import Reading
from powertools_stream.cli.lake.selection import Selection
from powertools_stream.cli.lake.stored import FAULT, NoEventError, StoredEvent, event_in
from powertools_stream.payloads.claim_checks import is_claim_check

__all__ = ["Lake"]


class Lake(ABC):
    """Events that were stored. What cannot be read is warned of, counted in `reading`, and left out.

    Parameters
    ----------
    account
        Whose claim checks are redeemed, and by what AWS is called.

    Attributes
    ----------
    reading
        How reading goes: ``with lake.reading.bar(): …`` shows it; ``lake.reading.problems`` counts what was left out.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.reading = Reading()
        self.claims = Claims(account)

    def events(self, selection: Selection) -> Generator[StoredEvent, None, None]:
        """Yield the events that are selected, in the order in which they are stored; in memory is one file at most.

        An event that was stored twice, as may happen, comes twice: see `unique`. Close the iterator if you do not read
        it to its end: messages of a queue are released then.

        Raises
        ------
        CannotRunError
            The lake cannot be read at all.
        """
        for place, document in self.documents(selection):
            for each in document if isinstance(document, list) else (document,):
                if self.reading.is_over():
                    self.reading.is_cut_short = True
                    return
                if (event := self._event(each, place, selection)) is not None:
                    yield StoredEvent(event, place)

    @abstractmethod
    def documents(self, selection: Selection) -> Iterator[tuple[str, Any]]:
        """Yield what is stored, each with its place, where events may be that are selected."""

    def whole(self, stored: StoredEvent) -> StoredEvent:
        """Return an event with all of it: a claim check is redeemed, and what lay too deep is put back.

        Raises
        ------
        ClaimError
            The claim check cannot be redeemed. Its message says why.
        CannotRunError
            AWS cannot be reached.
        """
        return StoredEvent(self.claims.whole(stored.event), stored.place)

    def _event(self, document: Any, place: str, selection: Selection) -> dict[str, Any] | None:
        try:
            event = event_in(document)
            if selection.failed_types and event["type"] == FAULT and is_claim_check(event):
                event = self.claims.whole(event)
        except NoEventError as error:
            self.reading.warn(place, str(error))
            return None
        self.reading.events += 1
        if selection.has(event):
            return event
        if (selection.since, selection.until) != (None, None) and not isinstance(event.get("timestamp"), int | float):
            self.reading.warn(place, "Expected an event with a timestamp, by which it may be selected, found none.")
        return None

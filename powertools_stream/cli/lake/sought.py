"""Events that are sought by their ids."""

from __future__ import annotations

from collections.abc import Sequence

from powertools_stream.cli.lake.stored import StoredEvent
from powertools_stream.cli.status import CannotRunError

__all__ = ["Sought"]

_MANY = 20
"""So many events are shown of those whose ids begin in the same way."""


class Sought:
    """Finds events by their ids, or, if none has such an id, by how ids begin; each as it was stored last.

    Parameters
    ----------
    ids
        The ids, or how they begin.
    """

    def __init__(self, ids: Sequence[str]) -> None:
        self._found: dict[str, dict[str, StoredEvent]] = {identifier: {} for identifier in ids}

    def look_at(self, stored: StoredEvent) -> None:
        """Note an event if it is sought.

        Raises
        ------
        CannotRunError
            Too many ids begin like this.
        """
        its_id = str(stored.event["id"])
        for begin, found in self._found.items():
            if its_id.startswith(begin) and (its_id == begin or begin not in found):
                if its_id == begin:
                    found.clear()
                found[its_id] = stored
                if len(found) > _MANY:
                    raise CannotRunError(
                        f"Expected an id, or enough of it, found {begin!r}, with which more than {_MANY} ids begin: "
                        f"{', '.join(list(found)[:3])}, …."
                    )

    def found(self) -> list[StoredEvent]:
        """Return the events that were found, each once, in the order in which their ids were given."""
        return list({its_id: stored for found in self._found.values() for its_id, stored in found.items()}.values())

    def missing(self) -> list[str]:
        """Return the ids of which none was found."""
        return [begin for begin, found in self._found.items() if not found]

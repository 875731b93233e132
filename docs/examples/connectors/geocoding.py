from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from powertools_stream.connectors import Entry, Operation
from powertools_stream.errors import InvalidRequestError, RequestFailedError
from powertools_stream.requests import Request

# The service accepts 50 addresses per call.
GEOCODE = Operation("geocoding", "Geocode", max_entries=50, reads=True)


@dataclass(frozen=True)
class Geocode(Request):
    """Ask where an address is. The answer is ``(latitude, longitude)``."""

    reads: ClassVar[bool] = True

    address: str

    def sample_answer(self, n: int) -> Any:
        """Return the answer for tests without the service."""
        return (0.0, 0.0)


class GeocodingConnector:
    """Asks a geocoding service."""

    requests: tuple[type[Request], ...] = (Geocode,)

    def __init__(self, ask: Callable[[list[str]], list[Any]]) -> None:
        self._ask = ask

    def entries(self, request: Geocode) -> Sequence[Entry]:
        if not request.address:
            raise InvalidRequestError("Expected an address, but found none.")
        # Equal keys request the same: ten records with one address take one call.
        return [Entry(GEOCODE, request.address, key=request.address)]

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        found = self._ask([entry.payload for entry in entries])
        return [
            place or RequestFailedError("NotFound", "No such address.")
            for place in found
        ]

    def answer(self, request: Geocode, responses: Sequence[Any]) -> Any:
        return responses[0]

    def close(self) -> None:
        """Close the connections: there are none."""

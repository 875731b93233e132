from __future__ import annotations

from collections.abc import Sequence

from docs.examples.connectors.expressions import first_wins, newest_wins
from docs.examples.connectors.geocoding import Geocode, GeocodingConnector
from powertools_stream.connectors import Connector
from powertools_stream.requests import Request
from powertools_stream.testing import ConnectorSuite


def test_expressions() -> None:
    assert newest_wins["UpdateExpression"] == (
        "SET #status = :status, #total = :total, #timestamp = :timestamp "
        "REMOVE #note ADD #tags :tags DELETE #holds :holds_delete"
    )
    assert (
        first_wins["ConditionExpression"]
        == "attribute_not_exists(#x_date_23_event_5f_type)"
    )


# --8<-- [start:suite]
PLACES = {"Unter den Linden 1": (52.51, 13.38), "Marienplatz 1": (48.13, 11.57)}


class TestGeocodingConnector(ConnectorSuite):
    def connector(self) -> Connector:
        return GeocodingConnector(
            lambda addresses: [PLACES.get(address) for address in addresses]
        )

    def sample_requests(self) -> Sequence[Request]:
        return [Geocode(address) for address in PLACES]

    def failing_requests(self) -> Sequence[Request]:
        return [*self.sample_requests(), Geocode("Nowhere 1")]

    def unsendable_requests(self) -> Sequence[Request]:
        return [Geocode("")]


# --8<-- [end:suite]

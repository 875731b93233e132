from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from powertools_stream.connectors import Entry, Operation, ServiceConnector
from powertools_stream.errors import InvalidRequestError, RequestFailedError
from powertools_stream.requests import Permission, Request

# https://docs.aws.amazon.com/comprehend/latest/APIReference/API_BatchDetectDominantLanguage.html
DETECT = Operation(
    "comprehend", "BatchDetectDominantLanguage", max_entries=25, reads=True
)


@dataclass(frozen=True)
class DetectLanguage(Request):
    """Ask Amazon Comprehend for the languages of a text, the most likely one first."""

    reads: ClassVar[bool] = True
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("comprehend:BatchDetectDominantLanguage"),
    )

    text: str

    def sample_answer(self, n: int) -> Any:
        return [{"LanguageCode": "en", "Score": 1.0}]


class ComprehendConnector(ServiceConnector):
    """Asks Amazon Comprehend."""

    requests = (DetectLanguage,)

    def entries(self, request: DetectLanguage) -> Sequence[Entry]:
        if not request.text:
            raise InvalidRequestError("Expected a text, but found none.")
        return [Entry(DETECT, request.text, key=request.text)]

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        client = self.clients.client_for(entries[0].operation)
        said = client.batch_detect_dominant_language(
            TextList=[entry.payload for entry in entries]
        )
        found = {result["Index"]: result["Languages"] for result in said["ResultList"]}
        failed = {error["Index"]: error for error in said["ErrorList"]}
        return [
            found[place] if place in found else _error(failed.get(place))
            for place in range(len(entries))
        ]


def _error(failed: dict[str, Any] | None) -> RequestFailedError:
    if failed is None:
        return RequestFailedError(
            "MissingResponse", "Comprehend did not say what became of the text."
        )
    return RequestFailedError(failed["ErrorCode"], failed["ErrorMessage"])

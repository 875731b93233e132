from __future__ import annotations

from typing import Any

import pytest

from powertools_stream.local import BadResponseError, checkpoint, failed_messages

WELL: list[Any] = [None, {}, {"batchItemFailures": None}, {"batchItemFailures": []}, {"statusCode": 200}]

BAD: list[Any] = [
    "done",
    ["m1"],
    {"batchItemFailures": "m1"},
    {"batchItemFailures": {"itemIdentifier": "1"}},
    {"batchItemFailures": ["1"]},
    {"batchItemFailures": [{"itemIdentifier": ""}]},
    {"batchItemFailures": [{"itemIdentifier": None}]},
    {"batchItemFailures": [{"itemIdentifier": 1}]},
    {"batchItemFailures": [{"itemidentifier": "1"}]},
    {"batchItemFailures": [{"itemIdentifier": "1"}, {}]},
    {"batchItemFailures": [{"itemIdentifier": "not of this batch"}]},
]


def failures(*identifiers: str) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}


@pytest.mark.parametrize("response", WELL)
def test_a_response_that_reports_nothing_is_a_success(response: Any) -> None:
    assert failed_messages(response, ["1", "2"]) == frozenset()
    assert checkpoint(response, ["1", "2"]) is None


@pytest.mark.parametrize("response", BAD)
def test_a_response_that_lambda_cannot_read_fails_the_whole_batch(response: Any) -> None:
    with pytest.raises(BadResponseError, match="Expected"):
        failed_messages(response, ["1", "2"])
    with pytest.raises(BadResponseError, match="Expected"):
        checkpoint(response, ["1", "2"])


def test_reported_messages_failed_and_the_others_did_not() -> None:
    assert failed_messages(failures("2", "2"), ["1", "2", "3"]) == {"2"}


def test_a_shard_is_sent_again_from_the_lowest_reported_sequence_number_on() -> None:
    assert checkpoint(failures("12", "11"), ["10", "11", "12"]) == 1


def test_sequence_numbers_are_compared_as_integers() -> None:
    assert checkpoint(failures("10", "9"), ["8", "9", "10"]) == 1

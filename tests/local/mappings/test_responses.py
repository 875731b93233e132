from __future__ import annotations

from typing import Any

import pytest

from powertools_stream.local import BadResponseError, Invocation, checkpoint, failed_messages
from powertools_stream.local.mappings.responses import problem_of

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


# -- What a person should know -----------------------------------------------------------------------------------------


def invocation(response: Any, error: Exception | None = None) -> Invocation:
    return Invocation("Listener", "1", {}, response, error, 0.1)


@pytest.mark.parametrize("response", BAD)
def test_a_response_that_cannot_be_read_is_a_problem(response: Any) -> None:
    problem = problem_of(invocation(response), ["1", "2"], reports_partially=True)
    assert problem.startswith("Lambda cannot read the response, and the whole batch fails. Expected ")
    assert problem_of(invocation(response, ValueError()), ["1", "2"], reports_partially=True) == ""
    assert problem_of(invocation(response), ["1", "2"], reports_partially=False) == ""


@pytest.mark.parametrize("reports_partially", [True, False])
def test_a_response_that_reports_nothing_is_none(reports_partially: bool) -> None:
    assert problem_of(invocation(None), ["1"], reports_partially=reports_partially) == ""


def test_failures_that_lambda_ignores_are_a_problem() -> None:
    ignored = problem_of(invocation(failures("1")), ["1", "2"], reports_partially=False)
    assert ignored == "Lambda ignores the failures that are reported, and they are lost: add ReportBatchItemFailures."
    assert problem_of(invocation(failures("1")), ["1", "2"], reports_partially=True) == ""

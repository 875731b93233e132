"""What is left of a record that is too large to be kept whole."""

from __future__ import annotations

import json
from typing import Any

import pytest

from powertools_stream.payloads.excerpts import short_fields

LONG = "x" * 2_000


def test_short_fields_stay_under_their_own_names() -> None:
    record = {"messageId": "1", "body": LONG, "attributes": {"MessageGroupId": "g", "Trace": LONG}, "list": [1, 2]}

    assert short_fields(record) == {"messageId": "1", "attributes": {"MessageGroupId": "g"}}


def test_fields_near_the_top_come_first() -> None:
    image = {f"attribute-{n}": {"S": "x" * 100} for n in range(1_000)}

    kept = short_fields({"dynamodb": {"NewImage": image, "SequenceNumber": "7"}, "eventID": "1"})

    assert kept["eventID"] == "1"
    assert kept["dynamodb"]["SequenceNumber"] == "7"
    assert len(json.dumps(kept)) < 10_000


@pytest.mark.parametrize("fields", [{str(n): n for n in range(100_000)}, {str(n): {} for n in range(100_000)}])
def test_many_fields_are_not_kept(fields: dict[str, Any]) -> None:
    assert len(json.dumps(short_fields(fields))) < 10_000


@pytest.mark.parametrize("value", [None, "text", [1], 7])
def test_what_is_no_object_has_no_fields(value: Any) -> None:
    assert short_fields(value) == {}


@pytest.mark.parametrize("value", [None, True, 1.5, ""])
def test_what_is_no_text_is_kept(value: Any) -> None:
    assert short_fields({"a": value}) == {"a": value}

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from powertools_stream import UnitOfWork
from powertools_stream.payloads.carried import CarriedEvent, approximate_seconds, record_of, table_name_of


def test_the_record_of_an_event_is_the_one_that_it_was_read_from() -> None:
    message: dict[str, Any] = {"body": "{}"}
    change: dict[str, Any] = {"dynamodb": {}}

    assert record_of(UnitOfWork(record=message, event={})) is message
    assert record_of(UnitOfWork(record=message, event=CarriedEvent({}, change))) is change
    assert record_of(UnitOfWork(event={})) == {}


def test_an_event_is_a_dict_that_keeps_its_record_when_it_is_copied() -> None:
    event = CarriedEvent({"id": "1"}, {"dynamodb": {}}, ("request.password",))

    copied = deepcopy(event)

    assert event == copied == {"id": "1"}
    assert (copied.record, copied.secrets) == ({"dynamodb": {}}, ("request.password",))


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"eventSourceARN": "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026"}, "orders"),
        ({"tableName": "orders"}, "orders"),
        ({"eventSourceARN": "text", "tableName": "orders"}, "orders"),
        ({"eventSourceARN": 5, "tableName": 5}, None),
        ({}, None),
    ],
)
def test_a_change_says_of_which_table_it_is(record: dict[str, Any], name: str | None) -> None:
    assert table_name_of(record) == name


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        (1_720_740_233, 1_720_740_233),
        (1_720_740_233.5, 1_720_740_233.5),
        (1_720_740_233_012, 1_720_740_233.012),
        (1_720_740_233_012_995, 1_720_740_233.012995),
        (None, None),
        ("text", "text"),
        (True, True),
        (10**400, 10**400),
    ],
)
def test_the_precision_of_a_change_is_told_from_its_time(moment: Any, seconds: Any) -> None:
    assert approximate_seconds({"ApproximateCreationDateTime": moment}) == seconds

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from powertools_stream.errors import RuleError
from powertools_stream.matching import appeared, changed, disappeared
from powertools_stream.uow import UnitOfWork

INSERT = ({"status": "PAID"}, None)
REMOVE = (None, {"status": "PAID"})
PAY = ({"status": "PAID", "n": 1}, {"status": "OPEN", "n": 1})
SAME = ({"status": "PAID", "n": 2}, {"status": "PAID", "n": 1})
CLEAR = ({"status": None}, {"status": "PAID"})


@pytest.mark.parametrize(
    ("passes", "images", "expected"),
    [
        (changed("status"), INSERT, True),
        (changed("status"), REMOVE, True),
        (changed("status"), PAY, True),
        (changed("status"), SAME, False),
        (changed("status", "n"), SAME, True),
        (changed("status", to="PAID"), PAY, True),
        (changed("status", to="PAID"), INSERT, True),
        (changed("status", to="PAID"), SAME, False),
        (changed("status", to="PAID"), REMOVE, False),
        (changed("status", to="OPEN"), PAY, False),
        (changed("status", from_="OPEN"), PAY, True),
        (changed("status", from_="OPEN", to="PAID"), INSERT, False),
        (changed("n", to=lambda n: n > 1), SAME, True),
        (changed("status", to=None), REMOVE, True),
        (appeared("status"), INSERT, True),
        (appeared("status"), PAY, False),
        (appeared("status"), REMOVE, False),
        (disappeared("status"), REMOVE, True),
        (disappeared("status"), CLEAR, True),
        (disappeared("status"), PAY, False),
    ],
)
def test_images_are_compared(passes: Callable[[UnitOfWork], bool], images: tuple[Any, Any], expected: bool) -> None:
    assert passes(UnitOfWork(event={"raw": {"new": images[0], "old": images[1]}})) is expected


def test_an_event_without_images_does_not_pass() -> None:
    assert not changed("status")(UnitOfWork(event={}))
    assert not changed("status", to=None)(UnitOfWork(event={"raw": None}))


@pytest.mark.parametrize("make", [changed, appeared, disappeared])
def test_the_name_of_an_attribute_is_needed(make: Any) -> None:
    with pytest.raises(RuleError, match="takes the names of attributes"):
        make()
    with pytest.raises(RuleError, match="takes the names of attributes"):
        make(5)

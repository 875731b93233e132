from __future__ import annotations

import time
from typing import Any

import pytest

from powertools_stream.cli.lake import Selection
from powertools_stream.cli.lake.layout import may_hold
from powertools_stream.cli.lake.moments import DAY, HOUR, duration, moment
from powertools_stream.cli.lake.options import selected_events, selected_faults
from powertools_stream.cli.status import CannotRunError
from tests.cli.lake.events import AT, event, fault


@pytest.mark.parametrize(
    ("selected", "is_one"),
    [
        ({}, True),
        ({"since": AT, "until": AT + 1}, True),
        ({"since": AT + 1}, False),
        ({"until": AT}, False),
        ({"types": ("order-*", "fault")}, True),
        ({"types": ("faul",)}, False),
        ({"ids": ("f-1",)}, True),
        ({"ids": ("f-*",), "rules": ("ship",)}, False),
        ({"functions": ("*-listener",), "rules": ("charge",), "errors": ("Payment*",)}, True),
        ({"errors": ("KeyError",)}, False),
        ({"failed_types": ("order-submitted",)}, True),
        ({"failed_types": ("order-paid",)}, False),
    ],
)
def test_a_fault_is_selected_by_its_fields(selected: dict[str, Any], is_one: bool) -> None:
    assert Selection(**selected).has(fault("f-1")) is is_one


def test_a_star_is_the_only_character_that_is_special() -> None:
    assert Selection(ids=("a[1].b*",)).has(event("a[1].b\nc"))
    assert not Selection(ids=("a?",)).has(event("ab"))


def test_a_fault_of_a_compacted_batch_is_selected_by_each_of_its_events() -> None:
    batch = [{"event": event("1", "order-paid")}, {"event": event("2", "order-shipped")}, "<cut>"]
    assert Selection(failed_types=("order-shipped",)).has(fault("f", uow={"batch": batch}))


@pytest.mark.parametrize("broken", [{"tags": None, "err": [], "uow": "<cut>"}, {"tags": {"pipeline": 1}}])
def test_what_an_event_lacks_is_not_what_is_selected(broken: dict[str, Any]) -> None:
    broken_fault = fault("f", **broken)
    assert Selection(types=("fault",)).has(broken_fault)
    assert not Selection(rules=("*",)).has(broken_fault)
    assert Selection(failed_types=("*",)).has(broken_fault) is ("uow" not in broken)


def test_an_event_without_a_time_is_of_no_time() -> None:
    assert not Selection(since=0).has({"id": "1", "type": "order-paid", "timestamp": "soon"})


def test_times() -> None:
    assert moment("2025-11-29T22:00:00Z") == moment("2025-11-29T22:00") == moment("2025-11-29T23:00+01:00") == AT
    assert moment("2025-11-29") == AT - 22 * HOUR
    assert moment("2h") == pytest.approx(time.time() * 1000 - 2 * HOUR, abs=5_000)
    assert (duration("90s"), duration("2w")) == (90_000, 14 * DAY)
    for wrong in ("soon", "2", "-2h", "2y", "", "2025-13-01"):
        with pytest.raises(CannotRunError, match="found"):
            moment(wrong)


def test_the_options_make_a_selection() -> None:
    faults = selected_faults(since="2025-11-29", rule=["charge"], failed_type=["order-*"], late="2d")
    assert faults == Selection(
        since=AT - 22 * HOUR, types=("fault",), rules=("charge",), failed_types=("order-*",), late=2 * DAY
    )
    assert selected_events(type_=["order-paid"], id_=["1"]) == Selection(types=("order-paid",), ids=("1",))
    with pytest.raises(CannotRunError, match="Expected --until after --since"):
        selected_events(since="2h", until="3h")


@pytest.mark.parametrize(
    ("folder", "is_read"),
    [
        # An hour, whatever zone it is in, and an hour for buffering and clocks.
        ("faults/2025/11/29/22/", True),
        ("faults/2025/11/29/07/", True),
        ("faults/2025/11/29/05/", False),
        # As late as an event may be stored.
        ("faults/2025/12/01/12/", True),
        ("faults/2025/12/01/14/", False),
        # Days, months, other spellings.
        ("faults/2025/11/29/", True),
        ("faults/2025/11/27/", False),
        ("faults/2025/12/", True),
        ("faults/2025/10/", False),
        ("faults/2026/02/", False),
        ("faults/year=2025/month=11/day=29/hour=22/", True),
        ("faults/year=2025/month=11/day=20/", False),
        ("dt=2025-11-29/", True),
        ("dt=2025-11-20/", False),
        ("dt=2025-11-20-07/", False),
        ("faults-2025/11/20/", False),
        # Nothing that tells a time.
        ("faults/2024/", True),
        ("faults/tenant-7/", True),
        ("faults/2025/99/", True),
        ("faults/1234/05/", True),
        ("", True),
    ],
)
def test_folders_of_another_time_are_left_out(folder: str, is_read: bool) -> None:
    assert may_hold(folder, Selection(since=AT, until=AT + HOUR)) is is_read
    assert may_hold(folder, Selection())


def test_an_event_may_be_stored_much_later() -> None:
    assert may_hold("2026/02/", Selection(until=AT, late=90 * DAY))

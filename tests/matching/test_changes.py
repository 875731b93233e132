from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from powertools_stream import FaultPolicy
from powertools_stream.errors import ConfigurationError, RuleError
from powertools_stream.flavors import task
from powertools_stream.matching import appeared, changed, disappeared
from powertools_stream.outcomes import Reason
from powertools_stream.testing import Outcome, run, to_dynamodb_records, to_sqs_records
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


@pytest.mark.parametrize("passes", [changed("status"), changed("status", to=None), appeared("status")])
@pytest.mark.parametrize("raw", [None, "text", {}, {"new": None, "old": None}])
def test_an_event_without_images_is_an_error_that_says_the_view_type_to_set(passes: Any, raw: Any) -> None:
    event = {"id": "e-1", "type": "order-created", **({} if raw is None else {"raw": raw})}

    with pytest.raises(ConfigurationError) as raised:
        passes(UnitOfWork(event=event))

    assert "found the 'order-created' event 'e-1' with no image." in str(raised.value)
    assert "StreamViewType) to NEW_AND_OLD_IMAGES" in str(raised.value)


INSERTED = {"new_image": {"pk": "1", "status": "PAID"}}
MODIFIED = {"new_image": {"pk": "1", "status": "PAID"}, "old_image": {"pk": "1", "status": "OPEN"}}
REMOVED = {"old_image": {"pk": "1", "status": "PAID"}}


def run_changed(event: Any, **options: Any) -> Outcome:
    return run(
        [{"id": "r", "flavor": task, "filters": [changed("status")], "execute": lambda uow: None}], event, **options
    )


@pytest.mark.parametrize("view_type", ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE"])
@pytest.mark.parametrize("change", [INSERTED, MODIFIED, REMOVED])
def test_a_stream_without_both_images_is_a_fault_of_the_configuration(view_type: Any, change: Any) -> None:
    event = to_dynamodb_records([change], key=("pk",), view_type=view_type)

    outcome = run_changed(event, on_fault=FaultPolicy.PUBLISH)

    (fault,) = outcome.faults
    assert (fault.rule_id, fault.reason) == ("r", Reason.CONFIGURATION)
    assert f"image, on a stream whose view type is {view_type}. Set" in str(fault.error)
    assert "to NEW_AND_OLD_IMAGES" in str(fault.error)
    assert len(outcome.response["batchItemFailures"]) == 1


@pytest.mark.parametrize(
    ("view_type", "change", "found"),
    [
        ("KEYS_ONLY", MODIFIED, "no"),
        ("NEW_IMAGE", MODIFIED, "new"),
        ("OLD_IMAGE", MODIFIED, "old"),
        ("NEW_IMAGE", REMOVED, "no"),
        ("OLD_IMAGE", INSERTED, "no"),
    ],
)
def test_an_image_is_missed_though_the_record_does_not_say_the_view_type(
    view_type: Any, change: Any, found: str
) -> None:
    event = to_dynamodb_records([change], key=("pk",), view_type=view_type)
    del event["Records"][0]["dynamodb"]["StreamViewType"]

    (fault,) = run_changed(event).faults

    assert f"with {found} image. Set the view type" in str(fault.error)


@pytest.mark.parametrize(
    ("change", "matches"),
    [(INSERTED, [changed, appeared]), (MODIFIED, [changed]), (REMOVED, [changed, disappeared])],
)
def test_a_stream_with_both_images_has_no_faults(change: Any, matches: list[Any]) -> None:
    rules = [
        {"id": make.__name__, "flavor": task, "filters": [make("status")], "execute": lambda uow: None}
        for make in (changed, appeared, disappeared)
    ]

    outcome = run(rules, to_dynamodb_records([change], key=("pk",)))

    assert outcome.faults == []
    assert [result.rule_id for result in outcome.results] == [make.__name__ for make in matches]


def test_a_filter_for_changes_on_a_queue_is_a_fault() -> None:
    (fault,) = run_changed(to_sqs_records([{"type": "order-created", "id": "e-1"}])).faults

    assert "found the 'order-created' event 'e-1' with no image" in str(fault.error)
    assert "give the rule an event_type" in str(fault.error)


@pytest.mark.parametrize("make", [changed, appeared, disappeared])
def test_the_name_of_an_attribute_is_needed(make: Any) -> None:
    with pytest.raises(RuleError, match="takes the names of attributes"):
        make()
    with pytest.raises(RuleError, match="takes the names of attributes"):
        make(5)


def test_what_is_no_name_is_told_by_its_type_alone() -> None:
    with pytest.raises(RuleError, match=r"got \(UnitOfWork\)\.$"):
        changed(UnitOfWork(event={"card": "4111"}))  # type: ignore[arg-type]

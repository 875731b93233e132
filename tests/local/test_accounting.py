from __future__ import annotations

from typing import Any

import pytest

from powertools_stream.local.accounting import SourceAccount, account_for
from powertools_stream.local.activity import MappingTally, Tally
from powertools_stream.local.stack import MappingConfiguration, Stack


def mapping(name: str, source: str | None = "Queue") -> MappingConfiguration:
    return MappingConfiguration(name, {"EventSourceArn": "arn:aws:sqs:us-east-1:1:elsewhere"}, "Listener", source)


def account(tally: MappingTally, *mappings: MappingConfiguration, **places: Any) -> SourceAccount:
    given = {each.logical_id: each for each in (mapping("Orders"), *mappings)}
    stack = Stack("local", functions={}, mappings=given, physical_ids={}, types={}, left_out=())
    found = {"depths": {}, "redrives": {}, "pending": {}, **places}
    return account_for(stack, Tally(mappings={"Orders": tally}), **found)[0]


LETTERS: dict[str, Any] = {"redrives": {"Queue": "Letters"}, "depths": {"Queue": 0, "Letters": 3}}


@pytest.mark.parametrize(
    ("tally", "places", "dead_letters", "waiting", "missing"),
    [
        (MappingTally(records=5, done=5), {}, 0, 0, 0),
        (MappingTally(records=5, done=4), {}, 0, 0, 1),
        (MappingTally(records=5, done=4), {"pending": {"Orders": 7}}, 0, 1, 0),
        (MappingTally(records=5, done=3, discarded=2), {}, 0, 0, 0),
        (MappingTally(records=5, done=2), LETTERS, 3, 0, 0),
        (MappingTally(records=5, done=1), LETTERS, 3, 0, 1),
        (MappingTally(records=5, done=3), LETTERS, 3, 0, -1),
        (MappingTally(records=5, done=1), {**LETTERS, "pending": {"Orders": 1}}, 3, 1, 0),
        (MappingTally(records=6, done=2), {**LETTERS, "moved": {"Letters": 1}}, 3, 0, 0),
        (MappingTally(records=5, done=1), {**LETTERS, "moved": {"Letters": 1}, "pending": {"Orders": 1}}, 3, 0, 0),
    ],
)
def test_every_record_is_in_one_place(
    tally: MappingTally, places: dict[str, Any], dead_letters: int, waiting: int, missing: int
) -> None:
    found = account(tally, **places)
    assert (found.dead_letters, found.waiting, found.missing) == (dead_letters, waiting, missing)
    assert found.is_exact


@pytest.mark.parametrize(
    ("mappings", "redrives"),
    [
        ([], {"Queue": "Letters", "Other": "Letters"}),
        ([mapping("Second")], {"Queue": "Letters"}),
        ([mapping("OfLetters", "Letters")], {"Queue": "Letters"}),
    ],
    ids=["two queues", "two functions", "letters are read"],
)
def test_a_dead_letter_queue_with_others_messages_is_not_counted(
    mappings: list[MappingConfiguration], redrives: dict[str, str]
) -> None:
    depths = {"Queue": 0, "Other": 0, "Letters": 9}
    found = account(MappingTally(records=5, done=3), *mappings, redrives=redrives, depths=depths)
    assert (found.dead_letters, found.missing, found.is_exact) == (2, 0, False)


def test_a_source_outside_of_the_template_is_named_by_its_arn() -> None:
    stack = Stack("local", {}, {"Orders": mapping("Orders", None)}, {}, {}, ())
    tally = Tally(mappings={"Orders": MappingTally(records=1, done=1)})
    (found,) = account_for(stack, tally, depths={}, redrives={}, pending={})
    assert found.source == "elsewhere"

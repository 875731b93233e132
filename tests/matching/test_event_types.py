from __future__ import annotations

import re

from hypothesis import given, strategies as st

from powertools_stream.matching import TypeIndex
from powertools_stream.matching.event_types import EventTypes

NAMES = st.sampled_from(["a", "ab", "b", "fault", ""])
TYPES = st.one_of(
    st.none(),
    NAMES,
    st.lists(NAMES, min_size=1),
    st.sampled_from(["a", "^b", "x"]).map(re.compile),
    st.just(lambda u: 1),
)


def matches(types: EventTypes | None, event_type: str) -> bool:
    if types is None:
        return event_type != "fault"
    if isinstance(types, str | list):
        return event_type == types if isinstance(types, str) else event_type in types
    return bool(types.search(event_type)) if isinstance(types, re.Pattern) else True


@given(st.lists(TYPES), NAMES)
def test_the_index_finds_what_asking_each_would_find(registered: list[EventTypes | None], event_type: str) -> None:
    index = TypeIndex([(types, number) for number, types in enumerate(registered)])
    expected = tuple(number for number, types in enumerate(registered) if matches(types, event_type))

    assert index.candidates(event_type) == expected
    assert index.candidates(event_type) == expected


def test_types_from_outside_cannot_fill_the_memory() -> None:
    index = TypeIndex([(None, "any"), ("a", "a")])

    for number in range(5_000):
        assert index.candidates(f"type-{number}") == ("any",)
    assert index.candidates("x" * 1_000) == ("any",)

    assert len(index._found) <= 1_024
    assert all(len(name) <= 256 for name in index._found)
    assert index.candidates("a") == ("any", "a")

from __future__ import annotations

from typing import Any

import pytest

from powertools_stream import matching
from powertools_stream.matching import out_latched, out_skip, out_source_is_self
from powertools_stream.uow import UnitOfWork


def uow(**event: Any) -> UnitOfWork:
    return UnitOfWork(event=event)


@pytest.mark.parametrize(
    ("raw", "passes"),
    [
        ({"new": {"latched": True}, "old": None}, False),
        ({"new": {"latched": True}, "old": {}}, False),
        ({"new": {"latched": None}, "old": {"latched": True}}, True),
        ({"new": {"a": 1}, "old": {"latched": True}}, True),
        ({"new": None, "old": {"latched": True}}, False),
        ({"new": None, "old": {"a": 1}}, True),
        ({"new": None, "old": None}, True),
        (None, True),
    ],
)
def test_a_listeners_own_write_is_latched(raw: Any, passes: bool) -> None:
    assert out_latched(uow(raw=raw)) is passes


@pytest.mark.parametrize(
    ("tags", "passes"), [({"source": "me"}, False), ({"source": "you"}, True), ({}, True), (None, True), ("me", True)]
)
def test_own_events_are_left_out(tags: Any, passes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "me")

    assert out_source_is_self(uow(tags=tags)) is passes


def test_a_service_without_a_name_leaves_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("POWERTOOLS_SERVICE_NAME", "SERVICE", "PROJECT"):
        monkeypatch.delenv(name, raising=False)

    assert out_source_is_self(uow(tags={"source": "undefined"}))


def test_events_tagged_skip_are_left_out() -> None:
    assert not out_skip(uow(tags={"skip": True}))
    assert out_skip(uow(tags={"skip": False}))
    assert out_skip(uow())


def test_the_package_exports_what_it_says() -> None:
    assert all(getattr(matching, name) is not None for name in matching.__all__)
    assert dir(matching) == sorted(matching.__all__)
    with pytest.raises(AttributeError):
        _ = matching.nothing  # type: ignore[attr-defined]

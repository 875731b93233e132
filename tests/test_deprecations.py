"""A deprecated name works, says once what takes its place and when it goes, and stays as long as the docs promise."""

from __future__ import annotations

import importlib
import re
import sys
import warnings
from pathlib import Path

import pytest

import powertools_stream
from powertools_stream import deprecations, flavors
from powertools_stream.deprecations import DEPRECATIONS, Deprecation, StreamDeprecationWarning, deprecation_of

PAGE = Path("docs/versions.md").read_text(encoding="utf-8")
CHORE = Deprecation("powertools_stream.flavors.chore", "powertools_stream.flavors.task", since="0.2", gone_in="0.4")
OLD = Deprecation("powertools_stream.Registry", "powertools_stream.RuleRegistry", since="1.4", gone_in="2.0")


@pytest.fixture
def deprecated(monkeypatch: pytest.MonkeyPatch) -> list[Deprecation]:
    """Return deprecations of which nothing has been used yet: made-up ones, and those that there are."""
    known = [CHORE, OLD, *DEPRECATIONS]
    monkeypatch.setattr(deprecations, "DEPRECATIONS", tuple(known))
    for one in known:
        package, _, name = one.name.rpartition(".")
        vars(importlib.import_module(package)).pop(name, None)
    return known


def test_each_deprecated_name_warns_once_with_what_takes_its_place(deprecated: list[Deprecation]) -> None:
    for one in deprecated:
        package, _, name = one.name.rpartition(".")
        with pytest.warns(StreamDeprecationWarning) as caught:
            first = getattr(importlib.import_module(package), name)
        second = getattr(importlib.import_module(package), name)

        (warning,) = caught.list
        assert str(warning.message) == (
            f"{one.name} is deprecated since {one.since}, and gone in {one.gone_in}. Use {one.instead}."
        )
        assert warning.filename == __file__
        assert first is second is one.replacement()


def test_an_import_of_a_deprecated_name_warns_where_it_stands(deprecated: list[Deprecation]) -> None:
    with pytest.warns(StreamDeprecationWarning) as caught:
        from powertools_stream.flavors import chore  # type: ignore[attr-defined]

    assert [warning.filename for warning in caught.list] == [__file__]
    assert chore is flavors.task


def test_no_deprecated_name_is_exported(deprecated: list[Deprecation]) -> None:
    for one in deprecated:
        package, _, name = one.name.rpartition(".")
        assert name not in importlib.import_module(package).__all__


def test_a_name_that_never_was_is_still_an_error() -> None:
    assert deprecation_of("powertools_stream.flavors.chore") is None
    assert not hasattr(flavors, "chore")


def test_the_page_lists_what_is_deprecated() -> None:
    part = PAGE.partition("<!-- deprecated -->")[2].partition("<!-- end -->")[0]
    rows = re.findall(r"^\| `([\w.]+)` \| `([\w.]+)` \| ([\d.]+) \| ([\d.]+) \|$", part, re.MULTILINE)

    assert [Deprecation(*row) for row in rows] == list(DEPRECATIONS)
    assert ("Nothing is deprecated at present." in part) == (not DEPRECATIONS)


@pytest.mark.parametrize(
    ("since", "gone_in", "is_long_enough"),
    [
        ("0.2", "0.4", True),
        ("0.2", "0.3", False),
        ("0.9", "1.0", False),
        ("0.9", "2.0", True),
        ("1.4", "2.0", True),
        ("1.4", "1.9", False),
    ],
)
def test_two_minor_versions_or_the_next_major_one_are_what_the_page_promises(
    since: str, gone_in: str, is_long_enough: bool
) -> None:
    assert stays_long_enough(Deprecation("a.b", "a.c", since, gone_in)) == is_long_enough


def test_what_is_deprecated_stays_long_enough_and_goes_in_time() -> None:
    for one in DEPRECATIONS:
        assert stays_long_enough(one)
        assert number(powertools_stream.__version__) < number(one.gone_in), f"{one.name} is overdue: remove it."


def stays_long_enough(deprecation: Deprecation) -> bool:
    since, gone_in = number(deprecation.since), number(deprecation.gone_in)
    if since[0] == 0 == gone_in[0]:
        return gone_in[1] >= since[1] + 2
    return gone_in[0] > max(since[0], 1)


def number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])


@pytest.mark.parametrize("name", ["powertools_stream.attempts", "powertools_stream.claim_checks"])
def test_the_old_names_of_modules_stay_without_a_warning(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, name, raising=False)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        importlib.import_module(name)

    assert f"`{name}`" in PAGE

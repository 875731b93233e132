"""A release is refused unless the version, the changelog and the tag agree."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

import powertools_stream


def test_the_changelog_begins_with_the_version_of_the_package(release: ModuleType) -> None:
    release.check_version(tag=None)

    assert release.version_of_the_package() == powertools_stream.__version__


def test_a_changelog_that_begins_with_another_version_is_refused(
    release: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "version_of_the_package", lambda: "9.9.9")

    with pytest.raises(SystemExit, match=r"begin with 9\.9\.9, the version of the package; found 0"):
        release.check_version(tag=None)


@pytest.mark.parametrize(
    ("tag", "date", "says"),
    [
        ("v1.3.0", "2026-12-31", r"Expected the tag v1.2.3, as the package says; found v1.3.0"),
        ("v1.2.3", "unreleased", r"Expected the day of the release .* found \(unreleased\)"),
        ("v1.2.3", "2026-12-31", r"found the placeholder OWNER"),
    ],
)
def test_a_tag_is_refused_with_what_is_not_ready(
    release: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tag: str, date: str, says: str
) -> None:
    (tmp_path / "pyproject.toml").write_text('Source = "https://github.com/OWNER/powertools-stream"')
    monkeypatch.setattr(release, "ROOT", tmp_path)

    with pytest.raises(SystemExit, match=says):
        release.check_tag(tag, "1.2.3", date)


def test_a_tag_that_agrees_is_taken(release: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('Source = "https://github.com/somebody/powertools-stream"')
    monkeypatch.setattr(release, "ROOT", tmp_path)

    release.check_tag("v1.2.3", "1.2.3", "2026-12-31")


@pytest.mark.parametrize(
    ("changelog", "section"),
    [
        ("# Changelog\n\n## 1.2.3 (2026-12-31)\n\n## 1.2.2 (2026-11-30)\n", ("1.2.3", "2026-12-31")),
        ("# Changelog\n", ("nothing", "")),
    ],
)
def test_the_newest_section_is_the_first(release: ModuleType, changelog: str, section: tuple[str, str]) -> None:
    assert release.newest_section(changelog) == section

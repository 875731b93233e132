"""The pages of the command line show what its commands print."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.cli.forked import Forks

ROOT = Path(__file__).resolve().parents[2]
BEGIN = re.compile("^<!-- (in|from|picture) ", re.MULTILINE)
PAGES = [page for page in sorted((ROOT / "docs").rglob("*.md")) if BEGIN.search(page.read_text(encoding="utf-8"))]


@pytest.fixture(scope="module")
def cli_docs() -> Iterator[ModuleType]:
    sys.path.append(str(ROOT / ".ci"))
    yield importlib.import_module("cli_docs")
    sys.path.remove(str(ROOT / ".ci"))


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    forks = Forks()
    yield forks
    forks.close()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="commands run in forked processes, which takes a fifth of the time")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_shows_what_the_commands_print(
    page: Path, cli_docs: ModuleType, forks: Forks, tmp_path_factory: pytest.TempPathFactory
) -> None:
    printed = tmp_path_factory.mktemp("printed") / "output"

    def run(command: list[str], directory: Path) -> tuple[int, str]:
        assert command[0] == "powertools-stream"
        printed.write_text("")
        files = [os.devnull, str(printed), str(printed)]
        status = forks.run(command[1:], files, str(directory), cli_docs.ENVIRONMENT)
        return status, printed.read_text(encoding="utf-8")

    cli_docs.Writer(run, only_checks=True).write(page)
